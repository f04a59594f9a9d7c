"""Sessions and streams in Redis, shared by the processes of all machines that use the same server.

Keys, each with a time to live, under ``streaming:`` and their version:

- ``session:<session key>``, a hash: incarnation, requests used and the digest of the secret
- ``claims:<session key>``, a hash: by the digest of a token and the request id, fingerprint and stream id; and by
  stream id, how often its request was prepared again
- ``stream:<id>``, a hash: a ``StreamRecord``, and what it counts for in the limits
- ``sessions``, ``sessions:unused``, ``streams``, sorted sets by end, and ``bytes``, ``bytes:sessions``: what is stored
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import Context
from itertools import islice
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from service.events import StoreLimit
from service.process.dependency_calls import MeasureCall, unmeasured
from service.protocol.limits import Limits
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.session.ports import StoreUnavailable
from service.session.records import (
    Admission,
    Claim,
    Digest,
    SessionReserved,
    SessionSnapshot,
    StreamRecord,
    StreamStatus,
)
from service.stores.failures import StoreFull
from service.stores.redis import scripts
from service.stores.redis.client import DEADLINE_SECONDS, RedisClient
from service.stores.store_limits import STREAM_BYTES, StoreLimits, StoreSize

_MAX_QUEUED_CHANGES = 10_000
_BATCH = 500
"""Streams in one call, during which Redis serves no other."""

_MARGIN = 1.25
"""An active stream is kept for this multiple of its time to live, of which a crash leaves the whole."""


class _Fixed(Struct, frozen=True, array_like=True):
    """The fields of a record that never change."""

    session_key: str
    session_incarnation: str
    content_type: ContentType
    request_id: str | None
    trace: Trace
    plan: bytes
    processing_seconds: float


_FIELDS = ("fixed", "epoch", "owners", "skip_at", "skip_settled", "paused", "counted")


class RedisSessionStore:
    """Implements ``session.ports.SessionStore``. ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    A call that got no answer within the deadline raises ``NoAnswer``; ``renew_leases`` makes one for every 500 streams.

    Redis must be one server, with or without replicas, of version 6.2 or later: a script accesses keys that Redis
    Cluster may store on different nodes. It must not evict keys: ``maxmemory-policy noeviction``, its default.
    """

    def __init__(  # noqa: PLR0913 - the last three have defaults
        self,
        url: str,
        limits: Limits,
        resume_ttl_seconds: float,
        deadline_seconds: float = DEADLINE_SECONDS,
        store_limits: StoreLimits = StoreLimits(),  # noqa: B008 - immutable
        *,
        measure: MeasureCall = unmeasured,
    ) -> None:
        self._limits = limits
        self._store_limits = store_limits
        self._ttl = _milliseconds(resume_ttl_seconds)
        self._active_ttl = _milliseconds(resume_ttl_seconds * _MARGIN)
        self._server = RedisClient(url, deadline_seconds, measure)
        self._changes: deque[tuple[str, int, StreamStatus]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.on_failure: Callable[[StoreUnavailable], None] | None = None

    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        new = uuid4().hex, _milliseconds(self._limits.max_session_seconds), _hex(secret)
        session = await self._server.run(
            scripts.OPEN, [_session(session_key)], session_key, self._store_limits.max_sessions, *new
        )
        return SessionReserved() if session is None else _snapshot(session_key, secret, session)

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        session_key, most = snapshot.session_key, self._store_limits.max_sessions
        session = await self._server.run(scripts.JOIN, [_session(session_key)], session_key, most, *_known(snapshot))
        if session is None:
            return msgspec.structs.replace(snapshot, shared=False)
        return _snapshot(session_key, snapshot.secret, session)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        if snapshot.seconds_left <= 0:
            return Admission(admitted=False, requests_used=snapshot.requests_used)
        names: list[str] = []
        if claim is not None:
            tokens = (token for token in (claim.owner, claim.presented) if token is not None)
            names = [f"{token.hex()}:{claim.request_id}" for token in tokens]
        decision = await self._server.run(
            scripts.ADMIT,
            [_claims(snapshot.session_key)],
            snapshot.session_key,
            self._limits.max_requests,
            *_known(snapshot),
            self._store_limits.max_bytes,
            stream_id,
            b"" if claim is None else claim.fingerprint,
            *names,
        )
        if decision is None:
            return Admission.without_store(snapshot, self._limits.max_requests)
        admitted, used, repeats, conflicts = decision
        return Admission(bool(admitted), used, None if repeats is None else repeats.decode(), bool(conflicts))

    async def charge_repetition(self, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        session_key, limit = snapshot.session_key, self._limits.max_requests
        decision = await self._server.run(
            scripts.CHARGE_REPETITION, [_claims(session_key)], session_key, limit, *_known(snapshot), stream_id
        )
        if decision is None:
            return Admission.without_store(snapshot, limit)
        admitted, used = decision
        return Admission(bool(admitted), used)

    async def measure(self) -> StoreSize:
        return StoreSize(*await self._server.run(scripts.MEASURE, []))

    async def put(self, record: StreamRecord) -> None:
        fields = list(_encode(record))
        size = STREAM_BYTES + len(record.plan)
        account = f"{size} {record.session_key} {record.stream_id}"
        limits = (self._store_limits.max_bytes, record.session_key, size, account)
        stored = await self._server.run(scripts.PUT, [_stream(record.stream_id)], self._active_ttl, *limits, *fields)
        if not stored:
            raise StoreFull(StoreLimit.BYTES)

    async def get(self, stream_id: str) -> StreamRecord | None:
        return _decode(stream_id, await self._server.run(scripts.GET, [_stream(stream_id)], *_FIELDS))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return bool(await self._server.run(scripts.ACQUIRE, [_stream(stream_id)], epoch, owner.hex(), self._active_ttl))

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        return bool(await self._server.run(scripts.MARK_SKIP, [_stream(stream_id)], epoch, index, int(settled)))

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        lost: set[str] = set()
        for ids in _batches(list(epochs)):
            keys, expected = [_stream(one) for one in ids], [epochs[one] for one in ids]
            numbers = await self._server.run(scripts.RENEW_LEASES, keys, self._ttl, self._active_ttl, *expected)
            lost.update(ids[number - 1] for number in numbers)
        return frozenset(lost)

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        if len(self._changes) < _MAX_QUEUED_CHANGES:
            self._changes.append((stream_id, epoch, status))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_changes(), context=Context())

    async def close(self) -> None:
        if self._writing is not None:
            await self._writing
        await self._server.close()

    async def _write_changes(self) -> None:
        while self._changes:
            batch = list(islice(self._changes, _BATCH))
            for _ in batch:
                self._changes.popleft()
            changes = [part for _, epoch, status in batch for part in (epoch, status.value)]
            try:
                await self._server.run(
                    scripts.UPDATE_STATUS,
                    [_stream(stream_id) for stream_id, *_ in batch],
                    self._ttl,
                    *changes,
                )
            except StoreUnavailable as unavailable:
                self._changes.clear()  # without them a stream is kept longer, or charged twice, but never lost
                if self.on_failure is not None:
                    self.on_failure(unavailable)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _session(session_key: str) -> str:
    return f"{scripts.PREFIX}session:{session_key}"


def _claims(session_key: str) -> str:
    return f"{scripts.PREFIX}claims:{session_key}"


def _stream(stream_id: str) -> str:
    return f"{scripts.PREFIX}stream:{stream_id}"


def _hex(secret: Digest | None) -> str:
    return "" if secret is None else secret.hex()


def _known(snapshot: SessionSnapshot) -> tuple[str, int, int, str]:
    milliseconds = _milliseconds(snapshot.seconds_left)
    return snapshot.incarnation, snapshot.requests_used, milliseconds, _hex(snapshot.secret)


def _snapshot(session_key: str, secret: Digest | None, session: Sequence[Any]) -> SessionSnapshot:
    """What a script returned; ``StoreFull`` if that is nothing."""
    if not session:
        raise StoreFull(StoreLimit.SESSIONS)
    incarnation, used, left, created = session
    return SessionSnapshot(
        session_key,
        incarnation.decode(),
        used,
        left / 1000,
        secret=secret,
        created=bool(created),
    )


def _batches(ids: list[str]) -> Iterator[list[str]]:
    return (ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH))


def _encode(record: StreamRecord) -> Iterator[str | bytes | int]:
    """Each of ``_FIELDS``, followed by its value."""
    fixed = msgspec.convert(record, _Fixed, from_attributes=True)
    values = (
        msgspec.msgpack.encode(fixed),
        record.epoch,
        " ".join(owner.hex() for owner in record.owners),
        "" if record.skip_at is None else record.skip_at,
        int(record.skip_settled),
        int(record.paused),
        int(record.counted),
    )
    for field, value in zip(_FIELDS, values, strict=True):
        yield from (field, value)


def _decode(stream_id: str, values: Sequence[bytes | None]) -> StreamRecord | None:
    stored = [value for value in values if value is not None]
    if not stored:
        return None
    fixed, epoch, owners, skip_at, skip_settled, paused, counted = stored
    return StreamRecord(
        stream_id=stream_id,
        owners=tuple(bytes.fromhex(owner) for owner in owners.decode().split()),
        epoch=int(epoch),
        skip_at=int(skip_at) if skip_at else None,
        skip_settled=skip_settled == b"1",
        paused=paused == b"1",
        counted=counted == b"1",
        **msgspec.structs.asdict(msgspec.msgpack.decode(fixed, type=_Fixed)),
    )

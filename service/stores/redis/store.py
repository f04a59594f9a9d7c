"""Sessions and streams in Redis, shared by the processes of all machines that use the same server.

Keys, each with a time to live, under ``streaming:`` and their version:

- ``session:<id>``, a hash: incarnation and requests used
- ``claim:<session id>:<digest of a token>:<request id>``, a string: fingerprint and stream id
- ``stream:<id>``, a hash: a ``StreamRecord``
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from uuid import uuid4

import msgspec
from msgspec import Struct

from service.protocol.limits import Limits
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.session.ports import StoreUnavailable
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from service.stores.redis.client import DEADLINE_SECONDS, RedisClient
from service.stores.redis.scripts import ACQUIRE, ADMIT, GET, JOIN, MARK_SKIP, OPEN, PUT, RENEW_LEASES, UPDATE_STATUS

_PREFIX = "streaming:2:"
"""The number is the version of the keys below it; services of another version do not read them."""

_MAX_QUEUED_CHANGES = 10_000
_BATCH = 500
"""Streams in one call, during which Redis serves no other."""

_MARGIN = 1.25
"""An active stream is kept for this multiple of its time to live, of which a crash leaves the whole."""


class _Fixed(Struct, frozen=True, array_like=True):
    """The fields of a record that never change."""

    session_id: str
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

    def __init__(
        self, url: str, limits: Limits, resume_ttl_seconds: float, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._limits = limits
        self._ttl = _milliseconds(resume_ttl_seconds)
        self._active_ttl = _milliseconds(resume_ttl_seconds * _MARGIN)
        self._server = RedisClient(url, deadline_seconds)
        self._changes: deque[tuple[str, int, StreamStatus]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.on_failure: Callable[[StoreUnavailable], None] | None = None

    async def open(self, session_id: str) -> SessionSnapshot:
        duration = _milliseconds(self._limits.max_session_seconds)
        incarnation, used, left = await self._server.run(OPEN, [_session(session_id)], uuid4().hex, duration)
        return SessionSnapshot(session_id, incarnation.decode(), used, left / 1000)

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        known = (snapshot.incarnation, snapshot.requests_used, _milliseconds(snapshot.seconds_left))
        incarnation, used, left = await self._server.run(JOIN, [_session(snapshot.session_id)], *known)
        return SessionSnapshot(snapshot.session_id, incarnation.decode(), used, left / 1000)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        if snapshot.seconds_left <= 0:
            return Admission(admitted=False, requests_used=snapshot.requests_used)
        keys, fingerprint = [_session(snapshot.session_id)], b""
        if claim is not None:
            fingerprint = claim.fingerprint
            keys += [
                _claim(snapshot.session_id, token, claim)
                for token in (claim.owner, claim.presented)
                if token is not None
            ]
        known = (snapshot.incarnation, snapshot.requests_used, _milliseconds(snapshot.seconds_left))
        limit = self._limits.max_requests
        admitted, used, repeats, conflicts = await self._server.run(ADMIT, keys, limit, *known, stream_id, fingerprint)
        return Admission(bool(admitted), used, None if repeats is None else repeats.decode(), bool(conflicts))

    async def put(self, record: StreamRecord) -> None:
        await self._server.run(PUT, [_stream(record.stream_id)], self._active_ttl, *_encode(record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        return _decode(stream_id, await self._server.run(GET, [_stream(stream_id)], *_FIELDS))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return bool(await self._server.run(ACQUIRE, [_stream(stream_id)], epoch, owner.hex(), self._active_ttl))

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        return bool(await self._server.run(MARK_SKIP, [_stream(stream_id)], epoch, index, int(settled)))

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        lost: set[str] = set()
        for ids in _batches(list(epochs)):
            keys, expected = [_stream(one) for one in ids], [epochs[one] for one in ids]
            numbers = await self._server.run(RENEW_LEASES, keys, self._ttl, self._active_ttl, *expected)
            lost.update(ids[number - 1] for number in numbers)
        return frozenset(lost)

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        if len(self._changes) < _MAX_QUEUED_CHANGES:
            self._changes.append((stream_id, epoch, status))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_changes())

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
                    UPDATE_STATUS, [_stream(stream_id) for stream_id, *_ in batch], self._ttl, *changes
                )
            except StoreUnavailable as unavailable:
                self._changes.clear()  # without them a stream is kept longer, or charged twice, but never lost
                if self.on_failure is not None:
                    self.on_failure(unavailable)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _session(session_id: str) -> str:
    return f"{_PREFIX}session:{session_id}"


def _claim(session_id: str, token: Digest, claim: Claim) -> str:
    return f"{_PREFIX}claim:{session_id}:{token.hex()}:{claim.request_id}"


def _stream(stream_id: str) -> str:
    return f"{_PREFIX}stream:{stream_id}"


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

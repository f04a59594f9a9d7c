"""Sessions and streams in Redis, shared by all processes of all machines that are given the same one.

What Redis holds, under ``streaming:`` and the version of these keys:

- ``session:<id>``, a hash: its epoch and its count, until its time is over
- ``claim:<session id>:<digest of a token>:<request id>``, a string: fingerprint and stream id, until the session's time
  is over
- ``stream:<id>``, a hash: a ``StreamRecord``, until its time to live is over
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
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
from service.stores.redis.scripts import ADMIT, FIND, HOLD, KEEP, MARK_SKIP, NOTE, OPEN, TAKE

_PREFIX = "streaming:1:"
"""The number is the version of what stands below it: processes of two versions do not read each other's."""

_NOTES = 10_000
_BATCH = 500
"""Streams in one call: Redis does nothing else meanwhile."""

_MARGIN = 1.25
"""Times the time to live: what is given to a stream under way, so that a crash leaves all of it."""


class _Fixed(Struct, frozen=True, array_like=True):
    """What of a record never changes."""

    session_id: str
    session_incarnation: str
    content_type: ContentType
    request_id: str | None
    trace: Trace
    plan: bytes
    processing_seconds: float


_FIELDS = ("fixed", "epoch", "owners", "skip_at", "skip_settled", "paused", "counted")


class RedisSessionStore:
    """Fulfils ``core.ports.SessionStore``. ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    A call that got no answer within the deadline raises ``NoAnswer``; ``renew_leases`` makes one for every 500 streams.

    Redis has to be one server, with or without replicas, of version 6.2 or later: a script touches keys that Redis
    Cluster would keep apart. It must not evict what has a time to live: ``maxmemory-policy noeviction``, its default.
    """

    def __init__(
        self, url: str, limits: Limits, resume_ttl_seconds: float, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._limits = limits
        self._ttl = _milliseconds(resume_ttl_seconds)
        self._whole_ttl = _milliseconds(resume_ttl_seconds * _MARGIN)
        self._server = RedisClient(url, deadline_seconds)
        self._notes: deque[tuple[str, int, StreamStatus]] = deque()
        self._noting: asyncio.Task[None] | None = None

    async def open(self, session_id: str) -> SessionSnapshot:
        duration = _milliseconds(self._limits.max_session_seconds)
        epoch, used, left = await self._server.run(OPEN, [_session(session_id)], uuid4().hex, duration)
        return SessionSnapshot(session_id, epoch.decode(), used, left / 1000)

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
        await self._server.run(KEEP, [_stream(record.stream_id)], self._whole_ttl, *_packed(record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        return _unpacked(stream_id, await self._server.run(FIND, [_stream(stream_id)], *_FIELDS))

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        return bool(await self._server.run(TAKE, [_stream(stream_id)], epoch, owner.hex(), self._whole_ttl))

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        return bool(await self._server.run(MARK_SKIP, [_stream(stream_id)], epoch, index, int(settled)))

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        taken: set[str] = set()
        for ids in _batches(list(held)):
            epochs = [held[stream_id] for stream_id in ids]
            numbers = await self._server.run(HOLD, [_stream(one) for one in ids], self._ttl, self._whole_ttl, *epochs)
            taken.update(ids[number - 1] for number in numbers)
        return frozenset(taken)

    def update_status(self, stream_id: str, epoch: int, change: StreamStatus) -> None:
        if len(self._notes) < _NOTES:
            self._notes.append((stream_id, epoch, change))
        if self._noting is None or self._noting.done():
            self._noting = asyncio.get_running_loop().create_task(self._store_notes())

    async def close(self) -> None:
        if self._noting is not None:
            await self._noting
        await self._server.close()

    async def _store_notes(self) -> None:
        while self._notes:
            batch = list(islice(self._notes, _BATCH))
            for _ in batch:
                self._notes.popleft()
            changes = [part for _, epoch, change in batch for part in (epoch, change.value)]
            try:
                await self._server.run(NOTE, [_stream(stream_id) for stream_id, *_ in batch], self._ttl, *changes)
            except StoreUnavailable:
                self._notes.clear()  # without them a stream is kept for longer, or counted twice; never lost


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


def _packed(record: StreamRecord) -> Iterator[str | bytes | int]:
    """Each of ``_FIELDS`` and its value, in turn."""
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


def _unpacked(stream_id: str, values: Sequence[bytes | None]) -> StreamRecord | None:
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

"""Live streams in Redis, shared by the processes of all machines that use the same server.

Keys, each with a time to live, under ``streaming:live:`` and their version:

- ``stream:<id>``, a hash: the record as it was created, the epoch, the status, and when its producer was heard of
- ``source:<id>``, a string: the source
- ``created:<session key>:<digest>``: the id of the stream that was created with this key
- ``session:<session key>``, a sorted set: the open streams of a session, in the order of their creation
- ``alive``, ``lost``, ``ended``, sorted sets of streams by time; ``bytes`` and ``created``, numbers
"""

import asyncio
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

from service.events import Operation, StoreLimit
from service.live.append_rule import Refusal
from service.live.lease import adoptable_seconds
from service.live.ports import Appended, AppendResult, Expiry, Refused
from service.live.records import Append, LiveRecord, LiveStatus
from service.process.dependency_calls import MeasureCall, unmeasured
from service.stores.failures import StoreFull
from service.stores.redis import live_scripts
from service.stores.redis.client import DEADLINE_SECONDS, Part, RedisClient, Script
from service.stores.store_limits import LiveLimits

_BATCH = 500
"""Appends in one call, during which Redis serves no other."""
_HASHED_ON_LOOP = 2**16
"""A longer source is hashed in a thread."""


class RedisLiveStore:
    """Implements ``live.ports.LiveStore``. ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    A call that got no answer within the deadline raises ``NoAnswer``. What is stored is as durable as the persistence
    of Redis. Appends after one with a digest, and after 500 others, are another transaction.
    """

    def __init__(
        self,
        url: str,
        limits: LiveLimits,
        resume_ttl_seconds: float,
        deadline_seconds: float = DEADLINE_SECONDS,
        *,
        measure: MeasureCall = unmeasured,
    ) -> None:
        self._limits = limits
        self._times = tuple(round(1000 * one) for one in (adoptable_seconds(resume_ttl_seconds), resume_ttl_seconds))
        self._server = RedisClient(url, deadline_seconds, measure)

    async def create(self, record: LiveRecord) -> LiveRecord:
        created = ""
        if record.creation_key is not None:
            created = f"{live_scripts.PREFIX}created:{record.session_key}:{record.creation_key.hex()}"
        keys = record.stream_id, _session(record.session_key), created
        found = await self._run(live_scripts.CREATE, self._limits.max_bytes, *keys, msgspec.msgpack.encode(record))
        if not found:
            raise StoreFull(StoreLimit.BYTES)
        return _record(found)

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        results: list[AppendResult] = []
        for batch in _batches(appends):
            while (stored := await self._append(batch)) is None:
                pass  # the source grew while its digest was computed
            results += stored
        return results

    async def adopt(self, stream_id: str) -> LiveRecord | None:
        return _record_or_none(await self._run(live_scripts.ADOPT, stream_id))

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        return _record_or_none(await self._run(live_scripts.CANCEL, stream_id))

    async def get(self, stream_id: str) -> LiveRecord | None:
        return _record_or_none(await self._run(live_scripts.GET, stream_id))

    async def read(self, stream_id: str, start: int) -> bytes:
        source: bytes = await self._run(live_scripts.READ, stream_id, start)
        return source

    async def open_streams(self, session_key: str) -> Sequence[LiveRecord]:
        return [_record(one) for one in await self._run(live_scripts.OPEN_STREAMS, _session(session_key))]

    async def expire(self) -> Expiry:
        lost, abandoned, *counts = await self._run(live_scripts.EXPIRE)
        return Expiry([_record(one) for one in lost], [_record(one) for one in abandoned], *counts)

    async def close(self) -> None:
        await self._server.close()

    async def _run(self, script: Script, *arguments: Part) -> Any:  # noqa: ANN401 - the result of the script
        return await self._server.run(script, [], *self._times, *arguments)

    async def _append(self, appends: Sequence[Append]) -> Sequence[AppendResult] | None:
        """Of the appends, only the first may have a digest; ``None`` if it must be computed again."""
        parts: list[Part] = [self._limits.max_length, self._limits.max_bytes]
        for one in appends:
            parts += (one.stream_id, one.epoch, one.offset, one.data, one.ends or "", await self._digest(one))
        answers = await self._run(live_scripts.APPEND, *parts)
        if answers[0][0] == b"again":
            return None
        return [_result(append, *answer) for append, answer in zip(appends, answers, strict=True)]

    async def _digest(self, append: Append) -> str:
        """Whether the digest is that of the source until the end of the append. What is stored there never changes."""
        if append.digest is None:
            return ""
        parts = ("GETRANGE", f"{live_scripts.PREFIX}source:{append.stream_id}", 0, append.offset - 1)
        before: bytes = await self._server.command(Operation.READ, *parts) if append.offset else b""
        if len(before) < append.offset:
            return "?"
        source = before + append.data
        if len(source) <= _HASHED_ON_LOOP:
            digest = sha256(source)
        else:
            digest = await asyncio.to_thread(sha256, source)
        return str(int(digest.digest() == append.digest))


def _batches(appends: Sequence[Append]) -> Iterator[Sequence[Append]]:
    """Before an append with a digest, what precedes it must be stored."""
    first = 0
    for index, append in enumerate(appends):
        if index > first and (append.digest is not None or index - first == _BATCH):
            yield appends[first:index]
            first = index
    if appends:
        yield appends[first:]


def _session(session_key: str) -> str:
    return f"{live_scripts.PREFIX}session:{session_key}"


def _result(append: Append, reason: bytes, length: int, status: bytes, new: int, repeated: int) -> AppendResult:  # noqa: PLR0913, PLR0917 - what the script returns
    if reason:
        return Refused(Refusal(reason.decode()), length, LiveStatus(status.decode()))
    data = append.data[len(append.data) - new :]
    return Appended(length, data, LiveStatus(status.decode()), bool(repeated))


def _record_or_none(found: Sequence[Any] | None) -> LiveRecord | None:
    return None if found is None else _record(found)


def _record(found: Sequence[Any]) -> LiveRecord:
    created, epoch, length, status, silent = found
    return replace(
        msgspec.msgpack.decode(created, type=LiveRecord),
        epoch=int(epoch),
        length=length,
        status=LiveStatus(status.decode()),
        silent_seconds=silent / 1000,
    )

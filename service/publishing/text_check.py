"""Stores appends that keep the sources of live streams UTF-8, whichever process receives them.

The decision depends on the append and on the bytes before its offset. Those that are stored are never written again, so
all processes decide alike: where this process has not stored them itself, it reads them from the store. Bytes that are
not there yet are a gap, and nothing is decided on them. Nor is it on an append that is still being stored, as the store
may refuse it: the next one of the stream waits for its result.
"""

import asyncio
from collections import OrderedDict
from typing import Protocol

from msgspec import Struct

from service.live.append_limits import MAX_QUEUED_BYTES
from service.live.append_rule import Refusal
from service.live.ports import Appended, AppendResult, LiveStore, Refused
from service.live.records import Append, LiveRecord, LiveStatus
from service.live.utf8 import LONGEST_REST, BrokenText, continued, rest_of
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.refusals import error_of

_KNOWN_STREAMS = 4096
"""Of more, those that were appended to last are known; the others are read from the store."""


class SourceWriter(Protocol):
    """Stores appends in groups, in the order of the calls."""

    async def append(self, append: Append) -> AppendResult:
        """Return the result once it is stored. Raises ``StoreUnavailable``."""


class _End(Struct, frozen=True):
    """The end of what this process has stored last for a stream."""

    epoch: int
    offset: int
    rest: bytes
    """The first bytes of a character whose other bytes have not arrived."""


class _Turns:
    """The appends of one stream in this process, of which one is being stored."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        """Those that wait for it get it in the order in which they came."""
        self.count = 0
        self.bytes = 0
        self.end = 0
        """Of the source with the append that is being stored."""


class TextCheck:
    """The appends to all streams, and the ends of sources as far as this process has stored them.

    What a producer appends is stored in the order of the calls.
    """

    def __init__(self, store: LiveStore, writer: SourceWriter) -> None:
        self._store = store
        self._writer = writer
        self._ends: OrderedDict[str, _End] = OrderedDict()
        self._turns: dict[str, _Turns] = {}

    async def append(self, append: Append) -> Appended:
        """Store the append.

        Raises ``PublishError`` if the source with it would not be UTF-8, or not whole where it ends, or if it is
        refused otherwise, and ``StoreUnavailable``: then it may have been stored.
        """
        if not append.data and append.ends is None:  # a sign of life
            return _appended(await self._writer.append(append))
        stream_id, size = append.stream_id, len(append.data)
        turns = self._turns.get(stream_id)
        if turns is None:
            turns = self._turns[stream_id] = _Turns()
        elif turns.bytes and turns.bytes + size > MAX_QUEUED_BYTES:
            raise error_of(Refused(Refusal.OVERLOADED, append.offset))
        turns.count += 1
        turns.bytes += size
        try:
            async with turns.lock:
                return await self._store_checked(append, turns)
        finally:
            turns.count -= 1
            turns.bytes -= size
            if not turns.count:
                del self._turns[stream_id]

    def forget(self, stream_id: str) -> None:
        """The stream has another producer or has ended: what follows is read from the store."""
        self._ends.pop(stream_id, None)

    def accepted(self, stream_id: str, durable: int) -> int:
        """The end of what is stored or about to be, of which ``durable`` bytes are stored."""
        turns = self._turns.get(stream_id)
        return max(durable, turns.end) if turns else durable

    async def _store_checked(self, append: Append, turns: _Turns) -> Appended:
        rest = await self._checked(append)
        end = turns.end = append.offset + len(append.data)
        try:
            result = _appended(await self._writer.append(append))
        finally:
            turns.end = 0
        if rest is not None and result.status is LiveStatus.OPEN:
            self._ends[append.stream_id] = _End(append.epoch, end, rest)
            if len(self._ends) > _KNOWN_STREAMS:
                self._ends.popitem(last=False)
        return result

    async def _checked(self, append: Append) -> bytes | None:
        """The part of a character after the append; ``None`` if the store adds nothing, whatever the bytes are.

        Raises ``PublishError``.
        """
        rest = await self._rest_before(append)
        if rest is None:
            return None
        try:
            return continued(rest, append.data, ends=append.ends is LiveStatus.COMPLETE)
        except BrokenText as broken:
            _decided(await self._store.get(append.stream_id), append)
            raise _broken(append, append.offset + broken.position) from None

    async def _rest_before(self, append: Append) -> bytes | None:
        """The part of a character before the offset; ``None`` if the store adds nothing, whatever the bytes are."""
        known = self._ends.pop(append.stream_id, None)  # until the append is stored
        if known is not None and (known.epoch, known.offset) == (append.epoch, append.offset):
            return known.rest
        wanted = min(LONGEST_REST, append.offset)
        if not wanted:
            return b""
        record = await self._store.get(append.stream_id)
        if record is not None and record.epoch == append.epoch and record.status is not LiveStatus.OPEN:
            return None
        record = _decided(record, append)
        if record.length < append.offset:
            raise error_of(Refused(Refusal.GAP, record.length))
        before = await self._store.read(append.stream_id, append.offset - wanted)
        return rest_of(before[:wanted])


def _appended(result: AppendResult) -> Appended:
    if isinstance(result, Refused):
        raise error_of(result)
    return result


def _decided(record: LiveRecord | None, append: Append) -> LiveRecord:
    """The record of a stream to which the producer may append; raises ``PublishError`` for another one."""
    if record is None:
        raise error_of(Refused(Refusal.UNKNOWN, 0))
    if record.epoch != append.epoch:
        raise error_of(Refused(Refusal.FENCED, record.length, record.status))
    if record.status is not LiveStatus.OPEN:
        raise error_of(Refused(Refusal.ENDED, record.length, record.status))
    return record


def _broken(append: Append, offset: int) -> PublishError:
    if append.ends is not None and not append.data:
        sentence = f"The source ends within the character at byte {offset}. Append its other bytes before the end."
    else:
        sentence = f"The source would not be UTF-8 at byte {offset}. Nothing of this call is stored: correct the bytes."
    return PublishError(PublishErrorCode.INVALID_UTF8, sentence, offset=offset)

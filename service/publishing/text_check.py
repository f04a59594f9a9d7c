"""Checks that the sources of live streams stay UTF-8, whichever process receives an append.

The decision depends on the append and on the bytes before its offset. Those are never written again, so all processes
decide alike: where this process has not received them itself, it reads them from the store. Bytes that are not there
yet are a gap, and nothing is decided on them.
"""

from collections import OrderedDict

from msgspec import Struct

from service.live.append_rule import Refusal
from service.live.ports import LiveStore, Refused
from service.live.records import Append, LiveRecord, LiveStatus
from service.live.utf8 import LONGEST_REST, BrokenText, continued, rest_of
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.refusals import error_of

_KNOWN_STREAMS = 4096
"""Of more, those that were appended to last are known; the others are read from the store."""


class _End(Struct, frozen=True):
    """The end of what this process has accepted for a stream."""

    epoch: int
    offset: int
    rest: bytes
    """The first bytes of a character whose other bytes have not arrived."""


class TextCheck:
    """The ends of sources, as far as this process has received them.

    One producer of a stream calls it in the order of its appends.
    """

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._ends: OrderedDict[str, _End] = OrderedDict()

    async def check(self, append: Append) -> None:
        """Raise ``PublishError`` if the source with the append would not be UTF-8, or not whole where it ends.

        If not, the append counts as accepted until ``forget``. Raises ``StoreUnavailable``.
        """
        rest = await self._rest_before(append)
        if rest is None:
            return
        try:
            rest = continued(rest, append.data, ends=append.ends is LiveStatus.COMPLETE)
        except BrokenText as broken:
            self.forget(append.stream_id)
            _decided(await self._store.get(append.stream_id), append)
            raise _broken(append, append.offset + broken.position) from None
        self._ends[append.stream_id] = _End(append.epoch, append.offset + len(append.data), rest)
        self._ends.move_to_end(append.stream_id)
        if len(self._ends) > _KNOWN_STREAMS:
            self._ends.popitem(last=False)

    def forget(self, stream_id: str) -> None:
        """An append was refused, or the stream has ended: what follows is read from the store."""
        self._ends.pop(stream_id, None)

    def accepted(self, stream_id: str, durable: int) -> int:
        """The end of what was accepted, of which ``durable`` bytes are stored."""
        end = self._ends.get(stream_id)
        return durable if end is None else max(durable, end.offset)

    async def _rest_before(self, append: Append) -> bytes | None:
        """The part of a character before the offset; ``None`` if the store adds nothing, whatever the bytes are."""
        known = self._ends.get(append.stream_id)
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

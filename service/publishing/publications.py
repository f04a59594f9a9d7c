"""What producers do with live streams, over HTTP and over sockets."""

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from service.events.live import LiveStreamAdopted
from service.live.lease import live_state
from service.live.ports import LiveNotice, LiveStore, StreamTouched
from service.live.records import Append, LiveRecord, LiveState, LiveStatus
from service.live.utf8 import LONGEST_REST, rest_of
from service.publishing.cancellation import Cancellation
from service.publishing.refusals import ended, unknown_stream
from service.publishing.rights import Producer
from service.publishing.text_check import SourceWriter, TextCheck
from service.session.ports import Recorder

TAIL_BYTES = 4096
"""Of the source, that a producer receives which adopts it."""

_KNOWN_SESSIONS = 16_384


class Progress(Struct, frozen=True):
    """How far a source is, in bytes."""

    accepted: int
    """Received in order, and queued here."""
    durable: int
    """Stored: it survives the death of this process."""
    status: LiveStatus = LiveStatus.OPEN


class Adoption(Struct, frozen=True):
    """Where the next producer goes on."""

    epoch: int
    offset: int
    tail: str
    """The end of the source in whole characters."""
    rest: bytes
    """After the tail: the first bytes of a character whose other bytes are missing."""


class StreamReport(Struct, frozen=True):
    """A stream as a producer may see it. The epoch is not in it: one that was fenced off must not find its way back."""

    record: LiveRecord
    state: LiveState
    accepted: int
    readers: int
    """Of this process."""


class Publications:
    """The live streams of all producers. Methods raise ``PublishError`` and ``StoreUnavailable``."""

    def __init__(  # noqa: PLR0913 - independent parts
        self,
        store: LiveStore,
        writer: SourceWriter,
        cancellation: Cancellation,
        *,
        notify: Callable[[LiveNotice], None],
        readers: Callable[[str], int],
        recorder: Recorder,
        debit: Callable[[Producer, int], None],
    ) -> None:
        """``notify`` passes a notice to the readers of all processes; ``readers`` counts those of a stream here.

        ``debit`` charges a producer for KiB that were stored.
        """
        self._store = store
        self._cancellation = cancellation
        self._notify = notify
        self._readers = readers
        self._recorder = recorder
        self._debit = debit
        self._text = TextCheck(store, writer)
        self._sessions: OrderedDict[str, tuple[str, str]] = OrderedDict()

    async def append(self, producer: Producer, append: Append) -> Progress:
        """Store bytes, and perhaps the end, and return when they are durable."""
        await self.require(producer, append.stream_id)
        result = await self._text.append(append)
        end = append.offset + len(append.data)
        if kib := _kib(end) - _kib(end - len(result.data)):
            self._debit(producer, kib)
        return Progress(self._text.accepted(append.stream_id, result.length), result.length, result.status)

    async def touch(self, producer: Producer, stream_id: str, epoch: int) -> Progress:
        """Renew the lease: an append of nothing."""
        await self.require(producer, stream_id)
        result = await self._text.append(Append(stream_id, epoch, 0, b""))
        return Progress(self._text.accepted(stream_id, result.length), result.length)

    async def adopt(self, producer: Producer, stream_id: str) -> Adoption:
        """Begin a new epoch, which fences off the producer before."""
        before = await self._record(producer, stream_id)
        record = await self._store.adopt(stream_id)
        if record is None:
            raise unknown_stream()
        if record.status is not LiveStatus.OPEN:
            raise ended(record.status, record.length)
        self._text.forget(stream_id)
        self._notify(StreamTouched(stream_id, record.epoch))
        self._recorder.record(
            LiveStreamAdopted(record.session_id, stream_id, record.trace, record.epoch, before.silent_seconds)
        )
        start = max(0, record.length - TAIL_BYTES)
        tail = (await self._store.read(stream_id, start))[: record.length - start]
        rest = rest_of(tail[-LONGEST_REST:])
        whole = tail[: len(tail) - len(rest)]
        return Adoption(record.epoch, record.length, whole.decode(errors="ignore"), rest)

    async def cancel(self, stream_id: str) -> LiveRecord:
        """End the stream as cancelled, for all; return it as it is, if it had ended before.

        Rights are those of ``CancelGuard``.
        """
        record = await self._cancellation.cancel(stream_id)
        if record is None:
            raise unknown_stream()
        self._text.forget(stream_id)
        return record

    async def report(self, producer: Producer, stream_id: str) -> StreamReport:
        record = await self._record(producer, stream_id)
        accepted = record.length
        if record.status is LiveStatus.OPEN:
            accepted = self._text.accepted(stream_id, record.length)
        state = live_state(record.status, record.silent_seconds)
        return StreamReport(record, state, accepted, self._readers(stream_id))

    async def require(self, producer: Producer, stream_id: str) -> None:
        """Raise ``PublishError`` for a stream of a session into which the producer may not publish."""
        if producer.principal is None:
            return  # the operator may write all, and what is done next finds that there is no such stream
        session = self._sessions.get(stream_id)
        if session is None:
            record = await self._store.get(stream_id)
            if record is None:
                raise unknown_stream()
            session = self._sessions[stream_id] = (record.space, record.session_id)
            if len(self._sessions) > _KNOWN_SESSIONS:
                self._sessions.popitem(last=False)
        if not producer.covers(*session):
            raise unknown_stream()

    async def _record(self, producer: Producer, stream_id: str) -> LiveRecord:
        record = await self._store.get(stream_id)
        if record is None or not producer.covers(record.space, record.session_id):
            raise unknown_stream()
        return record


def _kib(size_bytes: int) -> int:
    """Rounded up, so that what is stored in small parts costs as much as in a large one."""
    return -(-size_bytes // 1024)

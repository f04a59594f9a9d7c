"""One reader of a live stream, over a socket or as server-sent events: what it receives when, and what is recorded."""

import math

from msgspec import Struct, UnsetType

from service.events import LiveChunk, LiveFirstChunkSent, LiveReaderAttached, LiveReaderDetached, ReadingEnd, ReadingWay
from service.live.records import LiveState
from service.protocol.errors import ProducerFailed, StreamingError
from service.protocol.instant import Instant
from service.protocol.messages import HtmlMode, Speed
from service.protocol.server_messages import ErrorMessage, ServerMessage, StreamCancelled, StreamStart
from service.session import live_messages
from service.session.live_delivery import LiveDelivery
from service.session.live_ports import LiveReading

_ENDED = {LiveState.COMPLETE, LiveState.ERROR}
_FAILURE = ProducerFailed("The producer of the stream has failed. What it has written was sent.")


class Watcher(Struct, frozen=True):
    """Who reads a live stream, and how."""

    connection_id: str
    session_id: str
    way: ReadingWay
    html_mode: HtmlMode
    speed: Speed | UnsetType
    """Unset for that of the producer."""
    request_id: str | UnsetType


class Output(Struct):
    """What a reader receives, in order."""

    messages: list[ServerMessage]
    chunks: list[LiveChunk]
    """When each chunk among the messages is sent."""


class LiveReader:
    """A reading and its delivery. ``start`` comes first, once; ``read`` returns nothing after the end."""

    __slots__ = ("_late", "_noticed", "_resume_seconds", "_shown", "_speed", "_watcher", "delivery", "end", "reading")

    def __init__(
        self, reading: LiveReading, watcher: Watcher, max_chunk_characters: int, resume_seconds: float, now: Instant
    ) -> None:
        """``resume_seconds`` is the time in which a lost producer can be replaced."""
        self.reading = reading
        self._watcher = watcher
        self._resume_seconds = resume_seconds
        self._late = reading.cursor.waiting > 0
        self._shown = LiveState.OPEN
        """The state of which the reader has received a message."""
        self._speed = reading.record.speed if isinstance(watcher.speed, UnsetType) else watcher.speed
        self.delivery = LiveDelivery(reading.cursor, self._speed, max_chunk_characters, now.seconds)
        self._noticed: Instant | None = None
        """Of the last call of ``notice``: a ``read`` with the same instant follows it at once."""
        self.end: ReadingEnd | None = None
        """Set when the stream has ended for this reader."""

    def start(self, now: Instant) -> StreamStart:
        reading, watcher = self.reading, self._watcher
        return live_messages.stream_start(reading.record, self._speed, reading.start, watcher.request_id, now)

    def notice(self, now: Instant) -> float:
        """The reading has changed. Return when ``read`` has something, in monotonic seconds, perhaps infinite."""
        self._noticed = now
        self.delivery.notice(now.seconds, self.reading.lag_seconds)
        return now.seconds if self.reading.state is not self._shown else self.due_at

    @property
    def error(self) -> StreamingError:
        """Of a stream that has ended as ``ERROR``."""
        return self.reading.error or _FAILURE

    @property
    def due_at(self) -> float:
        """When ``read`` has something if the reading does not change; infinite if never."""
        if self.end is not None:
            return math.inf
        return self.delivery.due_at

    def read(self, now: Instant) -> Output:
        """Return what is due: changes of the state, chunks, and the end."""
        output = Output([], [])
        messages, delivery, state = output.messages, self.delivery, self.reading.state
        if self.end is not None:
            return output
        if state is LiveState.CANCELLED:
            self.end = ReadingEnd.CANCELLED
            messages.append(StreamCancelled(now.timestamp, self.reading.record.stream_id))
            return output
        if state is not self._shown:
            messages += live_messages.changes(self.reading.record, self._shown, state, self._resume_seconds, now)
            self._shown = state
        if self._noticed is not now:
            delivery.notice(now.seconds, self.reading.lag_seconds)
        if state in _ENDED:
            delivery.finish(now.seconds)
        index = delivery.index
        for piece, sent in delivery.take(now.seconds):
            messages.append(live_messages.chunk(piece, index, now))
            output.chunks.append(sent)
            index += 1
        if state in _ENDED and delivery.finished and not delivery.paused:
            messages.append(self._end(state, now))
        return output

    def attached(self) -> LiveReaderAttached:
        """Return the event of the start."""
        record, watcher = self.reading.record, self._watcher
        return LiveReaderAttached(
            watcher.connection_id,
            watcher.session_id,
            record.stream_id,
            record.trace,
            record.content_type,
            watcher.html_mode,
            watcher.way,
            self._late,
            self.reading.start,
        )

    def first_chunk(self) -> LiveFirstChunkSent | None:
        """Return the event of the first chunk, which was sent; ``None`` for a late reader."""
        seconds, record = self.delivery.first_chunk_seconds, self.reading.record
        if self._late or seconds is None:
            return None
        return LiveFirstChunkSent(record.stream_id, record.trace, record.content_type, seconds)

    def detached(self, end: ReadingEnd, now: Instant) -> LiveReaderDetached:
        """Return the event of the end."""
        record, watcher, delivery = self.reading.record, self._watcher, self.delivery
        return LiveReaderDetached(
            watcher.connection_id,
            watcher.session_id,
            record.stream_id,
            record.trace,
            record.content_type,
            watcher.way,
            end,
            now.seconds - delivery.started_at,
            delivery.index,
            delivery.bytes,
            delivery.replacements,
            delivery.first_chunk_seconds,
            delivery.longest_gap_seconds,
            delivery.longest_wait_seconds,
            delivery.paused_seconds(now.seconds),
        )

    def _end(self, state: LiveState, now: Instant) -> ServerMessage:
        record, watcher = self.reading.record, self._watcher
        if state is LiveState.COMPLETE:
            self.end = ReadingEnd.COMPLETE
            return live_messages.stream_complete(record, self.delivery, watcher.session_id, watcher.request_id, now)
        self.end = ReadingEnd.ERROR
        return ErrorMessage.of(self.error, live_messages.label_of(record, watcher.request_id), record.stream_id)

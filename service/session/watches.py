"""The live streams that one connection reads: which, when each is attached and what it sends."""

import math

from service.events import Outcome, ReadingEnd, ReadingWay
from service.protocol.errors import QueueFull, ServerBusy, StreamingError, UnknownStream
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import HtmlMode, Watch
from service.protocol.server_messages import Chunk, StreamCancelled, StreamLeft, StreamResumed
from service.session.deadlines import Deadlines
from service.session.effects import EffectResult
from service.session.live_effects import CancelLive, DetachLive, LiveAttached, LiveUnknown
from service.session.live_reader import LiveReader
from service.session.queue import RequestQueue
from service.session.step import StepBuilder
from service.session.stream_state import StreamState
from service.session.validation import queue_full_error
from service.session.watch import WatchState

_UNKNOWN = "The session has no such live stream. Send the id of one that has not expired."
_BUSY = "The stream cannot be read at the moment. Watch it again in a second."
_RETRY_SECONDS = 1.0
_MAX_OFFERED = 100


class Watches:
    """Live streams take their turn in the queue of the connection. Writes messages, effects and events to the builder.

    ``resume_seconds`` is the time in which a lost producer can be replaced; ``None`` without live streams.
    """

    __slots__ = ("_builder", "_deadlines", "_known", "_limits", "_queue", "_resume_seconds", "html_mode")

    def __init__(
        self,
        queue: RequestQueue,
        limits: Limits,
        deadlines: Deadlines,
        builder: StepBuilder,
        resume_seconds: float | None,
    ) -> None:
        self._queue = queue
        self._limits = limits
        self._deadlines = deadlines
        self._builder = builder
        self._resume_seconds = resume_seconds
        self._known: dict[str, None] = {}
        """The last streams that were offered or watched: they are not offered again."""
        self.html_mode = HtmlMode.FRAGMENT
        """Of the last request or ``watch``."""

    # The queue

    def watch(self, message: Watch, now: Instant) -> None:
        """Add a ``watch`` to the queue, or put it in the place of the one that it replaces, or refuse it."""
        if isinstance(message.html_mode, HtmlMode):
            self.html_mode = message.html_mode
        replaced = self._queue.find_watch(message.stream_id)
        refusal = self._refusal(replaced)
        if refusal is not None:
            self._builder.send_error(refusal, message.request_id, stream_id=message.stream_id)
            return
        watch = WatchState(message, self.html_mode, ReadingWay.WATCH)
        if replaced is None:
            self._queue.add(message, now, watch=watch)
        else:
            watch.cancel_requested = _watch(replaced).cancel_requested
            self.detach(replaced, ReadingEnd.LEFT, now)
            self._builder.drop(replaced.ticket)
            self._queue.replace(replaced, message, now, watch).paused = replaced.paused
        self._remember(message.stream_id)

    def offer(self, stream_id: str, now: Instant) -> None:
        """Add a stream that the client did not ask for, unless it was offered or watched before or has no place."""
        if stream_id not in self._known and not self._queue.full and self._resume_seconds is not None:
            message = Watch(stream_id)
            self._queue.add(message, now, watch=WatchState(message, None, ReadingWay.UNASKED))
            self._remember(stream_id)

    def _refusal(self, replaced: StreamState | None) -> UnknownStream | QueueFull | None:
        if self._resume_seconds is None:
            return UnknownStream(_UNKNOWN)
        return queue_full_error() if replaced is None and self._queue.full else None

    def _remember(self, stream_id: str) -> None:
        self._known.pop(stream_id, None)
        self._known[stream_id] = None
        if len(self._known) > _MAX_OFFERED:
            del self._known[next(iter(self._known))]

    # The turn of a stream

    def attach(self, stream: StreamState, session_key: str) -> None:
        """The turn of the stream has come."""
        self._builder.request(_watch(stream).attach(stream.ticket, session_key, self.html_mode))

    def resolve(self, stream: StreamState, result: EffectResult, now: Instant) -> ReadingEnd | None:
        """Start the stream that was attached; return how it has ended if it was not."""
        watch = _watch(stream)
        if isinstance(result, LiveAttached):
            self._start(stream, watch, result, now)
            return self._cancel(stream, now) if watch.cancel_requested else None
        if watch.asked:
            unknown = isinstance(result, LiveUnknown)
            error: StreamingError = UnknownStream(_UNKNOWN) if unknown else ServerBusy(_BUSY, _RETRY_SECONDS)
            self._builder.send_error(error, stream.request_id, stream)
        elif stream.paused:  # the client has not seen the stream, and the next one is not paused
            self._builder.send(StreamResumed(now.timestamp))
        return ReadingEnd.ERROR

    def _start(self, stream: StreamState, watch: WatchState, attached: LiveAttached, now: Instant) -> None:
        assert self._resume_seconds is not None
        log = self._builder.log
        watcher = watch.watcher(log.connection_id, log.session_id)
        reader = LiveReader(attached.reading, watcher, self._limits.max_chunk_characters, self._resume_seconds, now)
        watch.reader = reader
        stream.trace = attached.reading.record.trace
        if stream.skip_requested:
            reader.delivery.skip(now.seconds)
        if stream.paused:
            reader.delivery.pause(now.seconds)
        self._builder.send(reader.start(now))
        log.record(reader.attached())

    def send_due(self, stream: StreamState, now: Instant) -> ReadingEnd | None:
        """Send what is due, and return how the stream has ended, if it has."""
        reader = _watch(stream).reader
        if reader is None or self._deadlines.blocked:
            return None
        builder, first = self._builder, reader.delivery.index
        output = reader.read(now)
        for message in output.messages:
            builder.send(message)
        for chunk in output.chunks:
            builder.add_live_chunk(chunk)
        if output.chunks:
            if first == 0 and (event := reader.first_chunk()) is not None:
                builder.log.record(event)
            if builder.log.records_content:
                pieces = [(one.data, one.close) for one in output.messages if isinstance(one, Chunk)]
                builder.log.chunks(stream, first, pieces)
        if reader.end is ReadingEnd.ERROR:
            builder.log.error_sent(reader.error, stream)
        return reader.end

    def due_at(self, stream: StreamState) -> float | None:
        """When the next message is due if the reading does not change, in monotonic seconds; ``None`` if none is."""
        reader = _watch(stream).reader
        if reader is None or self._deadlines.blocked or reader.due_at == math.inf:
            return None
        return reader.due_at

    def notice(self, stream: StreamState, now: Instant) -> float | None:
        """The reading has changed. Return when a message is due, in monotonic seconds; ``None`` if none is."""
        reader = _watch(stream).reader
        if reader is None:
            return None
        due_at = reader.notice(now)
        return None if self._deadlines.blocked or due_at == math.inf else due_at

    # Controls

    def set_paused(self, stream: StreamState, now: Instant, *, paused: bool) -> None:
        """Pause or resume the reading, or its start."""
        stream.paused = paused
        reader = _watch(stream).reader
        if reader is not None:
            (reader.delivery.pause if paused else reader.delivery.resume)(now.seconds)

    def skip(self, stream: StreamState, now: Instant) -> None:
        """Send without a pace from now on, or from the start on."""
        stream.skip_requested = True
        reader = _watch(stream).reader
        if reader is not None:
            reader.delivery.skip(now.seconds)

    def cancel(self, stream: StreamState, now: Instant) -> ReadingEnd | None:
        """Cancel the stream for all, if it has started; if not, as soon as it is known to be one of the session."""
        watch = _watch(stream)
        watch.cancel_requested = True
        return None if watch.reader is None else self._cancel(stream, now)

    def _cancel(self, stream: StreamState, now: Instant) -> ReadingEnd:
        self._builder.request(CancelLive(stream.stream_id))
        self._builder.send(StreamCancelled(now.timestamp, stream.stream_id))
        return ReadingEnd.CANCELLED

    def leave(self, stream: StreamState, now: Instant) -> ReadingEnd:
        """End the reading, and not the stream."""
        self._builder.send(StreamLeft(now.timestamp, stream.stream_id))
        return ReadingEnd.LEFT

    # Ends

    def finish(self, stream: StreamState, outcome: Outcome, now: Instant) -> None:
        """An error or the end of the connection ends the reading."""
        failed = outcome in {Outcome.ERROR, Outcome.REJECTED}
        self.detach(stream, ReadingEnd.ERROR if failed else ReadingEnd.DISCONNECTED, now)

    def drop(self, result: EffectResult) -> None:
        """Detach a reading that was attached too late: its stream has ended or was replaced."""
        if isinstance(result, LiveAttached):
            self._builder.request(DetachLive(result.reading))

    def detach(self, stream: StreamState, end: ReadingEnd, now: Instant) -> None:
        """The stream has ended for this connection."""
        reader = _watch(stream).reader
        if reader is not None:
            self._builder.request(DetachLive(reader.reading))
            self._builder.log.reading_ended(stream, reader.detached(end, now))


def _watch(stream: StreamState) -> WatchState:
    assert stream.watch is not None
    return stream.watch

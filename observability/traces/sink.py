"""Traces: a span for each stream, with its stages, and one for each handshake.

Spans are made in retrospect, when a stream is over and it is known whether they are wanted; until then there is one
small record of it.
"""

import time
from collections.abc import Callable, Sequence
from secrets import randbits
from typing import assert_never

from msgspec import Struct, field
from opentelemetry.sdk.trace import Event as RecordedEvent
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, format_trace_id

from observability.faults import chain
from observability.registry import spans
from observability.traces.finished_spans import Attributes, FinishedSpans, own_context, remote_context
from service.core.content.stage import Stage, StageTime
from service.core.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    DrainBegan,
    DrainEnded,
    ErrorAnswered,
    Event,
    FallbackUsed,
    FaultRaised,
    FirstChunkSent,
    HttpAnswered,
    LoopProbed,
    MessageReceived,
    MessagesSent,
    Outcome,
    RateLimitApproached,
    RateLimitHit,
    RequestAdmitted,
    RequestRejected,
    ServerListening,
    ServerStarted,
    StreamEnded,
    StreamPauseChanged,
    StreamSkipRequested,
    StreamStarted,
    Swept,
    WorkerReplaced,
)
from service.core.trace import TraceContext

_NOTED_EVENTS = 120
"""Of one stream, at most, and then only how it ends: what receives spans takes 128."""

_UNSET = Status(StatusCode.UNSET)
_ERROR = Status(StatusCode.ERROR)
_QUEUED_SECONDS = 0.001
"""A request that found nobody before it waits for less."""
_STAGES = {
    Stage.CONVERT: spans.CONVERT,
    Stage.SANITISE: spans.SANITISE,
    Stage.ANALYSE: spans.ANALYSE,
    Stage.CHUNK: spans.CHUNK,
}

Samples = Callable[[str, TraceContext | None], bool]
"""From a trace id in hex and the client's context: whether its spans are wanted."""


class _Handshake(Struct):
    """An accepted one, for as long as its connection lives."""

    context: SpanContext
    began_ns: int
    ended_ns: int
    attributes: Attributes
    kept: bool = False


class _Stream(Struct):
    """What is known of a stream so far. Times are nanoseconds of the epoch."""

    admitted_ns: int
    steady_ns: int
    """The steady clock at the same moment: what follows is counted by it, so that no span ends before it began."""
    content_bytes: int
    number: int
    validation_seconds: float
    rate_limit_seconds: float
    started: StreamStarted | None = None
    started_ns: int = 0
    first_chunk_seconds: float | None = None
    broke: bool = False
    events: list[RecordedEvent] = field(default_factory=list)
    events_dropped: int = 0


class TraceSink:
    """A sink that makes spans of streams and handshakes.

    Wanted are those that were sampled, and those that ended by a fault of ours, sampled or not.
    """

    def __init__(
        self,
        finished: FinishedSpans,
        samples: Samples,
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._finished = finished
        self._samples = samples
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._handshake_seconds = 0.0
        """Of the handshake accepted last, whose connection opens next."""
        self._handshakes: dict[str, _Handshake] = {}
        self._streams: dict[str, _Stream] = {}

    def record(self, event: Event) -> None:  # noqa: C901, PLR0912 - one match over all events
        match event:
            case ConnectionAttempted():
                self._attempted(event)
            case ConnectionOpened():
                self._opened(event)
            case ConnectionClosed():
                self._handshakes.pop(event.connection_id, None)
            case RequestAdmitted():
                self._streams[event.stream_id] = _Stream(
                    admitted_ns=self._wall_ns(),
                    steady_ns=self._steady_ns(),
                    content_bytes=event.content_bytes,
                    number=event.number,
                    validation_seconds=event.validation_seconds,
                    rate_limit_seconds=event.rate_limit_seconds,
                )
            case StreamStarted():
                stream = self._streams[event.stream_id]
                stream.started = event
                stream.started_ns = self._now_ns(stream)
            case FirstChunkSent():
                self._streams[event.stream_id].first_chunk_seconds = event.seconds
                self._note(event.stream_id, spans.FIRST_CHUNK)
            case StreamPauseChanged():
                self._note(event.stream_id, spans.PAUSED if event.paused else spans.RESUMED)
            case StreamSkipRequested():
                self._note(event.stream_id, spans.SKIPPED)
            case BackpressureApplied():
                self._note(event.stream_id, spans.BACKPRESSURE_APPLIED)
            case BackpressureReleased():
                self._note(event.stream_id, spans.BACKPRESSURE_RELEASED, {spans.BLOCKED_TIME.name: event.seconds})
            case FaultRaised():
                self._broke(event)
            case StreamEnded():
                self._ended(event)
            case FallbackUsed():
                pass  # a FaultRaised comes with it
            case MessageReceived() | ErrorAnswered() | RequestRejected() | RateLimitApproached() | RateLimitHit():
                pass
            case Swept() | MessagesSent() | LoopProbed() | HttpAnswered():
                pass
            case ServerStarted() | ServerListening() | WorkerReplaced() | DrainBegan() | DrainEnded():
                pass
            case _:
                assert_never(event)

    # Handshakes

    def _attempted(self, event: ConnectionAttempted) -> None:
        if event.outcome is AttemptOutcome.ACCEPTED:
            self._handshake_seconds = event.seconds
            return
        ours = event.outcome is AttemptOutcome.ERROR
        handshake = self._handshake(event.outcome, event.session_id, event.seconds)
        if ours or self._wanted(handshake):
            self._emit_handshake(handshake, _ERROR if ours else _UNSET)

    def _opened(self, event: ConnectionOpened) -> None:
        handshake = self._handshake(AttemptOutcome.ACCEPTED, event.session_id, self._handshake_seconds)
        handshake.attributes[spans.CONNECTION_ID.name] = event.connection_id
        self._handshakes[event.connection_id] = handshake
        if self._wanted(handshake):
            self._emit_handshake(handshake)

    def _handshake(self, outcome: AttemptOutcome, session_id: str, seconds: float) -> _Handshake:
        ended_ns = self._wall_ns()
        attributes: Attributes = {spans.CONNECT_OUTCOME.name: outcome}
        if session_id:
            attributes[spans.SESSION_ID.name] = session_id
        return _Handshake(
            own_context(randbits(128), randbits(64)),
            ended_ns - _ns(seconds),
            ended_ns,
            attributes,
        )

    def _wanted(self, handshake: _Handshake) -> bool:
        return self._samples(format_trace_id(handshake.context.trace_id), None)

    def _emit_handshake(self, handshake: _Handshake, status: Status = _UNSET) -> None:
        handshake.kept = True
        self._finished.emit(
            spans.CONNECT,
            handshake.context,
            None,
            handshake.began_ns,
            handshake.ended_ns,
            attributes=handshake.attributes,
            status=status,
        )

    # Streams

    def _now_ns(self, stream: _Stream) -> int:
        return stream.admitted_ns + self._steady_ns() - stream.steady_ns

    def _note(self, stream_id: str, noted: spans.SpanEvent, attributes: Attributes | None = None) -> None:
        """Of what befalls the socket while no stream is under way, nothing is noted."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        if len(stream.events) < _NOTED_EVENTS or noted in (spans.LAST_CHUNK, spans.EXCEPTION):
            stream.events.append(RecordedEvent(noted.name, attributes, self._now_ns(stream)))
        else:
            stream.events_dropped += 1

    def _broke(self, event: FaultRaised) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.broke = True
        # Neither its message nor its traceback: they may quote content.
        cause = type([*chain(event.exception)][-1])
        self._note(
            event.stream_id,
            spans.EXCEPTION,
            {
                spans.EXCEPTION_TYPE.name: _name(cause),
                spans.ERROR_ID.name: event.error_id,
                spans.PLACE.name: event.place,
            },
        )

    def _ended(self, event: StreamEnded) -> None:
        if event.outcome in (Outcome.COMPLETED, Outcome.SKIPPED):
            self._note(event.stream_id, spans.LAST_CHUNK)
        stream = self._streams.pop(event.stream_id)
        ours = stream.broke or event.outcome is Outcome.ERROR
        if event.trace.sampled or ours:
            self._emit_stream(stream, event, _ERROR if ours else _UNSET)

    def _emit_stream(self, stream: _Stream, ended: StreamEnded, status: Status) -> None:
        ended_ns = self._now_ns(stream)
        asked_ns = stream.admitted_ns - _ns(stream.rate_limit_seconds)
        began_ns = asked_ns - _ns(stream.validation_seconds)
        parent = remote_context(ended.trace.parent)
        root = own_context(int(ended.trace.trace_id, 16), int(ended.trace.span_id, 16), parent)
        child = self._finished.emit_child
        child(spans.VALIDATE, root, began_ns, asked_ns)
        child(spans.RATE_LIMIT, root, asked_ns, stream.admitted_ns)
        if (started := stream.started) is not None:
            if started.queued_seconds >= _QUEUED_SECONDS:
                left_ns = stream.admitted_ns + _ns(started.queued_seconds)
                child(spans.QUEUE, root, stream.admitted_ns, left_ns)
            self._emit_stages(root, started.stages, stream.started_ns - _ns(started.processing_seconds))
            child(spans.DELIVER, root, stream.started_ns, ended_ns)
        elif ended.processing_seconds is not None:
            self._emit_stages(root, ended.stages, ended_ns - _ns(ended.processing_seconds))
        self._finished.emit(
            spans.STREAM,
            root,
            parent,
            began_ns,
            ended_ns,
            attributes=_attributes(stream, ended),
            events=_span_events(stream),
            links=self._links(ended.connection_id),
            status=status,
        )

    def _emit_stages(self, root: SpanContext, stages: Sequence[StageTime], work_ns: int) -> None:
        """Of content work that began at ``work_ns``."""
        for stage in stages:
            stage_ns = work_ns + _ns(stage.began_seconds)
            self._finished.emit_child(_STAGES[stage.stage], root, stage_ns, stage_ns + _ns(stage.seconds))

    def _links(self, connection_id: str) -> tuple[Link, ...]:
        """To the handshake, which is kept from now on: a link must lead somewhere."""
        handshake = self._handshakes.get(connection_id)
        if handshake is None:
            return ()
        if not handshake.kept:
            self._emit_handshake(handshake)
        return (Link(handshake.context),)


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


def _attributes(stream: _Stream, ended: StreamEnded) -> Attributes:
    attributes: Attributes = {
        spans.SESSION_ID.name: ended.session_id,
        spans.CONNECTION_ID.name: ended.connection_id,
        spans.STREAM_ID.name: ended.stream_id,
        spans.REQUEST_NUMBER.name: stream.number,
        spans.CONTENT_TYPE.name: ended.content_type,
        spans.CONTENT_BYTES.name: stream.content_bytes,
        spans.OUTCOME.name: ended.outcome,
        spans.CHUNKS_SENT.name: ended.chunks,
        spans.BYTES_SENT.name: ended.bytes,
        spans.PAUSED_TIME.name: ended.paused_seconds,
    }
    if ended.error is not None:
        attributes[spans.ERROR_CODE.name] = ended.error
    if (started := stream.started) is not None:
        attributes[spans.COMPLEXITY.name] = started.complexity
        attributes[spans.WORDS.name] = started.word_count
        if started.removed:
            attributes[spans.REMOVED.name] = sum(started.removed.values())
        attributes[spans.SPEED.name] = started.speed
        attributes[spans.ADAPTIVE.name] = started.adaptive
        attributes[spans.CHUNKS_PLANNED.name] = started.chunks
    if stream.first_chunk_seconds is not None:
        attributes[spans.TIME_TO_FIRST_CHUNK.name] = stream.first_chunk_seconds
    return attributes


def _span_events(stream: _Stream) -> Sequence[RecordedEvent]:
    """If some are missing, in OpenTelemetry's own form, which says how many."""
    if not stream.events_dropped:
        return stream.events
    events = BoundedList.from_seq(len(stream.events), stream.events)
    events.dropped = stream.events_dropped
    return events

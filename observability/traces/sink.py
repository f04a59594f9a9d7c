"""Traces: a span for each stream, with its stages, and one for each handshake.

Spans are made in retrospect, when a stream is over and it is known whether they are wanted; until then there is one
small record of it.
"""

import time
from collections.abc import Callable, Sequence
from typing import assert_never

from msgspec import Struct, field
from opentelemetry.sdk.trace import Event as RecordedEvent
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import SpanContext, Status, StatusCode

from observability.faults import chain
from observability.registry import spans
from observability.registry.metrics import RecoveryKind
from observability.traces.finished_spans import Attributes, FinishedSpans, own_context, remote_context
from observability.traces.handshakes import Handshakes, Samples
from service.content.stage import Stage, StageTime
from service.events import (
    BackpressureApplied,
    BackpressureReleased,
    CacheQueried,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    DependencyChanged,
    DependencyFailed,
    DrainEnded,
    DrainStarted,
    ErrorSent,
    Event,
    FallbackUsed,
    FaultRaised,
    FirstChunkSent,
    HttpRequestServed,
    LoopLagMeasured,
    MessageReceived,
    MessagesSent,
    Outcome,
    RateLimitApproached,
    RateLimitHit,
    RecoveryRefused,
    RequestAdmitted,
    RequestRejected,
    ServerListening,
    ServerStarted,
    StoredInMemory,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
    TickerSwept,
    UsageDropped,
    WorkerReplaced,
)
from service.protocol.trace import Trace

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


class _Admission(Struct, frozen=True):
    """What is kept of ``RequestAdmitted``, which has the content."""

    content_bytes: int
    number: int
    validation_seconds: float
    rate_limit_seconds: float


class _Stream(Struct):
    """What is known of a stream so far, on one connection. Times are nanoseconds of the epoch."""

    origin: _Admission | StreamRecovered
    known_ns: int
    """When it was admitted, or recovered."""
    steady_ns: int
    """The steady clock at the same moment: what follows is counted by it, so that no span ends before it began."""
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
        self._handshakes = Handshakes(finished, samples, wall_ns)
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._streams: dict[str, _Stream] = {}
        """By the ids of their spans: a stream that was taken over may be here twice."""

    def record(self, event: Event) -> None:  # noqa: C901, PLR0912 - one match over all events
        match event:
            case ConnectionAttempted():
                self._handshakes.attempted(event)
            case ConnectionOpened():
                self._handshakes.opened(event)
            case ConnectionClosed():
                self._handshakes.closed(event)
            case RequestAdmitted():
                self._began(
                    event.trace,
                    _Admission(event.content_bytes, event.number, event.validation_seconds, event.rate_limit_seconds),
                )
            case StreamStarted():
                stream = self._streams[event.trace.span_id]
                stream.started = event
                stream.started_ns = self._now_ns(stream)
            case StreamRecovered():
                self._began(event.trace, event)
                self._note(event.trace, spans.RECOVERED, {spans.NEXT_INDEX.name: event.next_index})
            case FirstChunkSent():
                self._streams[event.trace.span_id].first_chunk_seconds = event.seconds
                self._note(event.trace, spans.FIRST_CHUNK)
            case StreamPauseChanged():
                self._note(event.trace, spans.PAUSED if event.paused else spans.RESUMED)
            case StreamSkipRequested():
                self._note(event.trace, spans.SKIPPED)
            case BackpressureApplied():
                self._note(event.trace, spans.BACKPRESSURE_APPLIED)
            case BackpressureReleased():
                self._note(event.trace, spans.BACKPRESSURE_RELEASED, {spans.BLOCKED_TIME.name: event.seconds})
            case FaultRaised():
                self._broke(event)
            case StreamEnded():
                self._ended(event)
            case FallbackUsed():
                pass  # a FaultRaised comes with it
            case MessageReceived() | ErrorSent() | RequestRejected() | RateLimitApproached() | RateLimitHit():
                pass
            case TickerSwept() | MessagesSent() | LoopLagMeasured() | HttpRequestServed():
                pass
            case RecoveryRefused() | CacheQueried() | UsageDropped():
                pass
            case DependencyChanged() | DependencyFailed() | StoredInMemory():
                pass
            case ServerStarted() | ServerListening() | WorkerReplaced() | DrainStarted() | DrainEnded():
                pass
            case _:
                assert_never(event)

    def _began(self, trace: Trace, origin: _Admission | StreamRecovered) -> None:
        self._streams[trace.span_id] = _Stream(origin, self._wall_ns(), self._steady_ns())

    def _now_ns(self, stream: _Stream) -> int:
        return stream.known_ns + self._steady_ns() - stream.steady_ns

    def _note(self, trace: Trace | None, noted: spans.SpanEvent, attributes: Attributes | None = None) -> None:
        """Of what befalls the socket while no stream is under way, nothing is noted."""
        stream = self._streams.get(trace.span_id) if trace else None
        if stream is None:
            return
        if len(stream.events) < _NOTED_EVENTS or noted in (spans.LAST_CHUNK, spans.EXCEPTION):
            stream.events.append(RecordedEvent(noted.name, attributes, self._now_ns(stream)))
        else:
            stream.events_dropped += 1

    def _broke(self, event: FaultRaised) -> None:
        stream = self._streams.get(event.trace.span_id) if event.trace else None
        if stream is None:
            return
        stream.broke = True
        # Neither its message nor its traceback: they may quote content.
        cause = type([*chain(event.exception)][-1])
        self._note(
            event.trace,
            spans.EXCEPTION,
            {
                spans.EXCEPTION_TYPE.name: _name(cause),
                spans.ERROR_ID.name: event.error_id,
                spans.PLACE.name: event.source,
            },
        )

    def _ended(self, event: StreamEnded) -> None:
        if event.outcome in (Outcome.COMPLETED, Outcome.SKIPPED):
            self._note(event.trace, spans.LAST_CHUNK)
        stream = self._streams.pop(event.trace.span_id)
        ours = stream.broke or event.outcome is Outcome.ERROR
        if event.trace.sampled or ours:
            self._emit_stream(stream, event, _ERROR if ours else _UNSET)

    def _emit_stream(self, stream: _Stream, ended: StreamEnded, status: Status) -> None:
        ended_ns = self._now_ns(stream)
        parent = remote_context(ended.trace.parent)
        root = own_context(int(ended.trace.trace_id, 16), int(ended.trace.span_id, 16), parent)
        match stream.origin:
            case StreamRecovered() as recovered:
                began_ns = stream.known_ns - _ns(recovered.waited_seconds)
                self._finished.emit_child(spans.RECOVER, root, began_ns, stream.known_ns)
                self._finished.emit_child(spans.DELIVER, root, stream.known_ns, ended_ns)
            case admission:
                asked_ns = stream.known_ns - _ns(admission.rate_limit_seconds)
                began_ns = asked_ns - _ns(admission.validation_seconds)
                self._finished.emit_child(spans.VALIDATE, root, began_ns, asked_ns)
                self._finished.emit_child(spans.RATE_LIMIT, root, asked_ns, stream.known_ns)
                self._emit_work(root, stream, ended, ended_ns)
        self._finished.emit(
            spans.STREAM,
            root,
            parent,
            began_ns,
            ended_ns,
            attributes=_attributes(stream, ended),
            events=_span_events(stream),
            links=self._handshakes.links(ended.connection_id),
            status=status,
        )

    def _emit_work(self, root: SpanContext, stream: _Stream, ended: StreamEnded, ended_ns: int) -> None:
        """What came after the admission, as far as it came."""
        if (started := stream.started) is not None:
            if started.queued_seconds >= _QUEUED_SECONDS:
                left_ns = stream.known_ns + _ns(started.queued_seconds)
                self._finished.emit_child(spans.QUEUE, root, stream.known_ns, left_ns)
            self._emit_stages(root, started.stages, stream.started_ns - _ns(started.processing_seconds))
            self._finished.emit_child(spans.DELIVER, root, stream.started_ns, ended_ns)
        elif ended.processing_seconds is not None:
            self._emit_stages(root, ended.stages, ended_ns - _ns(ended.processing_seconds))

    def _emit_stages(self, root: SpanContext, stages: Sequence[StageTime], work_ns: int) -> None:
        """Of content work that began at ``work_ns``."""
        for stage in stages:
            stage_ns = work_ns + _ns(stage.began_seconds)
            self._finished.emit_child(_STAGES[stage.stage], root, stage_ns, stage_ns + _ns(stage.seconds))


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


def _attributes(stream: _Stream, ended: StreamEnded) -> Attributes:
    attributes: Attributes = {
        spans.SESSION_ID.name: ended.session_id,
        spans.CONNECTION_ID.name: ended.connection_id,
        spans.STREAM_ID.name: ended.stream_id,
        spans.CONTENT_TYPE.name: ended.content_type,
        spans.OUTCOME.name: ended.outcome,
        spans.CHUNKS_SENT.name: ended.chunks,
        spans.BYTES_SENT.name: ended.bytes,
        spans.PAUSED_TIME.name: ended.paused_seconds,
    }
    match stream.origin:
        case StreamRecovered() as recovered:
            attributes[spans.RECOVERY.name] = RecoveryKind.of(repeated=recovered.repeated)
            attributes[spans.NEXT_INDEX.name] = recovered.next_index
            attributes[spans.TAKEOVERS.name] = recovered.takeovers
            attributes[spans.CHUNKS_PLANNED.name] = recovered.chunks
        case admission:
            attributes[spans.REQUEST_NUMBER.name] = admission.number
            attributes[spans.CONTENT_BYTES.name] = admission.content_bytes
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

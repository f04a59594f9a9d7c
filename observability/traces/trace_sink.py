"""The sink that creates spans: one for each stream, with its stages, and one for each handshake.

The spans of a stream are created when it has ended and it is known whether they are exported; until then there is one
``StreamRecord``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from opentelemetry.trace import SpanContext, Status, StatusCode

from observability.faults import root_cause_name
from observability.registry import spans
from observability.traces.call_spans import CallSpans, Samples
from observability.traces.finished_spans import Attributes, FinishedSpans, local_context, remote_context
from observability.traces.handshake_spans import HandshakeSpans
from observability.traces.stream_record import StreamRecord
from service import events
from service.content.stage import Stage, StageTime
from service.events import Outcome, RequestAdmitted, StreamRecovered
from service.protocol.trace import Trace

_UNSET = Status(StatusCode.UNSET)
_ERROR = Status(StatusCode.ERROR)
_QUEUED_SECONDS = 0.001
"""A request that finds the queue empty waits for less."""
_STAGES = {
    Stage.CONVERT: spans.CONVERT,
    Stage.SANITISE: spans.SANITISE,
    Stage.ANALYSE: spans.ANALYSE,
    Stage.CHUNK: spans.CHUNK,
}


class TraceSink:
    """Exports the spans of sampled traces, and of every stream and handshake that ended by a fault of the service."""

    def __init__(
        self,
        finished: FinishedSpans,
        samples: Samples,
        systems: Mapping[events.DataSystem, Attributes],
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """``systems`` are the attributes of the data systems in use."""
        self._finished = finished
        self._calls = CallSpans(finished, samples, systems)
        self._handshakes = HandshakeSpans(finished, self._calls, samples, wall_ns)
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._streams: dict[str, StreamRecord] = {}
        """By the ids of their spans: a recovered stream may be here twice, once for each connection."""

    def record(self, event: events.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one match over all events
        match event:
            case events.ConnectionAttempted():
                self._handshakes.attempted(event)
            case events.ConnectionOpened():
                self._handshakes.opened(event)
                self._calls.opened(event.connection_id)
            case events.ConnectionClosed():
                self._handshakes.closed(event)
                self._calls.closed(event.connection_id)
            case events.RequestAdmitted():
                self._begin(event)
            case events.StreamRecovered():
                self._begin(event)
                self._add_event(event.trace, spans.RECOVERED, {spans.NEXT_INDEX.name: event.next_index})
            case events.DependencyCalled():
                self._called(event)
            case events.StreamStarted():
                stream = self._streams[event.trace.span_id]
                stream.started = event
                stream.started_ns = self._now_ns(stream)
            case events.FirstChunkSent():
                self._streams[event.trace.span_id].first_chunk_seconds = event.seconds
                self._add_event(event.trace, spans.FIRST_CHUNK)
            case events.StreamPauseChanged():
                self._add_event(event.trace, spans.PAUSED if event.paused else spans.RESUMED)
            case events.StreamSkipRequested():
                self._add_event(event.trace, spans.SKIPPED)
            case events.BackpressureApplied():
                self._add_event(event.trace, spans.BACKPRESSURE_APPLIED)
            case events.BackpressureReleased():
                self._add_event(event.trace, spans.BACKPRESSURE_RELEASED, {spans.BLOCKED_TIME.name: event.seconds})
            case events.FaultRaised():
                self._faulted(event)
            case events.StreamEnded():
                self._ended(event)
            case events.FallbackUsed():
                pass  # a FaultRaised follows
            case events.MessageReceived() | events.MessagesSent() | events.ErrorSent() | events.RequestRejected():
                pass
            case events.RecoveryRefused():
                for call in self._calls.take_early(event.connection_id, None):
                    self._calls.emit_alone(call)
            case events.RateLimitApproached() | events.RateLimitHit():
                pass
            case events.TickerSwept() | events.LoopLagMeasured() | events.HttpRequestServed() | events.CacheQueried():
                pass
            case events.DependencyChanged() | events.DependencyFailed() | events.StoredInMemory():
                pass
            case events.StoreLimitReached() | events.StoreMeasured() | events.SocketLimitSet() | events.AcceptPaused():
                pass
            case events.SessionJoined() | events.UsageDropped() | events.ChunkSent() | events.ClientReported():
                pass
            case events.ServerStarted() | events.ServerListening() | events.WorkerReplaced() | events.AcceptResumed():
                pass
            case events.ContentQueueChanged() | events.ContentWorked() | events.ContentRefused():
                pass
            case events.ContentWorkKilled():
                pass
            case events.DrainStarted() | events.DrainEnded() | events.SocketDropped() | events.PendingSocketsCounted():
                pass
            case _:
                assert_never(event)

    def _begin(self, event: RequestAdmitted | StreamRecovered) -> None:
        stream = StreamRecord(event, self._wall_ns(), self._steady_ns())
        stream.calls += self._calls.take_early(event.connection_id, event.trace)
        self._streams[event.trace.span_id] = stream

    def _called(self, event: events.DependencyCalled) -> None:
        stream = self._streams.get(event.trace.span_id) if event.trace else None
        if stream is None:
            self._calls.called(event)
        else:
            stream.calls.append(event)

    def _now_ns(self, stream: StreamRecord) -> int:
        return stream.origin_ns + self._steady_ns() - stream.steady_ns

    def _add_event(self, trace: Trace | None, event: spans.SpanEvent, attributes: Attributes | None = None) -> None:
        """Without an active stream nothing is recorded."""
        stream = self._streams.get(trace.span_id) if trace else None
        if stream is not None:
            stream.add_event(event, attributes, self._now_ns(stream))

    def _faulted(self, event: events.FaultRaised) -> None:
        stream = self._streams.get(event.trace.span_id) if event.trace else None
        if stream is None:
            return
        stream.fault = root_cause_name(event.exception)
        attributes: Attributes = {  # neither text nor traceback: they may quote content
            spans.EXCEPTION_TYPE.name: stream.fault,
            spans.ERROR_ID.name: event.error_id,
            spans.ERROR_SOURCE.name: event.source,
        }
        stream.add_event(spans.EXCEPTION, attributes, self._now_ns(stream))

    def _ended(self, event: events.StreamEnded) -> None:
        if event.outcome in (Outcome.COMPLETED, Outcome.SKIPPED):
            self._add_event(event.trace, spans.LAST_CHUNK)
        stream = self._streams.pop(event.trace.span_id)
        failed = stream.failed(event)
        if event.trace.sampled or failed:
            self._emit_stream(stream, event, _ERROR if failed else _UNSET)

    def _emit_stream(self, stream: StreamRecord, ended: events.StreamEnded, status: Status) -> None:
        ended_ns = self._now_ns(stream)
        parent = remote_context(ended.trace.parent)
        root = local_context(int(ended.trace.trace_id, 16), int(ended.trace.span_id, 16), parent)
        match stream.origin:
            case StreamRecovered() as recovered:
                start_ns = stream.origin_ns - _ns(recovered.waited_seconds)
                self._finished.emit_child(spans.RECOVER, root, start_ns, stream.origin_ns)
                self._finished.emit_child(spans.DELIVER, root, stream.origin_ns, ended_ns)
            case RequestAdmitted() as admitted:
                validated_ns = stream.origin_ns - _ns(admitted.rate_limit_seconds)
                start_ns = validated_ns - _ns(admitted.validation_seconds)
                self._finished.emit_child(spans.VALIDATE, root, start_ns, validated_ns)
                self._finished.emit_child(spans.RATE_LIMIT, root, validated_ns, stream.origin_ns)
                self._emit_work(root, stream, ended, ended_ns)
        self._finished.emit(
            spans.STREAM,
            root,
            parent,
            start_ns,
            ended_ns,
            attributes=stream.attributes(ended),
            events=stream.span_events(),
            links=self._handshakes.links(ended.connection_id),
            status=status,
        )
        self._calls.emit_children(stream.calls, root, start_ns)

    def _emit_work(self, root: SpanContext, stream: StreamRecord, ended: events.StreamEnded, ended_ns: int) -> None:
        """The spans of everything that happened after the admission."""
        if (started := stream.started) is not None:
            if started.queued_seconds >= _QUEUED_SECONDS:
                dequeued_ns = stream.origin_ns + _ns(started.queued_seconds)
                self._finished.emit_child(spans.QUEUE, root, stream.origin_ns, dequeued_ns)
            self._emit_stages(root, started.stages, stream.started_ns - _ns(started.processing_seconds))
            self._finished.emit_child(spans.DELIVER, root, stream.started_ns, ended_ns)
        elif ended.processing_seconds is not None:
            self._emit_stages(root, ended.stages, ended_ns - _ns(ended.processing_seconds))

    def _emit_stages(self, root: SpanContext, stages: Sequence[StageTime], preparation_ns: int) -> None:
        """The spans of the stages of a preparation that started at ``preparation_ns``."""
        for stage in stages:
            stage_ns = preparation_ns + _ns(stage.began_seconds)
            self._finished.emit_child(_STAGES[stage.stage], root, stage_ns, stage_ns + _ns(stage.seconds))


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)

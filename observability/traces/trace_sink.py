"""The sink that creates spans: one for each stream, with its stages, and one for each handshake.

The spans of a stream are created when it has ended and it is known whether they are exported; until then there is one
``StreamRecord``.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import assert_never

from observability.faults import root_cause_name
from observability.registry import spans
from observability.registry.span_types import Span, SpanEvent
from observability.traces.call_spans import CallSpans, Samples
from observability.traces.finished_spans import Attributes, FinishedSpans, local_context, remote_context
from observability.traces.handshake_spans import HandshakeSpans
from observability.traces.live_spans import LiveSpans
from observability.traces.stream_record import StreamRecord
from service import events
from service.content.stage import Stage, StageTime
from service.events import Outcome, RequestAdmitted, StreamRecovered, StreamTimes
from service.protocol.trace import Trace

_WAITED_SECONDS = 0.001
"""A request that finds a queue empty waits for less."""
_STAGES = {
    Stage.WAIT: spans.CONTENT_WAIT,
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
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """``systems`` are the attributes of the data systems in use."""
        self._finished = finished
        self._calls = CallSpans(finished, samples, systems)
        self._handshakes = HandshakeSpans(finished, self._calls, samples, wall_ns)
        self._live = LiveSpans(finished, self._handshakes, wall_ns)
        self._steady = steady
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
                self._streams[event.trace.span_id].started = event
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
            case events.LoopStalled():
                pass
            case events.LoopLagMeasured() | events.HttpRequestServed() | events.CacheQueried():
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
            case events.TokenChecked() | events.TokenRefused() | events.TokenKeysFetched() | events.KeyMade():
                pass
            case events.TokensRevoked() | events.RevocationsRead() | events.QuotaRefused() | events.QuotasUnavailable():
                pass
            case (
                events.LiveStreamCreated()
                | events.LiveAppendsStored()
                | events.AppendRefused()
                | events.LiveStreamAdopted()
                | events.LiveStreamEnded()
                | events.ProducerStalled()
                | events.ProducerContinued()
                | events.ProducerLost()
                | events.LiveStreamsCounted()
                | events.PublishSocketsCounted()
                | events.LiveReaderAttached()
                | events.LiveFirstChunkSent()
                | events.LiveReaderDetached()
                | events.LiveMeasured()
            ):
                self._live.record(event)
            case _:
                assert_never(event)

    def _begin(self, event: RequestAdmitted | StreamRecovered) -> None:
        stream = StreamRecord(event)
        stream.calls += self._calls.take_early(event.connection_id, event.trace)
        self._streams[event.trace.span_id] = stream

    def _called(self, event: events.DependencyCalled) -> None:
        stream = self._streams.get(event.trace.span_id) if event.trace else None
        if stream is None:
            self._calls.called(event)
        else:
            stream.calls.append(event)

    def _add_event(self, trace: Trace | None, event: SpanEvent, attributes: Attributes | None = None) -> None:
        """Without an active stream nothing is recorded."""
        stream = self._streams.get(trace.span_id) if trace else None
        if stream is not None:
            stream.add_event(event, attributes, stream.ns(self._steady()))

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
        stream.add_event(spans.EXCEPTION, attributes, stream.ns(self._steady()))

    def _ended(self, event: events.StreamEnded) -> None:
        if event.outcome in (Outcome.COMPLETED, Outcome.SKIPPED):
            self._add_event(event.trace, spans.LAST_CHUNK)
        stream = self._streams.pop(event.trace.span_id)
        failed = stream.failed(event)
        if event.trace.sampled or failed:
            self._emit_stream(stream, event, failed=failed)

    def _emit_stream(self, stream: StreamRecord, ended: events.StreamEnded, *, failed: bool) -> None:
        parent = remote_context(ended.trace.parent)
        root = local_context(int(ended.trace.trace_id, 16), int(ended.trace.span_id, 16), parent)
        times, stages = ended.times, stream.started.stages if stream.started is not None else ended.stages
        ended_at = stream.origin.times.received.seconds if times.ended is None else times.ended
        parts = _recovery(times) if isinstance(stream.origin, StreamRecovered) else _request(times, stages)
        for span, began, until in (*parts, (spans.DELIVER, times.started, None)):
            if began is not None:
                self._finished.emit_child(span, root, stream.ns(began), stream.ns(ended_at if until is None else until))
        self._finished.emit(
            spans.STREAM,
            root,
            parent,
            stream.ns(times.received.seconds),
            stream.ns(ended_at),
            attributes=stream.attributes(ended),
            events=stream.span_events(),
            links=self._handshakes.links(ended.connection_id),
            failed=failed,
        )
        self._calls.emit_children(stream.calls, root, stream.ns(times.received.seconds))


_Part = tuple[Span, float | None, float | None]
"""A span, its begin and its end: without a begin there is none, without an end it lasted as long as the stream."""


def _recovery(times: StreamTimes) -> Iterator[_Part]:
    yield spans.RECOVER, times.received.seconds, times.started


def _request(times: StreamTimes, stages: Iterable[StageTime]) -> Iterator[_Part]:
    yield spans.VALIDATE, times.received.seconds, times.called
    yield spans.RATE_LIMIT, times.called, times.admitted
    left_at = times.ended if times.dequeued is None else times.dequeued
    if times.admitted is not None and left_at is not None and left_at - times.admitted >= _WAITED_SECONDS:
        yield spans.QUEUE, times.admitted, left_at
    for stage in stages:
        if stage.stage is not Stage.WAIT or stage.seconds >= _WAITED_SECONDS:
            yield _STAGES[stage.stage], stage.began_at, stage.began_at + stage.seconds
    if times.started != times.prepared:
        yield spans.STORE, times.prepared, times.started

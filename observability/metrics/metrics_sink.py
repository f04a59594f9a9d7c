"""The sink that counts, and the exposition of the metrics."""

from typing import TypeVar, assert_never

from msgspec.structs import replace
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from observability.dependencies import configured_dependencies
from observability.metrics.exposition import exposition
from observability.metrics.memory import MemoryCollector
from observability.registry import metric_types
from observability.registry import metrics as declared
from observability.registry.log_types import LogLevel
from observability.registry.metric_types import OTHER, Lookup, RecoveryKind, Signal, StreamState
from service import events
from service.events import Outcome
from service.protocol.server_messages import SERVER_MESSAGE_TYPES
from service.protocol.trace import Trace
from service.settings import Settings

_SINK_LABELS = {"DependencyStates": "Dependencies"}
"""Released label values of ``stream_telemetry_errors_total`` that are not the name of the class."""


class Metrics:
    """All declared metrics, each label combination at 0.

    ``exposed`` is the registry of the metrics of all workers. Without it this process is the only one, and exposes its
    own metrics and those of the interpreter. All methods but ``record`` may be called from any thread.
    """

    def __init__(self, settings: Settings, exposed: CollectorRegistry | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a third of all series
        self._registry = exposed or CollectorRegistry()
        create = _MetricFactory(self._registry if exposed is None else None)
        self._connections = create.gauges(declared.CONNECTIONS_ACTIVE)[()]
        self._attempts = create.counters(declared.CONNECTION_ATTEMPTS)
        self._closes = create.counters(declared.CONNECTION_CLOSES)
        self._connection_seconds = create.histograms(declared.CONNECTION_DURATION)[()]
        self._received = create.counters(declared.MESSAGES_RECEIVED)
        self._sent = create.counters(declared.MESSAGES_SENT)
        self._received_bytes = create.counters(declared.RECEIVED_BYTES)[()]
        self._sent_bytes = create.counters(declared.SENT_BYTES)[()]
        self._requests = create.counters(declared.REQUESTS)
        self._errors = create.counters(declared.ERRORS)
        self._rate_limit_hits = create.counters(declared.RATE_LIMIT_HITS)
        self._processing_seconds = create.histograms(declared.PROCESSING_DURATION)
        self._stage_seconds = create.histograms(declared.STAGE_DURATION)
        self._content_bytes = create.histograms(declared.CONTENT_BYTES)
        self._removed = create.counters(declared.REMOVED)
        self._chunks = create.histograms(declared.CHUNKS)
        self._first_chunk_seconds = create.histograms(declared.TIME_TO_FIRST_CHUNK)
        self._stream_seconds = create.histograms(declared.STREAM_DURATION)
        self._recoveries = create.counters(declared.RECOVERIES)
        self._recovery_seconds = create.histograms(declared.RECOVERY_DURATION)[()]
        self._active = create.gauges(declared.ACTIVE_STREAMS)
        self._pacing_lag_seconds = create.histograms(declared.PACING_LAG)[()]
        self._send_seconds = create.histograms(declared.CHUNK_SEND)[()]
        self._backpressure = create.counters(declared.BACKPRESSURE)[()]
        self._paused_seconds = create.counters(declared.PAUSED_SECONDS)[()]
        availability = replace(declared.DEPENDENCY_UP, labels={"dependency": configured_dependencies(settings)})
        self._dependencies_up = create.gauges(availability)
        self._dependency_errors = create.counters(declared.DEPENDENCY_ERRORS)
        self._cache_lookups = create.counters(declared.PLAN_CACHE_LOOKUPS)
        self._usage_dropped = create.counters(declared.USAGE_DROPPED)[()]
        self._loop_lag_seconds = create.histograms(declared.EVENT_LOOP_LAG)[()]
        self._dropped = create.counters(declared.TELEMETRY_DROPPED)
        self._sink_errors = create.counters(declared.TELEMETRY_ERRORS)
        self._log_records = create.counters(declared.LOG_RECORDS)
        self._http_requests = create.counters(declared.HTTP_REQUESTS)
        self._http_seconds = create.histograms(declared.HTTP_REQUEST_DURATION)
        for (limit,), gauge in create.gauges(declared.CONFIG_LIMIT).items():
            gauge.set(getattr(settings, limit))
        for gauge in (*create.gauges(declared.BUILD_INFO).values(), *self._dependencies_up.values()):
            gauge.set(1)
        if exposed is None:
            for collect in (ProcessCollector, PlatformCollector, GCCollector):
                collect(registry=self._registry)
        self._registry.register(MemoryCollector(settings.memory_limit))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format of the Accept header, and the content type. Not for the event loop."""
        return exposition(self._registry, accept)

    def count_dropped(self, signal: Signal, count: int = 1) -> None:
        """Count what a signal lost on its way out."""
        self._dropped[signal,].inc(count)

    def count_log_record(self, level: LogLevel) -> None:
        """Count a log line."""
        self._log_records[level,].inc()

    def count_sink_failure(self, sink: object) -> None:
        """Count an exception of a sink."""
        name = type(sink).__name__
        name = _SINK_LABELS.get(name, name)
        self._sink_errors[name if (name,) in self._sink_errors else OTHER,].inc()

    def record(self, event: events.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one match over all events
        match event:
            case events.TickerSwept():
                self._pacing_lag_seconds.observe(event.worst_lag_seconds)
            case events.MessageReceived():
                self._received[event.type or OTHER,].inc()
                self._received_bytes.inc(event.bytes)
            case events.MessagesSent():
                for kind, count in event.counts.items():
                    self._sent[SERVER_MESSAGE_TYPES[kind],].inc(count)
                self._sent_bytes.inc(event.bytes)
            case events.LoopLagMeasured():
                self._loop_lag_seconds.observe(event.lag_seconds)
            case events.ConnectionAttempted():
                self._attempts[event.outcome,].inc()
            case events.ConnectionOpened():
                self._connections.inc()
            case events.ConnectionClosed():
                self._connections.dec()
                self._closes[event.reason,].inc()
                self._connection_seconds.observe(event.duration_seconds)
            case events.ErrorSent():
                self._errors[event.code,].inc()
            case events.RequestRejected():
                self._requests[event.content_type, event.outcome].inc()
            case events.RateLimitHit():
                self._rate_limit_hits["session",].inc()
            case events.RequestAdmitted():
                self._content_bytes[event.content_type,].observe(event.content_bytes)
            case events.StreamStarted():
                self._processed(event, event.processing_seconds, _exemplar(event.trace))
                for removal, count in event.removed.items():
                    self._removed[removal,].inc(count)
                self._chunks[event.content_type,].observe(event.chunks)
                self._active[StreamState.of(paused=event.paused),].inc()
            case events.FirstChunkSent():
                self._first_chunk_seconds[event.content_type,].observe(event.seconds, _exemplar(event.trace))
            case events.StreamPauseChanged():
                self._active[StreamState.of(paused=not event.paused),].dec()
                self._active[StreamState.of(paused=event.paused),].inc()
            case events.StreamRecovered():
                self._recoveries[RecoveryKind.of(repeated=event.repeated),].inc()
                self._recovery_seconds.observe(event.waited_seconds)
                self._active[StreamState.of(paused=event.paused),].inc()
            case events.RecoveryRefused():
                self._recoveries[event.reason,].inc()
            case events.StreamEnded():
                self._ended(event)
            case events.BackpressureApplied():
                self._backpressure.inc()
            case events.BackpressureReleased():
                self._send_seconds.observe(event.seconds)
            case events.DependencyChanged():
                self._dependencies_up[event.dependency,].set(event.up)
            case events.DependencyFailed():
                self._dependency_errors[event.dependency,].inc()
            case events.CacheQueried():
                self._cache_lookups[event.tier, Lookup.of(hit=event.hit)].inc()
            case events.UsageDropped():
                self._usage_dropped.inc(event.rows)
            case events.HttpRequestServed():
                labels = _http_labels(event)
                self._http_requests[labels].inc()
                self._http_seconds[labels].observe(event.seconds)
            case (
                events.RateLimitApproached()
                | events.StreamSkipRequested()
                | events.FallbackUsed()
                | events.FaultRaised()
                | events.StoredInMemory()
            ):
                pass  # counted as log lines and errors
            case (
                events.ServerStarted()
                | events.ServerListening()
                | events.WorkerReplaced()
                | events.DrainStarted()
                | events.DrainEnded()
            ):
                pass
            case _:
                assert_never(event)

    def _ended(self, event: events.StreamEnded) -> None:
        # The spans of a failed stream are exported regardless of the sampling decision.
        exemplar = _exemplar(event.trace, exported=event.outcome is Outcome.ERROR)
        self._paused_seconds.inc(event.paused_seconds)
        if event.processing_seconds is not None:
            self._processed(event, event.processing_seconds, exemplar)
        if event.started:
            self._active[StreamState.of(paused=event.paused),].dec()
        continues = event.started and event.outcome is Outcome.TAKEN_OVER
        if event.counted or continues:  # counted where the connection was lost, or where the stream ends
            return
        self._requests[event.content_type, event.outcome].inc()
        if event.started:
            self._stream_seconds[event.outcome,].observe(event.duration_seconds, exemplar)

    def _processed(
        self, event: events.StreamStarted | events.StreamEnded, seconds: float, exemplar: dict[str, str] | None
    ) -> None:
        self._processing_seconds[event.content_type,].observe(seconds, exemplar)
        for stage in event.stages:
            self._stage_seconds[stage.stage,].observe(stage.seconds)


_Family = TypeVar("_Family", Counter, Gauge, Histogram)
_Children = dict[tuple[str, ...], _Family]
"""By their label values: a lookup in a dictionary is much faster than ``labels()``."""


class _MetricFactory:
    """Creates the metrics of prometheus_client from their declarations, in ``registry`` if there is one."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._registry = registry

    def counters(self, metric: metric_types.Counter) -> _Children[Counter]:
        family = Counter(metric.name, metric.help, metric.labels, unit=metric.unit, registry=self._registry)
        return _children(metric, family)

    def gauges(self, metric: metric_types.Gauge) -> _Children[Gauge]:
        family = Gauge(
            metric.name,
            metric.help,
            metric.labels,
            unit=metric.unit,
            registry=self._registry,
            multiprocess_mode=metric.workers,
        )
        return _children(metric, family)

    def histograms(self, metric: metric_types.Histogram) -> _Children[Histogram]:
        family = Histogram(
            metric.name,
            metric.help,
            metric.labels,
            unit=metric.unit,
            registry=self._registry,
            buckets=metric.buckets,
        )
        return _children(metric, family)


def _children(metric: metric_types.Metric, family: _Family) -> _Children[_Family]:
    return {values: family.labels(*values) if values else family for values in metric.combinations()}


def _exemplar(trace: Trace, *, exported: bool = False) -> dict[str, str] | None:
    """The ids of an exported trace; no exemplar leads to a trace that was not exported."""
    return {"trace_id": trace.trace_id, "span_id": trace.span_id} if trace.sampled or exported else None


def _http_labels(event: events.HttpRequestServed) -> tuple[str, ...]:
    methods, routes, _ = declared.HTTP_REQUESTS.labels.values()
    return (
        event.method if event.method in methods else OTHER,
        event.route if event.route in routes else OTHER,
        f"{event.status // 100}xx",
    )

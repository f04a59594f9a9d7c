"""The metrics: a sink that counts, and what a scrape is shown."""

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

from observability.dependencies import named_dependencies
from observability.metrics.exposition import exposition
from observability.metrics.memory import MemoryCollector
from observability.registry import metrics as declared
from observability.registry.log_events import LogLevel
from observability.registry.metrics import OTHER, Lookup, RecoveryKind, Signal, StreamState
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
from service.protocol.server_messages import SERVER_MESSAGE_TYPES
from service.protocol.trace import Trace
from service.settings import Settings


class Metrics:
    """All that is declared, each label combination at 0.

    ``shown`` is what a scrape sees where several workers share their numbers; without it this process is the only
    one, and shows its own with those of the interpreter. The methods that are not ``record`` may be called from any
    thread.
    """

    def __init__(self, settings: Settings, shown: CollectorRegistry | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # half as many series again
        self._shown = shown or CollectorRegistry()
        born = _Births(self._shown if shown is None else None)
        self._connections = born.gauges(declared.CONNECTIONS_ACTIVE)[()]
        self._attempts = born.counters(declared.CONNECTION_ATTEMPTS)
        self._closes = born.counters(declared.CONNECTION_CLOSES)
        self._connection_seconds = born.histograms(declared.CONNECTION_DURATION)[()]
        self._received = born.counters(declared.MESSAGES_RECEIVED)
        self._sent = born.counters(declared.MESSAGES_SENT)
        self._received_bytes = born.counters(declared.RECEIVED_BYTES)[()]
        self._sent_bytes = born.counters(declared.SENT_BYTES)[()]
        self._requests = born.counters(declared.REQUESTS)
        self._errors = born.counters(declared.ERRORS)
        self._rate_limit_hits = born.counters(declared.RATE_LIMIT_HITS)
        self._processing_seconds = born.histograms(declared.PROCESSING_DURATION)
        self._stage_seconds = born.histograms(declared.STAGE_DURATION)
        self._content_bytes = born.histograms(declared.CONTENT_BYTES)
        self._removed = born.counters(declared.REMOVED)
        self._chunks = born.histograms(declared.CHUNKS)
        self._first_chunk_seconds = born.histograms(declared.TIME_TO_FIRST_CHUNK)
        self._stream_seconds = born.histograms(declared.STREAM_DURATION)
        self._recoveries = born.counters(declared.RECOVERIES)
        self._recovery_seconds = born.histograms(declared.RECOVERY_DURATION)[()]
        self._active = born.gauges(declared.ACTIVE_STREAMS)
        self._pacing_lag_seconds = born.histograms(declared.PACING_LAG)[()]
        self._send_seconds = born.histograms(declared.CHUNK_SEND)[()]
        self._backpressure = born.counters(declared.BACKPRESSURE)[()]
        self._paused_seconds = born.counters(declared.PAUSED_SECONDS)[()]
        named = replace(declared.DEPENDENCY_UP, labels={"dependency": named_dependencies(settings)})
        self._dependencies_up = born.gauges(named)
        self._dependency_errors = born.counters(declared.DEPENDENCY_ERRORS)
        self._cache_lookups = born.counters(declared.PLAN_CACHE_LOOKUPS)
        self._usage_dropped = born.counters(declared.USAGE_DROPPED)[()]
        self._loop_lag_seconds = born.histograms(declared.EVENT_LOOP_LAG)[()]
        self._dropped = born.counters(declared.TELEMETRY_DROPPED)
        self._sink_errors = born.counters(declared.TELEMETRY_ERRORS)
        self._log_records = born.counters(declared.LOG_RECORDS)
        self._http_requests = born.counters(declared.HTTP_REQUESTS)
        self._http_seconds = born.histograms(declared.HTTP_REQUEST_DURATION)
        for (limit,), gauge in born.gauges(declared.CONFIG_LIMIT).items():
            gauge.set(getattr(settings, limit))
        for gauge in (*born.gauges(declared.BUILD_INFO).values(), *self._dependencies_up.values()):
            gauge.set(1)
        if shown is None:
            for collect in (ProcessCollector, PlatformCollector, GCCollector):
                collect(registry=self._shown)
        self._shown.register(MemoryCollector(settings.memory_limit))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """What a scraper that sends this Accept header gets, and its content type. Not for the event loop."""
        return exposition(self._shown, accept)

    def dropped(self, signal: Signal, count: int = 1) -> None:
        """So much of a signal was lost on its way out."""
        self._dropped[signal,].inc(count)

    def log_record(self, level: LogLevel) -> None:
        """A line was logged."""
        self._log_records[level,].inc()

    def sink_failed(self, sink: object) -> None:
        """A sink raised; its class is the label."""
        name = type(sink).__name__
        self._sink_errors[name if (name,) in self._sink_errors else OTHER,].inc()

    def record(self, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one match over all events
        match event:
            case TickerSwept():
                self._pacing_lag_seconds.observe(event.worst_lag_seconds)
            case MessageReceived():
                self._received[event.type or OTHER,].inc()
                self._received_bytes.inc(event.bytes)
            case MessagesSent():
                for kind, count in event.counts.items():
                    self._sent[SERVER_MESSAGE_TYPES[kind],].inc(count)
                self._sent_bytes.inc(event.bytes)
            case LoopLagMeasured():
                self._loop_lag_seconds.observe(event.lag_seconds)
            case ConnectionAttempted():
                self._attempts[event.outcome,].inc()
            case ConnectionOpened():
                self._connections.inc()
            case ConnectionClosed():
                self._connections.dec()
                self._closes[event.reason,].inc()
                self._connection_seconds.observe(event.duration_seconds)
            case ErrorSent():
                self._errors[event.code,].inc()
            case RequestRejected():
                self._requests[event.content_type, event.outcome].inc()
            case RateLimitHit():
                self._rate_limit_hits["session",].inc()
            case RequestAdmitted():
                self._content_bytes[event.content_type,].observe(event.content_bytes)
            case StreamStarted():
                self._processed(event, event.processing_seconds, _exemplar(event.trace))
                for removal, count in event.removed.items():
                    self._removed[removal,].inc(count)
                self._chunks[event.content_type,].observe(event.chunks)
                self._active[StreamState.of(paused=event.paused),].inc()
            case FirstChunkSent():
                self._first_chunk_seconds[event.content_type,].observe(event.seconds, _exemplar(event.trace))
            case StreamPauseChanged():
                self._active[StreamState.of(paused=not event.paused),].dec()
                self._active[StreamState.of(paused=event.paused),].inc()
            case StreamRecovered():
                self._recoveries[RecoveryKind.of(repeated=event.repeated),].inc()
                self._recovery_seconds.observe(event.waited_seconds)
                self._active[StreamState.of(paused=event.paused),].inc()
            case RecoveryRefused():
                self._recoveries[event.reason,].inc()
            case StreamEnded():
                self._ended(event)
            case BackpressureApplied():
                self._backpressure.inc()
            case BackpressureReleased():
                self._send_seconds.observe(event.seconds)
            case DependencyChanged():
                self._dependencies_up[event.dependency,].set(event.up)
            case DependencyFailed():
                self._dependency_errors[event.dependency,].inc()
            case CacheQueried():
                self._cache_lookups[event.tier, Lookup.of(hit=event.hit)].inc()
            case UsageDropped():
                self._usage_dropped.inc(event.rows)
            case HttpRequestServed():
                labels = _http_labels(event)
                self._http_requests[labels].inc()
                self._http_seconds[labels].observe(event.seconds)
            case RateLimitApproached() | StreamSkipRequested() | FallbackUsed() | FaultRaised() | StoredInMemory():
                pass  # counted by the log lines and errors they come with
            case ServerStarted() | ServerListening() | WorkerReplaced() | DrainStarted() | DrainEnded():
                pass
            case _:
                assert_never(event)

    def _ended(self, event: StreamEnded) -> None:
        # What ended by our fault is exported, sampled or not.
        exemplar = _exemplar(event.trace, exported=event.outcome is Outcome.ERROR)
        self._paused_seconds.inc(event.paused_seconds)
        if event.processing_seconds is not None:
            self._processed(event, event.processing_seconds, exemplar)
        if event.started:
            self._active[StreamState.of(paused=event.paused),].dec()
        goes_on = event.started and event.outcome is Outcome.TAKEN_OVER
        if event.counted or goes_on:  # it was counted where it broke off, or will be where it ends
            return
        self._requests[event.content_type, event.outcome].inc()
        if event.started:
            self._stream_seconds[event.outcome,].observe(event.duration_seconds, exemplar)

    def _processed(self, event: StreamStarted | StreamEnded, seconds: float, exemplar: dict[str, str] | None) -> None:
        self._processing_seconds[event.content_type,].observe(seconds, exemplar)
        for stage in event.stages:
            self._stage_seconds[stage.stage,].observe(stage.seconds)


_Family = TypeVar("_Family", Counter, Gauge, Histogram)
_Children = dict[tuple[str, ...], _Family]
"""By their label values: looking one up in a dictionary beats ``labels()`` by far."""


class _Births:
    """Makes the library's metrics from their declarations. What it makes shows in ``registry``, if there is one."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._registry = registry

    def counters(self, metric: declared.Counter) -> _Children[Counter]:
        family = Counter(metric.name, metric.help, metric.labels, unit=metric.unit, registry=self._registry)
        return _children(metric, family)

    def gauges(self, metric: declared.Gauge) -> _Children[Gauge]:
        family = Gauge(
            metric.name,
            metric.help,
            metric.labels,
            unit=metric.unit,
            registry=self._registry,
            multiprocess_mode=metric.workers,
        )
        return _children(metric, family)

    def histograms(self, metric: declared.Histogram) -> _Children[Histogram]:
        family = Histogram(
            metric.name,
            metric.help,
            metric.labels,
            unit=metric.unit,
            registry=self._registry,
            buckets=metric.buckets,
        )
        return _children(metric, family)


def _children(metric: declared.Metric, family: _Family) -> _Children[_Family]:
    return {values: family.labels(*values) if values else family for values in metric.combinations()}


def _exemplar(trace: Trace, *, exported: bool = False) -> dict[str, str] | None:
    """The ids of a trace that can be looked up; not of others, which would lead nowhere."""
    return {"trace_id": trace.trace_id, "span_id": trace.span_id} if trace.sampled or exported else None


def _http_labels(event: HttpRequestServed) -> tuple[str, ...]:
    methods, routes, _ = declared.HTTP_REQUESTS.labels.values()
    return (
        event.method if event.method in methods else OTHER,
        event.route if event.route in routes else OTHER,
        f"{event.status // 100}xx",
    )

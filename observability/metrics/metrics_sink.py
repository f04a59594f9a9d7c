"""The sink that counts, and the exposition of the metrics."""

import re
from collections.abc import Iterable, Mapping
from typing import assert_never

from msgspec.structs import replace
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from observability.dependencies import configured_dependencies
from observability.metrics.bucket_counts import BucketCounts
from observability.metrics.exposition import exposition
from observability.metrics.ledger import LEDGER_METRICS, Ledger, LedgerCollector
from observability.metrics.live_counts import LiveCounts
from observability.metrics.memory import MemoryCollector
from observability.metrics.metric_set import MetricSet, exemplar_of
from observability.metrics.worker_group import WorkerContext
from observability.metrics.worker_metrics import WorkerMetrics
from observability.registry import metrics as declared
from observability.registry.log_types import LogLevel
from observability.registry.metric_types import OTHER, AdmittedBy, Counter, Lookup, RecoveryKind, Signal, StreamState
from observability.registry.metric_types import Metric as MetricType
from service import events
from service.content.stage import Stage
from service.events import AttemptOutcome, Outcome, Phase
from service.protocol.server_messages import SERVER_MESSAGE_TYPES
from service.settings import Settings

_SINK_LABELS = {"DependencyStates": "Dependencies"}
"""Released label values of ``stream_telemetry_errors_total`` that are not the name of the class."""
_NO_LABEL = re.compile(r"^(?=\d)|[^a-zA-Z0-9_]")
"""What the name of an attribute may have and that of a label may not."""
_COLLECTED = (declared.MEMORY_USAGE, declared.MEMORY_LIMIT, declared.CHUNK_LAG, *declared.LIVE_COUNTED, *LEDGER_METRICS)
"""Metrics that are read at each scrape: by ``MemoryCollector``, from ``BucketCounts`` and from the ledger."""


class Metrics:
    """All declared metrics, each label combination at 0, and those of the interpreter.

    ``exposition`` has those of all workers, ``collect`` those of this process. All methods but ``record`` and ``beat``
    may be called from any thread.
    """

    def __init__(
        self, settings: Settings, worker: WorkerContext | None = None, resource: Mapping[str, str] | None = None
    ) -> None:
        """``worker`` is this one of several; without it this process is the only one. ``resource`` identifies it."""
        disable_created_metrics()  # type: ignore[no-untyped-call] # a third of all series
        self._own = CollectorRegistry(
            target_info={_NO_LABEL.sub("_", name): value for name, value in (resource or {}).items()}
        )
        self._worker, self._ledger = (0, Ledger(1)) if worker is None else (worker.number, worker.ledger)
        self._workers = None if worker is None else WorkerMetrics(self._own, worker)
        configured = configured_dependencies(settings)
        availability = replace(declared.DEPENDENCY_UP, labels={"dependency": configured})
        calls = frozenset(labels for labels in declared.DEPENDENCY_CALLS.only if labels[0] in configured)
        unused = (*_COLLECTED, *_unused(settings))
        created = {metric.name: metric for metric in declared.METRICS if metric not in unused}
        created[availability.name] = availability
        created[declared.DEPENDENCY_CALLS.name] = replace(declared.DEPENDENCY_CALLS, only=calls)
        self._auth_mode = settings.auth_mode
        if settings.auth_mode != "none":
            created[declared.TOKEN_CHECK.name] = replace(declared.TOKEN_CHECK, labels={"mode": (settings.auth_mode,)})
        metrics = MetricSet(created.values(), self._own)
        self._counter, self._gauge, self._histogram = metrics.counter, metrics.gauge, metrics.histogram
        for metric in declared.CONFIG_LIMITS:
            for (limit,) in metric.combinations():
                self._gauge(metric, limit).set(getattr(settings, limit))
        self._gauge(declared.STORE_LIMIT).set(settings.store_max_bytes)
        if settings.auth_jwks_url:
            self._gauge(declared.TOKEN_KEYS_FETCHED).set_to_current_time()
        for metric in (declared.BUILD_INFO, availability):
            for labels in metric.combinations():
                self._gauge(metric, *labels).set(1)
        for collect in (ProcessCollector, PlatformCollector, GCCollector):
            collect(registry=self._own)
        self._own.register(MemoryCollector(settings.memory_limit))
        self._chunk_lags = BucketCounts(declared.CHUNK_LAG)
        self._own.register(self._chunk_lags)
        self._live = LiveCounts(metrics, self._own) if _publishes(settings) else None
        self._own.register(LedgerCollector(self._ledger, {self._worker: True}, labelled=False))

    def start(self) -> None:
        """Answer the scrapes of other workers."""
        if self._workers is not None:
            self._workers.start()

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format of the Accept header, and the content type. Not for the event loop."""
        return exposition(self._own, accept) if self._workers is None else self._workers.exposition(accept)

    def collect(self) -> Iterable[Metric]:
        """The metrics of this process alone. Not for the event loop."""
        return self._own.collect()

    def beat(self) -> None:
        """Record that the event loop runs; to be called there several times a second."""
        self._ledger.beat(self._worker)

    def count_dropped(self, signal: Signal, count: int = 1) -> None:
        """Count what a signal lost on its way out."""
        self._counter(declared.TELEMETRY_DROPPED, signal).inc(count)

    def count_throttled(self, signal: Signal) -> None:
        """Count what a signal leaves out on purpose."""
        self._counter(declared.TELEMETRY_THROTTLED, signal).inc()

    def count_log_record(self, level: LogLevel) -> None:
        """Count a log line."""
        self._counter(declared.LOG_RECORDS, level).inc()

    def count_sink_failure(self, sink: object) -> None:
        """Count an exception of a sink."""
        name = type(sink).__name__
        name = _SINK_LABELS.get(name, name)
        known = name in declared.TELEMETRY_ERRORS.labels["sink"]
        self._counter(declared.TELEMETRY_ERRORS, name if known else OTHER).inc()

    def record(self, event: events.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one match over all events
        match event:
            case events.MessageReceived():
                self._counter(declared.MESSAGES_RECEIVED, event.type or OTHER).inc()
                self._counter(declared.RECEIVED_BYTES).inc(event.bytes)
            case events.MessagesSent():
                for kind, count in event.counts.items():
                    self._counter(declared.MESSAGES_SENT, SERVER_MESSAGE_TYPES[kind]).inc(count)
                self._counter(declared.SENT_BYTES).inc(event.bytes)
                self._chunk_lags.add(event.chunk_lags.counts, event.chunk_lags.seconds)
            case events.LoopLagMeasured():
                self._histogram(declared.EVENT_LOOP_LAG).observe(event.lag_seconds)
            case events.LoopStalled():
                self._counter(declared.EVENT_LOOP_STALL).inc(event.seconds)
            case events.ConnectionAttempted():
                self._counter(declared.CONNECTION_ATTEMPTS, event.outcome).inc()
                if event.outcome is AttemptOutcome.ACCEPTED:
                    self._histogram(declared.REQUEST_PHASE, Phase.HANDSHAKE).observe(event.seconds)
            case events.ConnectionOpened():
                self._count(declared.CONNECTIONS_OPENED)
            case events.ConnectionClosed():
                self._count(declared.CONNECTION_CLOSES, event.reason)
                self._histogram(declared.CONNECTION_DURATION).observe(event.duration_seconds)
            case events.ErrorSent():
                self._counter(declared.ERRORS, event.code).inc()
            case events.RequestRejected():
                self._count(declared.REQUESTS, event.content_type or OTHER, event.outcome)
            case events.RateLimitHit():
                self._counter(declared.RATE_LIMIT_HITS, "session").inc()
            case events.RequestAdmitted():
                self._count(declared.REQUESTS_ADMITTED, AdmittedBy.REQUEST)
                self._histogram(declared.CONTENT_BYTES, event.content_type).observe(event.content_bytes)
            case events.StreamStarted():
                self._prepared(event, event.processing_seconds, exemplar_of(event.trace))
                self._phases(event)
                for removal, count in event.removed.items():
                    self._counter(declared.REMOVED, removal).inc(count)
                self._histogram(declared.CHUNKS, event.content_type).observe(event.chunks)
                self._active(paused=event.paused).inc()
            case events.FirstChunkSent():
                first_chunk = self._histogram(declared.TIME_TO_FIRST_CHUNK, event.content_type)
                first_chunk.observe(event.seconds, exemplar_of(event.trace))
            case events.StreamPauseChanged():
                self._active(paused=not event.paused).dec()
                self._active(paused=event.paused).inc()
            case events.StreamRecovered():
                self._count(declared.REQUESTS_ADMITTED, AdmittedBy.RECOVERY)
                self._counter(declared.RECOVERIES, RecoveryKind.of(repeated=event.repeated)).inc()
                self._histogram(declared.RECOVERY_DURATION).observe(event.times.waited_seconds)
                self._active(paused=event.paused).inc()
            case events.RecoveryRefused():
                self._counter(declared.RECOVERIES, event.reason).inc()
            case events.StreamEnded():
                self._ended(event)
            case events.ClientReported():
                exemplar = exemplar_of(event.trace)
                if event.first_chunk_seconds is not None:
                    self._histogram(declared.CLIENT_FIRST_CHUNK).observe(event.first_chunk_seconds, exemplar)
                if event.gap_seconds is not None:
                    self._histogram(declared.CLIENT_GAP).observe(event.gap_seconds, exemplar)
                self._counter(declared.CLIENT_BREAKS).inc(event.breaks)
            case events.BackpressureApplied():
                self._counter(declared.BACKPRESSURE).inc()
            case events.BackpressureReleased():
                self._histogram(declared.CHUNK_SEND).observe(event.seconds)
            case events.DependencyCalled():
                self._histogram(declared.DEPENDENCY_CALLS, event.dependency, event.operation).observe(event.seconds)
            case events.DependencyChanged():
                self._gauge(declared.DEPENDENCY_UP, event.dependency).set(event.up)
            case events.DependencyFailed():
                self._counter(declared.DEPENDENCY_ERRORS, event.dependency).inc()
            case events.CacheQueried():
                self._counter(declared.PLAN_CACHE_LOOKUPS, event.tier, Lookup.of(hit=event.hit)).inc()
            case events.UsageDropped():
                self._counter(declared.USAGE_DROPPED).inc(event.rows)
            case events.ContentQueueChanged():
                self._gauge(declared.CONTENT_QUEUE, event.worker).set(event.requests)
            case events.ContentWorked():
                self._histogram(declared.CONTENT_WAIT, event.worker).observe(event.waited_seconds)
                self._counter(declared.CONTENT_CPU, event.worker).inc(event.cpu_seconds)
            case events.ContentRefused():
                self._counter(declared.CONTENT_REFUSED, event.worker, event.reason).inc()
            case events.ContentWorkKilled():
                self._counter(declared.CONTENT_KILLED, event.reason).inc()
            case events.HttpRequestServed():
                method, route, status = _http_labels(event)
                self._counter(declared.HTTP_REQUESTS, method, route, status).inc()
                self._histogram(declared.HTTP_REQUEST_DURATION, route).observe(event.seconds)
            case events.PendingSocketsCounted():
                self._gauge(declared.PENDING_SOCKETS).set(event.pending)
            case events.SocketDropped():
                self._counter(declared.SOCKETS_DROPPED, event.reason).inc()
            case events.SocketLimitSet():
                self._gauge(declared.SOCKET_LIMIT).set(event.sockets)
            case events.AcceptPaused():
                self._counter(declared.ACCEPT_PAUSES).inc()
            case events.RateLimitApproached() | events.StreamSkipRequested() | events.FallbackUsed():
                pass  # counted as log lines
            case events.StoreLimitReached():
                self._counter(declared.STORE_REFUSALS, event.limit).inc()
            case events.StoreMeasured():
                self._gauge(declared.STORE_BYTES).set(event.bytes)
                self._gauge(declared.STORE_SESSIONS).set(event.sessions)
            case events.StoredInMemory():
                self._gauge(declared.DEPENDENCY_UP, event.what).set(0)
            case events.FaultRaised() | events.WorkerReplaced() | events.SessionJoined() | events.ChunkSent():
                pass
            case events.ServerStarted() | events.ServerListening() | events.DrainStarted() | events.DrainEnded():
                pass
            case events.AcceptResumed():
                pass
            case events.TokenChecked():
                self._histogram(declared.TOKEN_CHECK, self._auth_mode).observe(event.seconds)
            case events.TokenRefused():
                self._counter(declared.TOKEN_REFUSALS, event.reason.label).inc()
            case events.TokenKeysFetched():
                self._gauge(declared.TOKEN_KEYS_FETCHED).set_to_current_time()
            case events.RevocationsRead():
                self._gauge(declared.REVOCATIONS).set(event.known)
            case events.QuotaRefused():
                self._counter(declared.QUOTA_REFUSALS, event.kind, event.owner).inc()
            case events.QuotasUnavailable():
                self._counter(declared.QUOTAS_UNAVAILABLE).inc()
            case events.KeyMade() | events.TokensRevoked():
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
                if self._live is not None:
                    self._live.record(event)
            case _:
                assert_never(event)

    def _count(self, metric: Counter, *labels: str) -> None:
        self._ledger.count(self._worker, metric, *labels)

    def _active(self, *, paused: bool) -> Gauge:
        return self._gauge(declared.ACTIVE_STREAMS, StreamState.of(paused=paused))

    def _ended(self, event: events.StreamEnded) -> None:
        # The spans of a failed stream are exported regardless of the sampling decision.
        exemplar = exemplar_of(event.trace, exported=event.outcome is Outcome.ERROR)
        self._count(declared.REQUESTS_ENDED)
        self._counter(declared.PAUSED_SECONDS).inc(event.paused_seconds)
        if event.processing_seconds is not None:
            self._prepared(event, event.processing_seconds, exemplar)
        started = event.times.started is not None
        if started:
            self._active(paused=event.paused).dec()
        else:
            self._phases(event)
        continues = started and event.outcome is Outcome.TAKEN_OVER
        if event.counted or continues:  # counted where the connection was lost, or where the stream ends
            return
        self._count(declared.REQUESTS, event.content_type, event.outcome)
        if started:
            self._histogram(declared.STREAM_DURATION).observe(event.times.streamed_seconds, exemplar)

    def _prepared(
        self, event: events.StreamStarted | events.StreamEnded, seconds: float, exemplar: dict[str, str] | None
    ) -> None:
        self._histogram(declared.PROCESSING_DURATION, event.content_type).observe(seconds, exemplar)
        for stage in event.stages:
            if stage.stage is not Stage.WAIT:
                self._histogram(declared.STAGE_DURATION, stage.stage).observe(stage.seconds)

    def _phases(self, event: events.StreamStarted | events.StreamEnded) -> None:
        for phase, seconds in events.phases(event.times, event.stages):
            self._histogram(declared.REQUEST_PHASE, phase).observe(seconds)


def _unused(settings: Settings) -> tuple[MetricType, ...]:
    """The metrics of what the settings do not use: users, keys at an address, quotas, live streams."""
    of_users = (declared.TOKEN_CHECK, declared.REVOCATIONS)
    of_quotas = (declared.QUOTA_REFUSALS, declared.QUOTAS_UNAVAILABLE)
    return (
        *(of_users if settings.auth_mode == "none" else ()),
        *(() if settings.auth_jwks_url else (declared.TOKEN_KEYS_FETCHED,)),
        *(() if settings.has_quotas else of_quotas),
        *(() if _publishes(settings) else (declared.TOKEN_REFUSALS, *declared.LIVE_METRICS)),
    )


def _publishes(settings: Settings) -> bool:
    """Whether there can be live streams."""
    return settings.auth_mode != "none" or settings.publish_token is not None


def _http_labels(event: events.HttpRequestServed) -> tuple[str, str, str]:
    """The declared combination that is nearest to what happened."""
    declared_labels = declared.HTTP_REQUESTS
    methods, routes, _ = declared_labels.labels.values()
    method = event.method if event.method in methods else OTHER
    route = event.route if event.route in routes else OTHER
    if event.route is not None and event.route.startswith(f"{declared.LIVE_ROUTES}/"):
        route = declared.LIVE_ROUTES
    status = f"{event.status // 100}xx"
    nearest = ((method, route, status), (OTHER, route, status), (OTHER, OTHER, status))
    return next(labels for labels in nearest if labels in declared_labels.only)

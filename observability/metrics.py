"""Prometheus metrics."""

from enum import StrEnum
from itertools import product
from typing import Self, TypeVar, assert_never

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

from service import __version__
from service.core.errors import ErrorCode
from service.core.events import (
    AttemptOutcome,
    BackpressureApplied,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    DrainBegan,
    DrainEnded,
    ErrorAnswered,
    Event,
    FaultRaised,
    FirstChunkSent,
    Outcome,
    RateLimitApproached,
    RateLimitHit,
    RequestAdmitted,
    RequestRejected,
    ServerListening,
    ServerStarted,
    StreamEnded,
    StreamPauseChanged,
    StreamStarted,
    Swept,
)
from service.core.messages import ContentType

_PROCESSING_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_FIRST_CHUNK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_CONNECTION_SECONDS = (1, 10, 60, 300, 900, 1800, 3600, 7200)
_STREAM_SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_CHUNKS = (1, 5, 10, 25, 50, 100, 200, 500, 1000, 2000, 5000)


class Metrics:
    """A sink over one registry. Each label combination is born at 0, or its first increase would not show."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._connections = Gauge("stream_connections_active", "Open WebSocket connections.", registry=registry)
        self._attempts = _labelled(
            Counter("stream_connection_attempts", "Handshakes by outcome.", ["outcome"], registry=registry),
            AttemptOutcome,
        )
        self._closes = _labelled(
            Counter("stream_connection_closes", "Connections that ended, by reason.", ["reason"], registry=registry),
            CloseReason,
        )
        self._connection_seconds = Histogram(
            "stream_connection_duration_seconds",
            "How long connections lasted.",
            buckets=_CONNECTION_SECONDS,
            registry=registry,
        )
        self._requests = _labelled(
            Counter("stream_requests", "Stream requests by outcome.", ["content_type", "outcome"], registry=registry),
            ContentType,
            Outcome,
        )
        self._errors = _labelled(
            Counter("stream_errors", "Errors that clients were told of.", ["code"], registry=registry), ErrorCode
        )
        self._rate_limit_hits = Counter(
            "stream_rate_limit_hits", "Requests over a limit.", ["scope"], registry=registry
        ).labels("session")
        self._processing_seconds = _labelled(
            Histogram(
                "stream_processing_duration_seconds",
                "Content work from request to plan.",
                ["content_type"],
                buckets=_PROCESSING_SECONDS,
                registry=registry,
            ),
            ContentType,
        )
        self._chunks = _labelled(
            Histogram(
                "stream_chunks",
                "Chunks that streams were cut into.",
                ["content_type"],
                buckets=_CHUNKS,
                registry=registry,
            ),
            ContentType,
        )
        self._first_chunk_seconds = _labelled(
            Histogram(
                "stream_time_to_first_chunk_seconds",
                "From a request leaving the queue to its first chunk.",
                ["content_type"],
                buckets=_FIRST_CHUNK_SECONDS,
                registry=registry,
            ),
            ContentType,
        )
        self._stream_seconds = _labelled(
            Histogram(
                "stream_duration_seconds",
                "From stream_start to the end of the stream.",
                ["outcome"],
                buckets=_STREAM_SECONDS,
                registry=registry,
            ),
            Outcome,
        )
        self._active = _labelled(
            Gauge("stream_active_streams", "Streams under way.", ["state"], registry=registry), _State
        )
        self._pacing_lag_seconds = Histogram(
            "stream_pacing_lag_seconds",
            "How late the latest chunk of a sweep was sent.",
            buckets=_LAG_SECONDS,
            registry=registry,
        )
        self._backpressure = Counter("stream_backpressure", "Times that a client's socket was full.", registry=registry)
        self._paused_seconds = Counter("stream_paused_seconds", "Time that streams were paused.", registry=registry)
        self._telemetry_errors = Counter(
            "stream_telemetry_errors", "Events that a sink failed on.", ["sink"], registry=registry
        )
        Gauge("stream_build_info", "The version, as a label.", ["version"], registry=registry).labels(__version__).set(
            1
        )
        for collect in (ProcessCollector, PlatformCollector, GCCollector):
            collect(registry=registry)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All metrics and their content type, in the format that the Accept header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def sink_failed(self, sink: object) -> None:
        self._telemetry_errors.labels(type(sink).__name__).inc()

    def record(self, event: Event) -> None:  # noqa: C901, PLR0912 - one match over all events
        match event:
            case ConnectionAttempted():
                self._attempts[event.outcome,].inc()
            case ConnectionOpened():
                self._connections.inc()
            case ConnectionClosed():
                self._connections.dec()
                self._closes[event.reason,].inc()
                self._connection_seconds.observe(event.duration_seconds)
            case ErrorAnswered():
                self._errors[event.code,].inc()
            case RequestRejected():
                self._requests[event.content_type, Outcome.REJECTED].inc()
            case RateLimitHit():
                self._rate_limit_hits.inc()
            case StreamStarted():
                self._processing_seconds[event.content_type,].observe(event.processing_seconds)
                self._chunks[event.content_type,].observe(event.chunks)
                self._active[_State.of(paused=event.paused),].inc()
            case FirstChunkSent():
                self._first_chunk_seconds[event.content_type,].observe(event.seconds)
            case StreamPauseChanged():
                self._active[_State.of(paused=not event.paused),].dec()
                self._active[_State.of(paused=event.paused),].inc()
            case StreamEnded():
                self._requests[event.content_type, event.outcome].inc()
                self._paused_seconds.inc(event.paused_seconds)
                if event.started:
                    self._stream_seconds[event.outcome,].observe(event.duration_seconds)
                    self._active[_State.of(paused=event.paused),].dec()
            case Swept():
                self._pacing_lag_seconds.observe(event.worst_lag_seconds)
            case BackpressureApplied():
                self._backpressure.inc()
            case RequestAdmitted() | RateLimitApproached() | FaultRaised():
                pass
            case ServerStarted() | ServerListening() | DrainBegan() | DrainEnded():
                pass
            case _:
                assert_never(event)


class _State(StrEnum):
    STREAMING = "streaming"
    PAUSED = "paused"

    @classmethod
    def of(cls, *, paused: bool) -> Self:
        return cls("paused" if paused else "streaming")


_Metric = TypeVar("_Metric", Counter, Gauge, Histogram)


def _labelled(metric: _Metric, *labels: type[StrEnum]) -> dict[tuple[StrEnum, ...], _Metric]:
    """Every child of a metric, by its label values: looking one up in a dictionary beats ``labels()`` by far."""
    return {values: metric.labels(*values) for values in product(*labels)}

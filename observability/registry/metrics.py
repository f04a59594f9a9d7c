"""Every metric, declared once: nothing is counted that does not stand here.

All label values are known before the first event, and every combination of them is born at 0: a counter that is not
there before its first error shows no increase at that error. No label ever holds an id, an address or a client's words.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import product
from math import inf
from typing import ClassVar, Literal, Self

from msgspec import Struct
from prometheus_client.utils import floatToGoString

from observability.registry.log_events import LogLevel
from service import __version__
from service.content.removal import Removal
from service.content.stage import Stage
from service.events import AttemptOutcome, CacheTier, CloseReason, Dependency, Outcome
from service.protocol.errors import ErrorCode
from service.protocol.messages import ClientMessageType, ContentType, RefusalReason
from service.protocol.server_messages import SERVER_MESSAGE_TYPES

OTHER = "other"
"""The label value of whatever has none of its own."""


class Metric(Struct, frozen=True):
    """One metric. ``labels`` has all values that each label may have."""

    type: ClassVar[str]

    name: str
    """As it is scraped; a histogram's series add _bucket, _sum and _count."""
    help: str
    labels: Mapping[str, tuple[str, ...]] = {}
    unit: str = ""

    def combinations(self) -> Iterator[tuple[str, ...]]:
        """The label values of each series; of a metric without labels, one that is empty."""
        return product(*self.labels.values())


class Counter(Metric, frozen=True):
    type = "counter"


class Gauge(Metric, frozen=True, kw_only=True):
    type = "gauge"

    workers: Literal["livesum", "max", "min"] = "livesum"
    """How the values of several workers become one: the sum of those that live, or one for all, as they are equal, or
    the least, as one that has trouble is enough."""


class Histogram(Metric, frozen=True, kw_only=True):
    type = "histogram"

    buckets: tuple[float, ...]
    """Upper edges. Every threshold that somebody promises or alerts on is one of them."""
    exemplar: bool = False
    """Whether observations carry the ids of their trace."""

    def edges(self) -> tuple[str, ...]:
        """The values of ``le`` as they are scraped; a rule has to write them the same way."""
        return tuple(floatToGoString(edge) for edge in (*self.buckets, inf))  # type: ignore[no-untyped-call]


class StreamState(StrEnum):
    STREAMING = "streaming"
    PAUSED = "paused"

    @classmethod
    def of(cls, *, paused: bool) -> Self:
        return cls.PAUSED if paused else cls.STREAMING


class RecoveryKind(StrEnum):
    """How a stream came to go on."""

    RECOVERED = "recovered"
    """Its client asked for it."""
    REPEATED = "repeated"
    """Its request came again, and it began anew."""

    @classmethod
    def of(cls, *, repeated: bool) -> Self:
        return cls.REPEATED if repeated else cls.RECOVERED


class Lookup(StrEnum):
    HIT = "hit"
    MISS = "miss"

    @classmethod
    def of(cls, *, hit: bool) -> Self:
        return cls.HIT if hit else cls.MISS


class Signal(StrEnum):
    """What telemetry sends out, and may lose."""

    LOGS = "logs"
    TRACES = "traces"
    ERRORS = "errors"


_PROCESSING_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_WAIT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_HTTP_SECONDS = (0.01, 0.1, 1)
"""Few, as each of them is there for every method, route and status."""

_CONTENT_TYPE = {"content_type": tuple(ContentType)}
_DEPENDENCY = {"dependency": tuple(Dependency)}
_HTTP = {
    "method": ("GET", "HEAD", "POST", "OPTIONS", OTHER),
    "route": ("/", "/health", "/ready", "/metrics", OTHER),
    "status_class": ("2xx", "3xx", "4xx", "5xx"),
}

# Connections

CONNECTIONS_ACTIVE = Gauge("stream_connections_active", "Open WebSocket connections.")
CONNECTION_ATTEMPTS = Counter(
    "stream_connection_attempts_total",
    "Handshakes by outcome; only error and refused_capacity are failures of ours.",
    {"outcome": tuple(AttemptOutcome)},
)
CONNECTION_CLOSES = Counter(
    "stream_connection_closes_total", "Connections that ended, by reason.", {"reason": tuple(CloseReason)}
)
CONNECTION_DURATION = Histogram(
    "stream_connection_duration_seconds",
    "How long connections lasted.",
    unit="seconds",
    buckets=(1, 10, 60, 300, 900, 1800, 3600, 7200),
)

# Messages

MESSAGES_RECEIVED = Counter(
    "stream_messages_received_total",
    "Messages from clients by type; other for what is not of the protocol.",
    {"type": (*ClientMessageType, OTHER)},
)
MESSAGES_SENT = Counter(
    "stream_messages_sent_total", "Messages to clients by type.", {"type": tuple(SERVER_MESSAGE_TYPES.values())}
)
RECEIVED_BYTES = Counter("stream_received_bytes_total", "Payload of messages from clients.", unit="bytes")
SENT_BYTES = Counter("stream_sent_bytes_total", "Payload of messages to clients.", unit="bytes")

# Requests and streams

REQUESTS = Counter(
    "stream_requests_total",
    "Stream requests by outcome, each once, however often its stream broke off; only error is a failure of ours. "
    "taken_over: it waited on a connection whose stream another has taken over.",
    {**_CONTENT_TYPE, "outcome": tuple(Outcome)},
)
ERRORS = Counter("stream_errors_total", "Errors that clients were told of, by code.", {"code": tuple(ErrorCode)})
RATE_LIMIT_HITS = Counter(
    "stream_rate_limit_hits_total", "Requests over a limit, by whose limit it is.", {"scope": ("session",)}
)
PROCESSING_DURATION = Histogram(
    "stream_processing_duration_seconds",
    "Content work, from a request's turn to its plan.",
    _CONTENT_TYPE,
    "seconds",
    buckets=_PROCESSING_SECONDS,
    exemplar=True,
)
STAGE_DURATION = Histogram(
    "stream_stage_duration_seconds",
    "One stage of content work.",
    {"stage": tuple(Stage)},
    "seconds",
    buckets=_PROCESSING_SECONDS,
)
CONTENT_BYTES = Histogram(
    "stream_content_bytes",
    "Size of the contents that clients asked to have streamed.",
    _CONTENT_TYPE,
    "bytes",
    buckets=tuple(256.0 * 4**step for step in range(7)),
)
REMOVED = Counter(
    "stream_removed_total",
    "What sanitising took out of the contents that were streamed, by kind.",
    {"kind": tuple(Removal)},
)
CHUNKS = Histogram(
    "stream_chunks",
    "Chunks that contents were cut into.",
    _CONTENT_TYPE,
    buckets=(1, 5, 10, 25, 50, 100, 200, 500, 1000, 2000, 5000),
)
TIME_TO_FIRST_CHUNK = Histogram(
    "stream_time_to_first_chunk_seconds",
    "The response time: from a request's turn to its first chunk.",
    _CONTENT_TYPE,
    "seconds",
    buckets=_WAIT_SECONDS,
    exemplar=True,
)
STREAM_DURATION = Histogram(
    "stream_duration_seconds",
    "From stream_start to the end of the stream; if it broke off, up to there, and what was recovered is not counted.",
    {"outcome": tuple(outcome for outcome in Outcome if outcome is not Outcome.TAKEN_OVER)},
    "seconds",
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
    exemplar=True,
)
RECOVERIES = Counter(
    "stream_recoveries_total",
    "Streams that went on, or began anew for a repeated request, after they broke off; or why they did not.",
    {"result": (*RecoveryKind, *RefusalReason)},
)
RECOVERY_DURATION = Histogram(
    "stream_recovery_seconds",
    "From a client's asking until its stream goes on.",
    unit="seconds",
    buckets=_WAIT_SECONDS,
)
ACTIVE_STREAMS = Gauge("stream_active_streams", "Streams under way.", {"state": tuple(StreamState)})

# Pace

PACING_LAG = Histogram(
    "stream_pacing_lag_seconds",
    "How much later than due the latest stream of a sweep was served.",
    unit="seconds",
    buckets=_LAG_SECONDS,
)
CHUNK_SEND = Histogram(
    "stream_chunk_send_seconds",
    "How long chunks waited for a client's full socket; those that did not wait are not counted.",
    unit="seconds",
    buckets=_WAIT_SECONDS,
)
BACKPRESSURE = Counter("stream_backpressure_total", "Times that a client's socket was full.")
PAUSED_SECONDS = Counter(
    "stream_paused_seconds_total", "Time that streams were paused, counted when they end.", unit="seconds"
)

# What the service leans on

DEPENDENCY_UP = Gauge(
    "stream_dependency_up",
    "0 while it is away for some worker, else 1; absent if the settings name none.",
    _DEPENDENCY,
    workers="min",
)
DEPENDENCY_ERRORS = Counter(
    "stream_dependency_errors_total", "Calls of a dependency that came to nothing.", _DEPENDENCY
)
PLAN_CACHE_LOOKUPS = Counter(
    "stream_plan_cache_lookups_total",
    "Contents that were looked for among those worked on before; shared, if memory had no hit.",
    {"tier": tuple(CacheTier), "result": tuple(Lookup)},
)
USAGE_DROPPED = Counter(
    "stream_usage_dropped_total", "Rows of usage that were lost: neither the queue nor the file could take them."
)

# The process

EVENT_LOOP_LAG = Histogram(
    "stream_event_loop_lag_seconds",
    "How much later than asked the event loop came back to a probe.",
    unit="seconds",
    buckets=_LAG_SECONDS,
)
MEMORY_USAGE = Gauge(
    "stream_memory_usage_bytes",
    "Memory in use without the page cache: the container's, or else that of the process that answers.",
    unit="bytes",
    workers="max",
)
MEMORY_LIMIT = Gauge(
    "stream_memory_limit_bytes",
    "What the usage may come to: MEMORY_LIMIT, or else the container's limit; absent if there is none.",
    unit="bytes",
    workers="max",
)
CONFIG_LIMIT = Gauge(
    "stream_config_limit",
    "The limits in force, by their setting and in its unit.",
    {
        "limit": (
            "max_workers",
            "max_connections",
            "max_requests_per_session",
            "max_session_duration",
            "idle_timeout",
            "max_content_size",
            "processor_max_content_size",
            "max_chunk_size",
            "chunk_timeout",
            "drain_seconds",
        )
    },
    workers="max",
)
BUILD_INFO = Gauge(
    "stream_build_info", "Always 1; the version is the label.", {"version": (__version__,)}, workers="max"
)

# Telemetry itself

TELEMETRY_DROPPED = Counter(
    "stream_telemetry_dropped_total",
    "Log lines, spans and error reports that were lost on their way out.",
    {"signal": tuple(Signal)},
)
TELEMETRY_ERRORS = Counter(
    "stream_telemetry_errors_total",
    "Events that a sink failed on; streams do not notice.",
    {"sink": ("Metrics", "TraceSink", "LogSink", "SentrySink", "Dependencies", "UsageSink", OTHER)},
)
LOG_RECORDS = Counter("stream_log_records_total", "Log lines by level.", {"level": tuple(LogLevel)})

# HTTP

HTTP_REQUESTS = Counter("stream_http_requests_total", "HTTP requests; other for paths that are not of the API.", _HTTP)
HTTP_REQUEST_DURATION = Histogram(
    "stream_http_request_duration_seconds", "How long HTTP requests took.", _HTTP, "seconds", buckets=_HTTP_SECONDS
)

METRICS: tuple[Metric, ...] = tuple(value for value in tuple(globals().values()) if isinstance(value, Metric))

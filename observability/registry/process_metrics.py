"""The metrics of the process: its resources and limits, its telemetry and its HTTP routes."""

from itertools import product

from observability.registry.log_types import LogLevel
from observability.registry.metric_types import OTHER, Counter, Gauge, Histogram, LostWork, Signal
from service import __version__
from service.events import DeathReason

_HTTP_SECONDS = (0.1, 1)

LIVE_ROUTES = "/v1"
"""The label of all routes of live streams together."""
_ROUTE = {"route": ("/", "/health", "/ready", "/metrics", LIVE_ROUTES, OTHER)}

EVENT_LOOP_STALL = Counter(
    "stream_event_loop_stall_seconds_total",
    "Time in which the event loop ran nothing for more than 100 ms, as a thread outside of it saw it.",
    unit="seconds",
)
EVENT_LOOP_LAG = Histogram(
    "stream_event_loop_lag_seconds",
    "Lag of the event loop.",
    unit="seconds",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
MEMORY_USAGE = Gauge(
    "stream_memory_usage_bytes",
    "Memory in use without the page cache: of the container, or with MEMORY_LIMIT of all processes of the service.",
    unit="bytes",
    workers="max",
)
MEMORY_LIMIT = Gauge(
    "stream_memory_limit_bytes",
    "Limit of the memory usage: MEMORY_LIMIT, or else the limit of the container; absent if there is none.",
    unit="bytes",
    workers="max",
)
CONFIG_LIMIT = Gauge(
    "stream_config_limit",
    "Effective limits that are numbers, by setting; max_chunk_size and processor_max_content_size count characters.",
    {
        "limit": (
            "max_workers",
            "max_connections",
            "max_pending_sockets",
            "max_requests_per_session",
            "processor_max_content_size",
            "max_chunk_size",
            "store_max_sessions",
        )
    },
    workers="max",
)
CONFIG_LIMIT_SECONDS = Gauge(
    "stream_config_limit_seconds",
    "Effective limits that are times, by setting.",
    {
        "limit": (
            "request_timeout",
            "max_session_duration",
            "idle_timeout",
            "content_wait_timeout",
            "content_cpu_limit",
            "chunk_timeout",
            "drain_seconds",
        )
    },
    "seconds",
    workers="max",
)
CONFIG_LIMIT_BYTES = Gauge(
    "stream_config_limit_bytes",
    "Effective limits that are sizes, by setting.",
    {"limit": ("max_request_size", "max_content_size", "content_queue_size", "content_memory_limit")},
    "bytes",
    workers="max",
)
CONFIG_LIMITS = (CONFIG_LIMIT, CONFIG_LIMIT_SECONDS, CONFIG_LIMIT_BYTES)
BUILD_INFO = Gauge(
    "stream_build_info", "Always 1; the label is the version.", {"version": (__version__,)}, workers="max"
)

# The workers

WORKER_UP = Gauge(
    "stream_worker_up", "1 if the worker answered the last scrape and its event loop runs, else 0.", workers="min"
)
WORKER_DEATHS = Counter(
    "stream_worker_deaths_total",
    "Processes that ended without a request to stop, by reason: killed, hung (killed by the supervisor) or crashed.",
    {"reason": tuple(DeathReason)},
)
LOST = Counter(
    "stream_lost_total", "Connections and requests that were active when their worker died.", {"what": tuple(LostWork)}
)

# Telemetry

TELEMETRY_DROPPED = Counter(
    "stream_telemetry_dropped_total",
    "Log lines (logs: on standard output, otlp_logs: to a collector), spans, error reports and exports of metrics that "
    "were lost.",
    {"signal": tuple(Signal)},
)
TELEMETRY_THROTTLED = Counter(
    "stream_telemetry_throttled_total",
    "Error reports that were not sent on purpose, because others of the same minute are sufficient.",
    {"signal": (Signal.ERRORS,)},
)
TELEMETRY_ERRORS = Counter(
    "stream_telemetry_errors_total",
    "Events that a sink failed to record; streams are not affected.",
    {"sink": ("Metrics", "TraceSink", "LogSink", "SentrySink", "Dependencies", "UsageSink", OTHER)},
)
LOG_RECORDS = Counter("stream_log_records_total", "Log lines by level.", {"level": tuple(LogLevel)})

# HTTP

HTTP_REQUESTS = Counter(
    "stream_http_requests_total",
    "HTTP requests; /v1: all routes of live streams; other: a path without a route, or a method or status that does "
    "not occur at the route.",
    {"method": ("GET", "HEAD", "POST", "OPTIONS", OTHER), **_ROUTE, "status_class": ("2xx", "3xx", "4xx", "5xx")},
    only=frozenset(
        {
            *product(("GET", "HEAD"), ("/", "/health", "/ready", "/metrics"), ("2xx", "5xx")),
            *product(("GET", "HEAD"), ("/metrics",), ("4xx",)),  # without the token
            *product(("GET", "POST"), (LIVE_ROUTES,), ("2xx", "4xx", "5xx")),
            *product((OTHER,), ("/", "/health", "/ready", "/metrics"), ("4xx",)),
            *product(("GET", "HEAD", OTHER), (OTHER,), ("2xx", "3xx", "4xx", "5xx")),
            *product(("POST", "OPTIONS"), (OTHER,), ("2xx", "4xx")),
        }
    ),
)
HTTP_REQUEST_DURATION = Histogram(
    "stream_http_request_duration_seconds",
    "Duration of HTTP requests, until the response begins.",
    _ROUTE,
    "seconds",
    buckets=_HTTP_SECONDS,
)

"""Series that are not in the registry: those of Prometheus and of its client library."""

from typing import Final

from dashboards.rules import ALERTS as RULES
from dashboards.rules import CONCERNS, Severity
from observability.registry.metric_types import Counter, Gauge, Metric

ALERTS: Final = Gauge(
    "ALERTS",
    "1 for each alert that is pending or firing. Has the labels of the rule's result beside these.",
    {
        "alertname": tuple(RULES),
        "alertstate": ("pending", "firing"),
        "severity": tuple(Severity),
        "concern": CONCERNS,
    },
)
ALERTS_SINCE: Final = Gauge(
    "ALERTS_FOR_STATE",
    "When each alert's condition began to hold. Has the alert's labels.",
    {label: values for label, values in ALERTS.labels.items() if label != "alertstate"},
    unit="seconds",
)
UP: Final = Gauge("up", "1 if the target answered its last scrape.")
SCRAPE_DURATION: Final = Gauge("scrape_duration_seconds", "How long the last scrape took.", unit="seconds")
SCRAPE_SAMPLES: Final = Gauge("scrape_samples_scraped", "Samples of the last scrape.")

TARGET_INFO: Final = Gauge(
    "target_info",
    "1 for each process, with the attributes that its spans and log lines have. The id has any value.",
    {"service_instance_id": ()},
)
PROCESS_START: Final = Gauge("process_start_time_seconds", "When the process began.", unit="seconds")
PROCESS_CPU: Final = Counter("process_cpu_seconds_total", "Processor time.", unit="seconds")
PROCESS_MEMORY: Final = Gauge("process_resident_memory_bytes", "Memory of the process in RAM.", unit="bytes")
PROCESS_FDS: Final = Gauge("process_open_fds", "Open file descriptors.")
PROCESS_MAX_FDS: Final = Gauge("process_max_fds", "How many file descriptors may be open.")
GC_COLLECTIONS: Final = Counter(
    "python_gc_collections_total", "Runs of the garbage collector.", {"generation": ("0", "1", "2")}
)

FOREIGN: Final[tuple[Metric, ...]] = tuple(value for value in tuple(globals().values()) if isinstance(value, Metric))

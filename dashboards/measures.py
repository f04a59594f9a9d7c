"""Queries that several panels use."""

from typing import Final

from dashboards.objectives import ELIGIBLE_REQUESTS
from dashboards.queries import of_instances, quantile, rate, ratio, total
from observability.registry.metrics import (
    CONFIG_LIMIT,
    CONNECTIONS_ACTIVE,
    CONTENT_WAIT,
    DEPENDENCY_CALLS,
    EVENT_LOOP_LAG,
    MEMORY_LIMIT,
    MEMORY_USAGE,
    PACING_LAG,
    PROCESSING_DURATION,
    REQUESTS,
    TIME_TO_FIRST_CHUNK,
)

FAILED_SHARE: Final = ratio(rate(REQUESTS, outcome="error"), rate(REQUESTS, where=ELIGIBLE_REQUESTS))
"""Of the eligible requests."""

PROCESSING_P95: Final = quantile(0.95, PROCESSING_DURATION)
CONTENT_WAIT_P95: Final = quantile(0.95, CONTENT_WAIT)
FIRST_CHUNK_P95: Final = quantile(0.95, TIME_TO_FIRST_CHUNK)
DEPENDENCY_CALL_P95: Final = quantile(0.95, DEPENDENCY_CALLS, "dependency")
LOOP_LAG_P99: Final = quantile(0.99, EVENT_LOOP_LAG, "instance")
PACING_LAG_P99: Final = quantile(0.99, PACING_LAG, "instance")

MEMORY_SHARE: Final = f"{of_instances(MEMORY_USAGE)} / {of_instances(MEMORY_LIMIT)}"
"""By instance; absent if no limit is known."""

CAPACITY: Final = (
    f"{of_instances(CONFIG_LIMIT, limit='max_connections')} * {of_instances(CONFIG_LIMIT, limit='max_workers')}"
)
"""Connections that each instance accepts."""
CAPACITY_USED_SHARE: Final = f"{total(CONNECTIONS_ACTIVE, 'instance')} / sum by (instance) ({CAPACITY})"

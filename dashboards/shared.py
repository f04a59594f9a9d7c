"""What several dashboards show: the response time, the traces that explain it, and the capacity."""

from typing import Final

from grafana_foundation_sdk.models import units

from dashboards.alerted import compared
from dashboards.explore import spans
from dashboards.limits import beyond
from dashboards.objectives import FIRST_CHUNK_SECONDS
from dashboards.panels import Frame, Panel, lines
from dashboards.queries import Query, of_instances, quantile, total
from observability.registry.metrics import CONFIG_LIMIT, CONNECTIONS_ACTIVE, TIME_TO_FIRST_CHUNK

FAILED_STREAMS: Final = spans("stream", "status=error")
SLOW_STREAMS: Final = spans("stream", f"span.stream.time_to_first_chunk > {FIRST_CHUNK_SECONDS:g}")

CAPACITY: Final = (
    f"{of_instances(CONFIG_LIMIT, limit='max_connections')} * {of_instances(CONFIG_LIMIT, limit='max_workers')}"
)
"""Connections that each instance accepts."""
CAPACITY_USED_SHARE: Final = f"{total(CONNECTIONS_ACTIVE, 'instance')} / sum by (instance) ({CAPACITY})"


def first_chunk() -> Panel:
    """Quantiles of the time to the first chunk, p95 as the alert compares it."""
    return lines(
        Frame(
            "Time to first chunk",
            "The response time: from the arrival of a request to its first chunk, without earlier requests of its "
            "connection. p95 is that of the alert, over 5 minutes. A diamond is a stream, and opens its trace.",
            units.Seconds,
            traces=SLOW_STREAMS,
        ),
        Query(quantile(0.5, TIME_TO_FIRST_CHUNK), "p50"),
        Query(compared("SlowResponse"), "p95"),
        Query(quantile(0.99, TIME_TO_FIRST_CHUNK), "p99", exemplars=True),
        limit=beyond("SlowResponse"),
    )

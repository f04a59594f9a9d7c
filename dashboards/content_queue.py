"""The row of the queue for content work, on the board of streams."""

from grafana_foundation_sdk.models import units

from dashboards import limits, measures
from dashboards.board import Row
from dashboards.panels import Frame, lines
from dashboards.queries import Query, per_5_minutes, per_minute, quantile, rate, total
from observability.registry.metrics import CONTENT_CPU, CONTENT_KILLED, CONTENT_QUEUE, CONTENT_REFUSED, CONTENT_WAIT


def content_queue() -> Row:
    """Return the row: the queue, the waits, and what was refused or killed."""
    return Row(
        "Queue for content work",
        (
            lines(
                Frame(
                    "Requests at content workers",
                    "Requests that wait for their turn or are in progress, by worker.",
                    units.Short,
                    5,
                ),
                Query(total(CONTENT_QUEUE, "content_worker"), "{{content_worker}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "Wait for content workers, p95",
                    "How long requests waited for their turn. Clients that use little processor time are served first.",
                    units.Seconds,
                    5,
                ),
                Query(measures.CONTENT_WAIT_P95, "all"),
                Query(quantile(0.95, CONTENT_WAIT, "content_worker"), "{{content_worker}}"),
                limit=limits.CONTENT_WAIT,
            ),
            lines(
                Frame(
                    "Content refused",
                    "Requests that were refused with SERVER_BUSY: their turn did not come in time (waited), or the "
                    "queue was full. The current rate as a number in 5 minutes; the alert counts those that waited.",
                    units.Short,
                    5,
                ),
                Query(per_5_minutes(CONTENT_REFUSED, "content_worker", "reason"), "{{content_worker}}: {{reason}}"),
                limit=limits.CONTENT_REFUSED,
            ),
            lines(
                Frame(
                    "Content work killed",
                    "Requests a minute that ended with the process for large content: they exceeded a limit, or it "
                    "crashed.",
                    units.RequestsPerMinute,
                    4,
                ),
                Query(per_minute(CONTENT_KILLED, "reason"), "{{reason}}"),
                limit=limits.CONTENT_KILLED,
            ),
            lines(
                Frame(
                    "Busy content workers",
                    "Processor seconds a second: 1 is one core, and the most that a worker can use.",
                    units.Short,
                    5,
                ),
                Query(rate(CONTENT_CPU, "content_worker"), "{{content_worker}}"),
                stacked=True,
            ),
        ),
    )

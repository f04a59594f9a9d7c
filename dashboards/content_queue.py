"""The row of the queue for content work, on the board of streams."""

from grafana_foundation_sdk.models import units

from dashboards.board import Row
from dashboards.panels import Frame, alert_lines, lines
from dashboards.queries import Query, per_5_minutes, quantile, rate, total
from observability.registry.metrics import CONTENT_CPU, CONTENT_QUEUE, CONTENT_REFUSED, CONTENT_WAIT


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
                    8,
                ),
                Query(total(CONTENT_QUEUE, "content_worker"), "{{content_worker}}"),
                stacked=True,
            ),
            alert_lines(
                Frame(
                    "Wait for content workers, p95",
                    "How long requests waited for their turn. Clients that use little processor time are served first.",
                    units.Seconds,
                    8,
                ),
                "LongContentQueue",
                "all",
                Query(quantile(0.95, CONTENT_WAIT, "content_worker"), "{{content_worker}}"),
            ),
            lines(
                Frame(
                    "Busy content workers",
                    "Processor seconds a second: 1 is one core, and the most that a worker can use.",
                    units.Short,
                    8,
                ),
                Query(rate(CONTENT_CPU, "content_worker"), "{{content_worker}}"),
                stacked=True,
            ),
            alert_lines(
                Frame(
                    "Content refused",
                    "Requests in 5 minutes that were refused with SERVER_BUSY: their turn did not come in time, which "
                    "the alert counts, or the queue was full.",
                    units.Short,
                    12,
                ),
                "ContentRefused",
                "waited in vain",
                Query(per_5_minutes(CONTENT_REFUSED, "content_worker", "reason"), "{{content_worker}}: {{reason}}"),
            ),
            alert_lines(
                Frame(
                    "Content work killed",
                    "Requests in 5 minutes that ended with the process for large content: they exceeded a limit, or it "
                    "crashed.",
                    units.Short,
                    12,
                    logs=("content_work_killed",),
                ),
                "ContentWorkKilled",
                "{{reason}}",
            ),
        ),
    )

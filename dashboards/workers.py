"""The workers of the instances: which answer, which died, and whether their counts add up."""

from grafana_foundation_sdk.models import units

from dashboards.alerted import compared, comparisons
from dashboards.board import Row
from dashboards.colours import BAD, GOOD
from dashboards.limits import beyond
from dashboards.panels import Frame, lines, states
from dashboards.queries import Query, per_minute, total
from observability.registry.metrics import (
    CONNECTION_CLOSES,
    CONNECTIONS_ACTIVE,
    CONNECTIONS_OPENED,
    LOST,
    REQUESTS_ACTIVE,
    REQUESTS_ADMITTED,
    REQUESTS_ENDED,
)


def workers() -> Row:
    hung, up = comparisons("WorkerHung")
    lost_connections, lost_requests = (total(LOST, "instance", what=what) for what in ("connections", "requests"))
    return Row(
        "Workers",
        (
            states(
                Frame(
                    "Workers over time",
                    "Whether each worker answered the last scrape and its event loop runs. One that is down for "
                    "WORKER_HUNG_SECONDS is replaced.",
                    units.NoUnit,
                    9,
                    logs=("worker_replaced",),
                ),
                Query(up.expr, "{{instance}} {{worker}}"),
                (0, "down", BAD),
                (1, "up", GOOD),
                alerts=("WorkerHung",),
            ),
            lines(
                Frame(
                    "Deaths of workers",
                    "In 5 minutes. killed: by a signal, as for lack of memory; hung: by the supervisor; crashed: a "
                    "fault of a library, or an error.",
                    units.Short,
                    5,
                    logs=("worker_replaced",),
                ),
                Query(compared("WorkerDeaths"), "{{instance}} {{reason}}"),
                Query(hung.expr, "{{instance}} {{worker}} hung"),
                limit=beyond("WorkerDeaths", "WorkerHung"),
            ),
            lines(
                Frame(
                    "Lost with workers",
                    "Connections and requests a minute that were active when their worker died. Clients reconnect, and "
                    "may recover their streams.",
                    units.CountsPerMinute,
                    5,
                ),
                Query(per_minute(LOST, "what"), "{{what}}"),
            ),
            lines(
                Frame(
                    "Not accounted for",
                    "What came in, less what went out, is active or was lost with a worker. Always 0: otherwise the "
                    "counts of the service are wrong.",
                    units.Short,
                    5,
                ),
                Query(
                    f"{total(CONNECTIONS_OPENED, 'instance')} - {total(CONNECTION_CLOSES, 'instance')}"
                    f" - {total(CONNECTIONS_ACTIVE, 'instance')} - {lost_connections}",
                    "{{instance}}, connections",
                ),
                Query(
                    f"{total(REQUESTS_ADMITTED, 'instance')} - {total(REQUESTS_ENDED, 'instance')}"
                    f" - {total(REQUESTS_ACTIVE, 'instance')} - {lost_requests}",
                    "{{instance}}, requests",
                ),
            ),
        ),
    )

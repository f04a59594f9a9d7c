"""The row of what clients report, on the board of streams."""

from grafana_foundation_sdk.models import units

from dashboards.board import Row
from dashboards.panels import Frame, lines
from dashboards.queries import Query, per_minute, quantiles
from observability.registry.metrics import CLIENT_BREAKS, CLIENT_FIRST_CHUNK, CLIENT_GAP

_NOTHING = "no reports: CLIENT_REPORTS is off, or no client reports"


def client_reports() -> Row:
    """Return the row: what readers waited for, by the clocks of their clients."""
    return Row(
        "As clients report it",
        (
            lines(
                Frame(
                    "Time to first chunk, as reported",
                    "From the request of a client to its first chunk, connecting and the network included. Compare it "
                    "with Time to first chunk: a difference is on the way. Clients can claim any value.",
                    units.Seconds,
                ),
                *quantiles(CLIENT_FIRST_CHUNK),
                nothing=_NOTHING,
            ),
            lines(
                Frame(
                    "Longest gap, as reported",
                    "The longest time between two chunks of a stream. The pace of the stream and reconnections are in "
                    "it, pauses are not. Clients can claim any value.",
                    units.Seconds,
                ),
                *quantiles(CLIENT_GAP),
                nothing=_NOTHING,
            ),
            lines(
                Frame(
                    "Lost connections, as reported",
                    "Connections a minute that clients lost during a stream which they could end on another one.",
                    units.CountsPerMinute,
                ),
                Query(per_minute(CLIENT_BREAKS), "lost"),
            ),
        ),
    )

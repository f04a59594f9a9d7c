"""The objectives: the error budgets of 30 days, and how fast they are spent."""

from grafana_foundation_sdk.models import units

from dashboards.alerted import comparisons, scoped
from dashboards.board import Row
from dashboards.limits import Floor, Limit, beyond
from dashboards.objectives import AVAILABILITY, FAST, FIRST_CHUNK, SLOW, Objective
from dashboards.panels import Frame, Panel, alert_lines, lines, number
from dashboards.queries import Query
from dashboards.shared import FAILED_STREAMS

_FAILED = "job:stream_requests_failed"
_LATE = "job:stream_first_chunks_late"
_LEFT = (
    Query(scoped(f"1 - {_FAILED}:ratio_increase30d / {AVAILABILITY.budget}"), "availability"),
    Query(scoped(f"1 - {_LATE}:ratio_increase30d / {FIRST_CHUNK.budget}"), "first chunk"),
)
_RATES = ", ".join(f"{burn.rate:g} for {burn.long}" for burn in (*FAST, *SLOW))
_MEANING = (
    "The part of the errors that the objectives allow in 30 days and that has not been used: "
    f"{AVAILABILITY.description}; {FIRST_CHUNK.description}. Below 0 an objective is missed."
)


def budgets_left(width: int) -> Panel:
    """Both budgets as numbers."""
    frame = Frame("Error budget left", f"{_MEANING} At first: of the time so far.", units.PercentUnit, width, 4)
    return number(frame, _LEFT, Floor(0, 0.25), nothing="no requests")


def budgets() -> Row:
    """Both budgets over time, and the windows of the burn rates."""
    return Row(
        "Objectives",
        (
            lines(Frame("Error budget left over time", _MEANING, units.PercentUnit, 6), *_LEFT, most=1).min(-1),
            _burn("Failed requests by window", AVAILABILITY, beyond("AvailabilityBurnSlow", "AvailabilityBurnFast")),
            _burn("Late first chunks by window", FIRST_CHUNK, beyond("FirstChunkBurnSlow", "FirstChunkBurnFast")),
            alert_lines(
                Frame(
                    "Failures in an hour",
                    "Requests that failed or could not be made. The alert also requires that they are most of all.",
                    units.Short,
                    6,
                    traces=FAILED_STREAMS,
                ),
                "RequestsFailing",
                "failures",
            ),
        ),
    )


def _burn(title: str, objective: Objective, limit: Limit) -> Panel:
    """What the alerts on the burn rate compare."""
    plotted = [one.expr for alert in limit.alerts for one in comparisons(alert)]
    return lines(
        Frame(
            title,
            "The share over each window of the alerts. The lines are their thresholds, as multiples of the "
            f"{100 * objective.budget:g} % that are allowed: {_RATES}.",
            units.PercentUnit,
            6,
        ),
        *(Query(expr, expr.partition("increase")[2].partition("{")[0]) for expr in plotted),
        limit=limit,
    )

"""The service level objectives, and the alerts that tell when a budget of failures burns too fast.

Two pairs of windows an alert, after the SRE workbook: the long window says that it matters, the short one that it is
still going on.
"""

from typing import Final

from msgspec import Struct

from alerts.alert import Alert, Concern, Dashboard, Severity
from alerts.quantities import duration, percent
from alerts.thresholds import (
    AVAILABILITY_OBJECTIVE,
    FIRST_CHUNK_OBJECTIVE,
    FIRST_CHUNK_P95_SECONDS,
    LOW_TRAFFIC_REQUESTS_PER_BURN_WINDOW,
)
from alerts.windows import FAST, SLOW, Burn


class Objective(Struct, frozen=True):
    """A promise over 30 days: at least ``share`` of the events are good."""

    name: str
    share: float
    says: str
    missed: str
    """The recorded share of bad events; the window's length is put behind it."""
    events: str
    """The recorded number of all events, by instance; likewise."""
    concern: Concern
    noun: str
    """What the bad events are called in an alert."""

    @property
    def budget(self) -> float:
        """The share of events that may be bad."""
        return round(1 - self.share, 6)  # 0.005, and not 0.0050000000000000044


OBJECTIVES: Final = (
    Objective(
        name="Availability",
        share=AVAILABILITY_OBJECTIVE,
        says=f"{percent(AVAILABILITY_OBJECTIVE)} of the requests that could go well do not fail by our fault",
        missed="job:stream_requests_failed:ratio_increase",
        events="instance:stream_requests_eligible:increase",
        concern=Concern.ERRORS,
        noun="failed requests",
    ),
    Objective(
        name="FirstChunk",
        share=FIRST_CHUNK_OBJECTIVE,
        says=f"{percent(FIRST_CHUNK_OBJECTIVE)} of the streams that begin show their first chunk within "
        f"{duration(FIRST_CHUNK_P95_SECONDS)}",
        missed="job:stream_first_chunks_late:ratio_increase",
        events="instance:stream_first_chunks:increase",
        concern=Concern.RESPONSE,
        noun="late first chunks",
    ),
)


def _burns(objective: Objective, burn: Burn) -> str:
    bad = f"{burn.rate:g} * {objective.budget}"
    return (
        f"  {objective.missed}{burn.long} > {bad}\n"
        f"  and on (job)\n"
        f"  {objective.missed}{burn.short} > {bad}\n"
        f"  and on (job)\n"
        f"  sum by (job) ({objective.events}{burn.long}) > {LOW_TRAFFIC_REQUESTS_PER_BURN_WINDOW}"
    )


def _alert(objective: Objective, burns: tuple[Burn, Burn], pace: str, severity: Severity, hold: str) -> Alert:
    return Alert(
        name=f"{objective.name}Burn{pace}",
        expr="(\n" + "\n)\nor\n(\n".join(_burns(objective, burn) for burn in burns) + "\n)",
        hold=hold,
        severity=severity,
        concern=objective.concern,
        when=", or ".join(
            f"over {percent(round(burn.rate * objective.budget, 6))} {objective.noun} in {burn.long} and still in "
            f"{burn.short}"
            for burn in burns
        ),
        floor=f"{LOW_TRAFFIC_REQUESTS_PER_BURN_WINDOW} streams in the longer window",
        summary=f"{{{{ $labels.job }}}} burns its budget of {objective.noun} {'fast' if pace == 'Fast' else 'slowly'}",
        description=f"{{{{ $value | humanizePercentage }}}} {objective.noun}, where the objective allows "
        f"{percent(objective.budget)} over 30 days. "
        + (
            "At this pace the budget of a month is gone in days."
            if pace == "Fast"
            else "At this pace nothing of the budget will be left at the end of the month."
        ),
        dashboard=Dashboard.OVERVIEW,
    )


BURNS: Final = tuple(
    alert
    for objective in OBJECTIVES
    for alert in (
        _alert(objective, FAST, "Fast", Severity.CRITICAL, "2m"),
        _alert(objective, SLOW, "Slow", Severity.WARNING, "1h"),
    )
)

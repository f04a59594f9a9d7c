"""Thresholds in panels, each with the alerts that fire beyond it. Their values are those of the alerts."""

from msgspec import Struct

from dashboards.alerted import comparisons
from dashboards.colours import BAD, NOTE, WARN
from dashboards.rules import ALERTS, Severity


class Limit(Struct, frozen=True):
    """A threshold, and the alerts that fire beyond it."""

    value: float
    alerts: tuple[str, ...] = ()
    more: tuple[float, ...] = ()
    """Higher thresholds, if there are several."""

    def colour(self, value: float) -> str:
        """Of the most severe alert with this threshold: red for critical, orange for a warning, blue for info."""
        beyond = [name for name in self.alerts if value in {one.bound for one in comparisons(name)}]
        severities = {ALERTS[name].severity for name in beyond or self.alerts} or {Severity.CRITICAL}
        if Severity.CRITICAL in severities:
            return BAD
        return WARN if Severity.WARNING in severities else NOTE


class Floor(Struct, frozen=True):
    """Values below which a number is bad, and below which it is a warning."""

    bad: float
    warning: float
    alerts: tuple[str, ...] = ()


def beyond(*alerts: str) -> Limit:
    """The thresholds of alerts, the lowest first."""
    lowest, *more = sorted({one.bound for alert in alerts for one in comparisons(alert)})
    return Limit(lowest, alerts, tuple(more))

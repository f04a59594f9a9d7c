"""One alert: when it fires, how much it matters, and where its reader goes on."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    CRITICAL = "critical"
    """Clients suffer: somebody is woken."""
    WARNING = "warning"
    """Clients will suffer if nobody looks within the day."""
    INFO = "info"
    """Worth knowing; nobody need act."""
    NONE = "none"
    """Not trouble at all: the watchdog."""


class Concern(StrEnum):
    """What an alert is about. Alerts of one concern come as one message, and the critical ones silence the rest."""

    REACHABILITY = "reachability"
    RESTARTS = "restarts"
    CONNECTIONS = "connections"
    ERRORS = "errors"
    RESPONSE = "response"
    PROCESSING = "processing"
    CONTENT = "content"
    TRAFFIC = "traffic"
    LIMITS = "limits"
    PACE = "pace"
    MEMORY = "memory"
    DEPENDENCIES = "dependencies"
    USAGE = "usage"
    TELEMETRY = "telemetry"
    WATCHDOG = "watchdog"


class Dashboard(StrEnum):
    """The dashboards, by the uid that Grafana knows them by."""

    OVERVIEW = "stream-overview"
    STREAMS = "stream-streams"
    CONNECTIONS = "stream-connections"
    RUNTIME = "stream-runtime"


class Alert(Struct, frozen=True, kw_only=True):
    """An alerting rule. It is raised once for each series of ``expr``, if the same series is there for ``hold``."""

    name: str
    expr: str
    hold: str
    """Prometheus's ``for``: ``5m``; ``0s`` for at once."""
    severity: Severity
    concern: Concern
    when: str
    """The condition for a person, with its threshold: "p95 of … over 100 ms"."""
    floor: str
    """How little traffic keeps it silent; or, after "none: ", why it needs no such floor."""
    summary: str
    description: str
    """What it means, with the measured value: a template of Prometheus, as is ``summary``."""
    dashboard: Dashboard

    @property
    def runbook(self) -> str:
        """The name of its file in ``docs/runbooks``: ``SlowProcessing`` has ``slow-processing.md``."""
        words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in self.name)
        return f"{words.removeprefix('-')}.md"

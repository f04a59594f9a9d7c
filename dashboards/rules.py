"""The rules of Prometheus to which dashboards refer, read from the rule files in ``alerts/prometheus``."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, TypeVar

from msgspec import Struct, yaml

FOLDER: Final = Path(__file__).parents[1] / "alerts"
RULES: Final = FOLDER / "prometheus"
ALERTMANAGER: Final = FOLDER / "alertmanager.yml"
"""The configuration of Alertmanager."""

JOB: Final = "streaming-content-api"
"""The job under which Prometheus must scrape the service."""


class Severity(StrEnum):
    CRITICAL = "critical"
    """Clients are affected now."""
    WARNING = "warning"
    """Clients will be affected unless an operator acts within the day."""
    INFO = "info"
    """No action is needed."""
    NONE = "none"
    """The watchdog, which always fires."""


class Alert(Struct, frozen=True, rename={"name": "alert", "hold": "for", "keep": "keep_firing_for"}):
    """An alerting rule."""

    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    hold: str = "0s"
    """How long ``expr`` must hold before the alert fires: a duration of Prometheus."""
    keep: str = "0s"
    """How long the alert fires on after ``expr`` held for the last time."""

    @property
    def severity(self) -> Severity:
        return Severity(self.labels["severity"])

    @property
    def runbook_url(self) -> str:
        return self.annotations["runbook_url"]

    @property
    def runbook(self) -> str:
        """The file name in ``docs/runbooks``."""
        return self.runbook_url.rpartition("/")[2]


class Recording(Struct, frozen=True):
    """A recording rule."""

    record: str
    expr: str


Rule = TypeVar("Rule")


class Group(Struct, Generic[Rule], frozen=True):
    """Rules that Prometheus evaluates one after the other."""

    name: str
    rules: tuple[Rule, ...]


class RuleFile(Struct, Generic[Rule], frozen=True):
    groups: tuple[Group[Rule], ...]


ALERT_GROUPS: Final = yaml.decode((RULES / "alerts.yml").read_bytes(), type=RuleFile[Alert]).groups
RECORDING_GROUPS: Final = yaml.decode((RULES / "recording.yml").read_bytes(), type=RuleFile[Recording]).groups

ALERTS: Final[Mapping[str, Alert]] = {rule.name: rule for group in ALERT_GROUPS for rule in group.rules}
"""By name, in the order of the file."""
RECORDINGS: Final[Mapping[str, Recording]] = {rule.record: rule for group in RECORDING_GROUPS for rule in group.rules}
"""By the name of the recorded series."""

CONCERNS: Final = tuple(dict.fromkeys(alert.labels["concern"] for alert in ALERTS.values()))
"""The values of the label ``concern``, by which Alertmanager groups alerts."""
[RUNBOOKS] = {alert.runbook_url.rpartition("/")[0] for alert in ALERTS.values()}
"""The URL of the folder of the runbooks."""
[GRAFANA] = {alert.annotations["dashboard_url"].partition("/d/")[0] for alert in ALERTS.values()}
"""The URL of Grafana."""

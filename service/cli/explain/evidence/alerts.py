"""Alerts as Prometheus and Alertmanager return them."""

from collections.abc import Mapping

from msgspec import Struct


class Alert(Struct, frozen=True):
    """An alert that is pending or fires."""

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    since: float
    """Seconds of the epoch."""
    firing: bool
    inhibited: bool = False
    """Whether Alertmanager sends no notification, because another alert is the cause."""

    @property
    def runbook(self) -> str:
        """The file name of its runbook."""
        return self.annotations.get("runbook_url", "").rpartition("/")[2]

"""Alertmanager: the alerts that fire, and which of them are inhibited."""

from typing import Any

from service.cli.explain.causes.wording import counted
from service.cli.explain.evidence import Alert
from service.cli.explain.evidence.log_lines import parse_time
from service.cli.explain.sources.gathering import Gathered, Unreachable, gather
from service.cli.explain.sources.http_source import Server


def read_alertmanager(server: Server) -> Gathered:
    """The alerts that fire now."""

    def read(found: Gathered) -> str:
        try:
            found.alerts = [_alert(alert) for alert in server.get_json("/api/v2/alerts")]  # type: ignore[attr-defined]
        except (KeyError, TypeError, AttributeError) as error:
            raise Unreachable("the response is not that of Alertmanager: is this the right address?") from error
        return counted(len(found.alerts), "alert")

    return gather(f"Alertmanager {server.name}", read, live=True)


def _alert(alert: dict[str, Any]) -> Alert:
    return Alert(
        name=alert["labels"]["alertname"],
        labels=alert["labels"],
        annotations=alert.get("annotations", {}),
        since=parse_time(alert["startsAt"]) or 0.0,
        firing=True,
        inhibited=bool(alert.get("status", {}).get("inhibitedBy")),
    )

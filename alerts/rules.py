"""The rule files of Prometheus."""

import re
from typing import Any, Final

from alerts.causes import CAUSES
from alerts.links import Links
from alerts.objectives import BURNS
from alerts.recording import RECORDINGS
from alerts.symptoms import SYMPTOMS
from alerts.windows import scaled

ALERTS: Final = (*SYMPTOMS, *BURNS, *CAUSES)

_GROUPS: Final = {"stream-symptoms": SYMPTOMS, "stream-objectives": BURNS, "stream-causes": CAUSES}
_RANGE = re.compile(r"\[(\w+)\]")

RuleFile = dict[str, Any]


def recording_rules(scale: float = 1) -> RuleFile:
    """The recording rules. A ``scale`` under 1 shortens every window by so much, for a rehearsal; names stay."""
    return _file(
        {
            group.name: [{"record": rule.record, "expr": _scaled(rule.expr, scale)} for rule in group.rules]
            for group in RECORDINGS
        }
    )


def alert_rules(links: Links | None = None, scale: float = 1) -> RuleFile:
    """The alerting rules; ``scale`` as for the recording rules, and for how long a condition must hold too."""
    links = links or Links()
    return _file(
        {
            group: [
                {
                    "alert": alert.name,
                    "expr": _scaled(alert.expr, scale),
                    "for": scaled(alert.hold, scale),
                    "labels": {"severity": str(alert.severity), "concern": str(alert.concern)},
                    "annotations": {
                        "summary": alert.summary,
                        "description": alert.description,
                        "runbook_url": links.runbook(alert),
                        "dashboard_url": links.dashboard(alert),
                    },
                }
                for alert in alerts
            ]
            for group, alerts in _GROUPS.items()
        }
    )


def _scaled(expr: str, scale: float) -> str:
    return _RANGE.sub(lambda found: f"[{scaled(found[1], scale)}]", expr)


def _file(groups: dict[str, list[dict[str, Any]]]) -> RuleFile:
    return {"groups": [{"name": name, "rules": rules} for name, rules in groups.items()]}

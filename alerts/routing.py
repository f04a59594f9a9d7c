"""The configuration of Alertmanager: who hears what, what comes together, and what silences what."""

from typing import Any, Final

from alerts.alert import Concern, Severity
from alerts.links import Links
from alerts.windows import scaled

PAGE: Final = "page"
"""Wakes somebody."""
TICKET: Final = "ticket"
"""Is read during the day."""
HEARTBEAT: Final = "heartbeat"
"""Raises the alarm when it hears nothing: a dead man's switch outside this stack."""


def alertmanager(links: Links | None = None, scale: float = 1) -> dict[str, Any]:
    """Alertmanager's configuration. A ``scale`` under 1 shortens every wait by so much, for a rehearsal."""
    webhook = (links or Links()).webhook
    return {
        "route": {
            "receiver": TICKET,
            "group_by": ["job", "concern"],
            "group_wait": scaled("30s", scale),  # so that what breaks together is told together
            "group_interval": scaled("5m", scale),
            "repeat_interval": scaled("12h", scale),
            "routes": [
                {
                    "receiver": HEARTBEAT,
                    "matchers": [f'severity="{Severity.NONE}"'],
                    "group_wait": "0s",
                    "group_interval": scaled("1m", scale),
                    # under the interval: the last one was told a moment after the last interval began
                    "repeat_interval": scaled("30s", scale),
                },
                {
                    "receiver": PAGE,
                    "matchers": [f'severity="{Severity.CRITICAL}"'],
                    "repeat_interval": scaled("1h", scale),
                },
                {
                    "receiver": TICKET,
                    "matchers": [f'severity="{Severity.INFO}"'],
                    "repeat_interval": scaled("24h", scale),
                },
            ],
        },
        "inhibit_rules": [
            {  # a critical alert says what the lesser ones of its concern would say again
                # two alerts without a concern have none in common, but Alertmanager takes what is absent for equal
                "source_matchers": [f'severity="{Severity.CRITICAL}"', 'concern!=""'],
                "target_matchers": [f'severity=~"{Severity.WARNING}|{Severity.INFO}"', 'concern!=""'],
                "equal": ["job", "concern"],
            },
            {  # when nothing answers, everything else follows from it
                "source_matchers": ['alertname="ServiceDown"'],
                "target_matchers": [f'concern!~"{Concern.REACHABILITY}|{Concern.WATCHDOG}"'],
                "equal": ["job"],
            },
            {  # the same of one instance, for what is told of that instance
                "source_matchers": ['alertname="TargetDown"'],
                "target_matchers": [f'concern!="{Concern.REACHABILITY}"', 'instance!=""'],
                "equal": ["job", "instance"],
            },
        ],
        "receivers": [
            {"name": name, "webhook_configs": [{"url": f"{webhook}/{name}", "send_resolved": name != HEARTBEAT}]}
            for name in (PAGE, TICKET, HEARTBEAT)
        ],
    }

"""The alert rules that an operator sets in Sentry, where no file of ours can: a second eye if Prometheus is blind."""

from typing import Final

from msgspec import Struct

from alerts.routing import PAGE, TICKET
from alerts.thresholds import (
    SENTRY_EVENTS_OF_ONE_ISSUE_PER_HOUR,
    SENTRY_EVENTS_PER_5_MINUTES,
    SENTRY_STORE_EVENTS_PER_5_MINUTES,
)
from service.events import FaultSource


class SentryRule(Struct, frozen=True):
    """One rule, in the words of Sentry's own form."""

    name: str
    kind: str
    when: str
    only_if: str
    receiver: str
    at_most_every: str


SENTRY_RULES: Final = (
    SentryRule("New fault", "issue alert", "A new issue is created", "-", TICKET, "24 hours"),
    SentryRule(
        "Fault is back", "issue alert", "The issue changes state from resolved to unresolved", "-", TICKET, "24 hours"
    ),
    SentryRule(
        "Fault repeats",
        "issue alert",
        f"The issue is seen more than {SENTRY_EVENTS_OF_ONE_ISSUE_PER_HOUR} times in one hour",
        "-",
        TICKET,
        "24 hours",
    ),
    SentryRule(
        "Sessions are lost",
        "issue alert",
        f"The issue is seen more than {SENTRY_STORE_EVENTS_PER_5_MINUTES} times in 5 minutes",
        f"The event's tag `place` is `{FaultSource.SESSION_STORE}` or `{FaultSource.ADMISSION}`",
        PAGE,
        "1 hour",
    ),
    SentryRule(
        "Many faults",
        "metric alert",
        f"Number of errors is above {SENTRY_EVENTS_PER_5_MINUTES} in 5 minutes",
        "-",
        PAGE,
        "until it is resolved: under a fifth of it",
    ),
)

"""What is to be proved of an alert."""

from collections.abc import Mapping

from msgspec import Struct

from alerts.alert import Severity
from alerts.links import JOB
from alerts.routing import HEARTBEAT, PAGE, TICKET
from observability.registry.metrics import REQUESTS, TIME_TO_FIRST_CHUNK
from tests.ops.alerts.series import INSTANCE, Growth, Observations, Series, counter, histogram

OF_JOB = {"job": JOB}
OF_INSTANCE = {"job": JOB, "instance": INSTANCE}

RECEIVERS = {Severity.CRITICAL: PAGE, Severity.WARNING: TICKET, Severity.INFO: TICKET, Severity.NONE: HEARTBEAT}
"""Who is told."""


class Fault(Struct, frozen=True, kw_only=True):
    """What makes an alert fire: since when, in which words, and a minute at which it is over."""

    series: list[Series]
    begins_at: int
    """The first minute at which it fires."""
    over_at: int | None
    """``None``: it is never over."""
    summary: str
    description: str
    labels: Mapping[str, str] = {}
    """Beside the severity and the concern."""


class Case(Struct, frozen=True, kw_only=True):
    below: list[Series] | None = None
    """Just below the threshold."""
    quiet: list[Series] | None = None
    """As bad as can be, with too little traffic to say so."""
    enough: Fault | None = None
    """As bad, with just enough traffic."""
    faults: tuple[Fault, ...]
    minutes: int = 30
    """How long the first two are looked at."""


def requests(**outcomes: tuple[Growth, ...]) -> list[Series]:
    """Requests a minute, by outcome."""
    return [
        line
        for outcome, stretches in outcomes.items()
        for line in counter(REQUESTS, *stretches, content_type="text", outcome=outcome)
    ]


def first_chunks(*stretches: Observations) -> list[Series]:
    return histogram(TIME_TO_FIRST_CHUNK, *stretches, content_type="text")

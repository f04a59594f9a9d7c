"""The answer to a question, before it is printed."""

from enum import StrEnum

from msgspec import Struct

from service.cli.explain.causes.finding import Finding
from service.cli.explain.causes.table import Diagnosis
from service.cli.explain.evidence import Alert, Period
from service.cli.explain.subjects.stream_story import Moment


class Status(StrEnum):
    WELL = "nothing wrong found"
    CAUSE = "cause found"
    UNKNOWN = "unknown"
    """The id is not in what was read, or nothing could be read."""


class Report(Struct, frozen=True, kw_only=True):
    """What is printed, and what ``--json`` writes."""

    question: str
    answer: str
    status: Status
    period: Period
    findings: tuple[Finding, ...] = ()
    """About the subject itself, or the causes of what is wrong now; the first is the answer."""
    background: Diagnosis = Diagnosis()
    """What else was found in the period."""
    timeline: tuple[Moment, ...] = ()
    state: str = ""
    """Figures of the service, where nothing is wrong."""
    example: str = ""
    """A stream that shows it."""
    alerts: tuple[Alert, ...] = ()

"""What a cause found."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from msgspec import Struct

from service.cli.explain.evidence import Evidence


class Severity(StrEnum):
    """As the severities of the alerts; a note needs no action."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "note"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or was."""

    what: str
    """A sentence: what is wrong, where."""
    severity: Severity = Severity.WARNING
    since: float | None = None
    """Seconds of the epoch; not before the evidence begins."""
    touches: str = ""
    """Which clients, or which part of them."""
    facts: tuple[str, ...] = ()
    """The measurements and the lines that show it, each with its source."""
    remedy: str = ""
    """The first thing to do, if it is one sentence."""
    over: bool = False
    """Whether it has ended before the recent part of the period."""
    cause: str = ""
    """The key of the cause, as are the next three set by ``causes.table``."""
    alerts: tuple[str, ...] = ()
    """The alerts that it may make fire."""
    runbook: str = ""
    """The file name in docs/runbooks."""
    follows: str = ""
    """The key of the cause of which it is a consequence; empty for a root cause."""


Find = Callable[[Evidence], Iterator[Finding]]
"""Yields what it found, and nothing in a healthy system."""


class Cause(Struct, frozen=True):
    """One row of the table of causes."""

    key: str
    find: Find
    alerts: tuple[str, ...] = ()
    """The alerts that it may make fire; the first one has its runbook."""
    explains: tuple[str, ...] = ()
    """The keys of the causes that are consequences of it when both are found."""

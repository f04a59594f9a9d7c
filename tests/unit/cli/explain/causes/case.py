"""A case: the evidence of one cause."""

from collections.abc import Sequence

from msgspec import Struct

from service.cli.explain.evidence import LogLine, Series


class Case(Struct, frozen=True, kw_only=True):
    cause: str
    name: str = "metrics"
    series: Sequence[Series] = ()
    lines: Sequence[LogLine] = ()
    jobs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    """Texts in the finding."""
    also: tuple[str, ...] = ()
    """Causes that are found beside it."""
    alone: bool = False
    """Whether there is nothing of a healthy service."""
    dated: bool = True
    """Whether it states since when."""

"""What a source contributes to the evidence, and what is reported about it."""

from collections.abc import Callable

from msgspec import Struct

from service.cli.explain.evidence import Alert, LogLine, Series, Span


class Unreachable(Exception):
    """A source does not answer, or its answer is of no use. ``str()`` is the reason, without credentials."""


class Gathered(Struct, kw_only=True):
    """The contribution of one source. It has a failure, or else what was read, possibly nothing."""

    source: str
    """Its name in the report: Prometheus http://prometheus:9090."""
    read: str = ""
    """What was read, in words."""
    failure: str = ""
    """Why it could not be reached or read."""
    live: bool = False
    """Whether it is a server that is asked about a time; the end of a file is the end of the time."""
    lines: list[LogLine] = []
    series: list[Series] = []
    spans: list[Span] = []
    alerts: list[Alert] = []
    jobs: list[str] = []
    """The jobs that the alerting rules select."""

    @property
    def newest(self) -> float | None:
        """The time of the newest line or value."""
        times = [line.at for line in self.lines] + [one.points[-1][0] for one in self.series if one.points]
        return max([*times, *(span.end for span in self.spans)], default=None)


def gather(source: str, read: Callable[[Gathered], str], *, live: bool) -> Gathered:
    """What ``read`` adds; it returns what it was in words, or raises ``Unreachable`` and nothing of it counts."""
    found = Gathered(source=source, live=live)
    try:
        found.read = read(found)
    except Unreachable as error:
        return Gathered(source=source, live=live, failure=str(error))
    return found

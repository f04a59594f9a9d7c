"""Everything that was read, with what could not be."""

from collections.abc import Iterable
from operator import itemgetter

from msgspec import Struct

from service.cli.explain.evidence.alerts import Alert
from service.cli.explain.evidence.log_lines import LogLine
from service.cli.explain.evidence.measurements import Measurements, Series
from service.cli.explain.evidence.period import Period
from service.cli.explain.evidence.span_lines import Span

_IDENTITY = (
    "instance",
    "session_id",
    "connection_id",
    "stream_id",
    "span_id",
    "code",
    "reason",
    "dependency",
    "outcome",
)


class Evidence(Struct, frozen=True):
    """What is known about a period. Lines and spans are in the order of their times, whatever order they came in."""

    period: Period
    metrics: Measurements
    """Without series if none were read."""
    lines: tuple[LogLine, ...] = ()
    spans: tuple[Span, ...] = ()
    alerts: tuple[Alert, ...] = ()
    jobs: tuple[str, ...] = ()
    """The jobs that the alerting rules of Prometheus select; empty if they were not read."""

    @classmethod
    def of(  # noqa: PLR0913 - one for each kind
        cls,
        period: Period,
        *,
        lines: Iterable[LogLine] = (),
        series: Iterable[Series] = (),
        spans: Iterable[Span] = (),
        alerts: Iterable[Alert] = (),
        jobs: Iterable[str] = (),
    ) -> "Evidence":
        """The evidence in order, a line that several sources have once."""
        return cls(
            period,
            Measurements(series, period),
            tuple(line for _, line in sorted({_identity(line): line for line in lines}.items(), key=itemgetter(0))),
            tuple(sorted(spans, key=lambda span: (span.start, span.name, span.span_id))),
            tuple(sorted(alerts, key=lambda alert: (alert.since, alert.name))),
            tuple(sorted(set(jobs))),
        )

    def logged(self, *events: str, after: float | None = None, **fields: str) -> list[LogLine]:
        """The lines of these events with these fields, after a time; by default in the whole period."""
        begin = self.period.start if after is None else after
        return [
            line
            for line in self.lines
            if line.event in events
            and begin <= line.at <= self.period.end
            and all(line.text(name) == value for name, value in fields.items())
        ]

    def recent(self, *events: str, **fields: str) -> list[LogLine]:
        """As ``logged``, in the recent part of the period."""
        return self.logged(*events, after=self.period.recent, **fields)


def _identity(line: LogLine) -> tuple[float | str, ...]:
    return line.at, line.event, line.message, *map(line.text, _IDENTITY)

"""Everything that was read, with what could not be."""

from collections.abc import Iterable, Mapping
from operator import itemgetter

import msgspec
from msgspec import Struct

from service.cli.explain.evidence.alerts import Alert
from service.cli.explain.evidence.log_lines import LogLine
from service.cli.explain.evidence.measurements import Measurements, Series
from service.cli.explain.evidence.period import Period
from service.cli.explain.evidence.span_lines import Span

_encode = msgspec.json.Encoder().encode


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
    by_event: Mapping[str, list[LogLine]] = {}
    """The lines of each event."""

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
        """The evidence in order, a line or a span that several sources have once."""
        by_event: dict[str, list[LogLine]] = {}
        ordered = tuple(
            line for _, line in sorted({_identity(line): line for line in lines}.items(), key=itemgetter(0))
        )
        for line in ordered:
            by_event.setdefault(line.event, []).append(line)
        return cls(
            period,
            Measurements(series, period),
            ordered,
            tuple(span for _, span in sorted({_place(span): span for span in spans}.items(), key=itemgetter(0))),
            tuple(sorted(alerts, key=lambda alert: (alert.since, alert.name))),
            tuple(sorted(set(jobs))),
            by_event,
        )

    @property
    def recent_seconds(self) -> float:
        """How much of the recent time the lines and series cover; at least a second."""
        oldest = min([self.metrics.oldest, *(line.at for line in self.lines[:1])])
        return max(self.period.end - max(self.period.recent, oldest), 1.0)

    def logged(self, *events: str, after: float | None = None, **fields: str) -> list[LogLine]:
        """The lines of these events with these fields, after a time; by default in the whole period."""
        begin = self.period.start if after is None else after
        found = [
            line
            for event in dict.fromkeys(events)
            for line in self.by_event.get(event, ())
            if begin <= line.at <= self.period.end and all(line.text(name) == value for name, value in fields.items())
        ]
        return found if len(events) == 1 else sorted(found, key=lambda line: line.at)

    def recent(self, *events: str, **fields: str) -> list[LogLine]:
        """As ``logged``, in the recent part of the period."""
        return self.logged(*events, after=self.period.recent, **fields)


def _place(span: Span) -> tuple[float, str, str, str]:
    return span.start, span.name, span.span_id, span.trace_id


def _identity(line: LogLine) -> tuple[float, str, str, bytes]:
    return line.at, line.event, line.message, _encode(line.fields)

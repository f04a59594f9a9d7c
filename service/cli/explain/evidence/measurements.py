"""Series of metrics over a period: increases, quantiles, present values, and since when they are so."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import inf

from msgspec import Struct

from service.cli.explain.evidence.period import Period

_PROCESS_START = "process_start_time_seconds"
_COUNTERS = ("_total", "_bucket", "_count", "_sum")
_PRESENT_SHARE = 5
"""A series whose last point is older than this share of the recent time has ended."""

Labels = Mapping[str, str]
Wanted = str | tuple[str, ...]
"""The value or the values that a label may have."""


class Series(Struct, frozen=True):
    """One series; ``points`` are times in seconds of the epoch with values, in order."""

    name: str
    labels: Labels
    points: tuple[tuple[float, float], ...]


class Sample(Struct, frozen=True):
    """The present value of a series."""

    labels: Labels
    value: float


class Quantile(Struct, frozen=True):
    """A quantile of the observations in the recent time, estimated within a bucket as Prometheus does."""

    seconds: float
    """The upper bound of the largest finite bucket if it is over that."""
    count: float
    """The observations that it is computed from."""


class Measurements:
    """The series of all instances. A counter of a process that started in the period counts from 0."""

    def __init__(self, series: Iterable[Series], period: Period) -> None:
        self.period = period
        given = [one for one in series if one.points]
        starts = {_process(one.labels): one.points[-1][1] for one in given if one.name == _PROCESS_START}
        self._by_name: dict[str, list[Series]] = defaultdict(list)
        for one in given:
            self._by_name[one.name].append(_from_zero(one, starts.get(_process(one.labels)), period))
        self._newest = max((one.points[-1][0] for one in given), default=period.end)
        counted = (one.points[0][0] for series in self._by_name.values() for one in series)
        self.oldest = min(counted, default=period.end)
        """The time of the first point, or of the start of a process that is counted from there."""
        self.count = len(given)

    def series(self, name: str, **labels: Wanted) -> list[Series]:
        """The series with these labels, also those that have ended."""
        return [one for one in self._by_name.get(name, ()) if _matches(one.labels, labels)]

    def present(self, name: str, **labels: Wanted) -> list[Sample]:
        """The last values of the series that still exist."""
        limit = self._newest - self.period.quiet_seconds / _PRESENT_SHARE
        found = self.series(name, **labels)
        return [Sample(one.labels, one.points[-1][1]) for one in found if one.points[-1][0] >= limit]

    def failing(self, name: str, **labels: Wanted) -> list[Sample]:
        """The present series that are 0, and were so a point before too: one failed scrape is no outage."""
        limit = self._newest - self.period.quiet_seconds / _PRESENT_SHARE
        found = self.series(name, **labels)
        present = [one for one in found if one.points[-1][0] >= limit and len(one.points) > 1]
        return [Sample(one.labels, 0.0) for one in present if not any(value for _, value in one.points[-2:])]

    def increase(self, name: str, *, after: float | None = None, **labels: Wanted) -> float:
        """The increase of all matching counters after a time; by default in the recent part of the period."""
        return sum(self.growth(one, after) for one in self.series(name, **labels))

    def increases(self, name: str, label: str, *, after: float | None = None, **labels: Wanted) -> dict[str, float]:
        """As ``increase``, for each value of a label that increased, the largest first."""
        found: dict[str, float] = defaultdict(float)
        for one in self.series(name, **labels):
            found[one.labels.get(label, "")] += self.growth(one, after)
        return {value: count for value, count in sorted(found.items(), key=lambda item: (-item[1], item[0])) if count}

    def growth(self, series: Series, after: float | None = None) -> float:
        """As ``increase``, of one counter."""
        after = self.period.recent if after is None else after
        return sum(amount for at, amount in _increments(series) if at > after)

    def began(self, name: str, **labels: Wanted) -> float | None:
        """When the increases that last until now began: those before a pause of the recent length are over.

        The start of the period if they began before it; ``None`` if that was not measured, or if there are none.
        """
        found = self.series(name, **labels)
        return self._first([at for one in found for at, amount in _increments(one) if amount > 0], found)

    def began_above(self, name: str, bound: float, **labels: Wanted) -> float | None:
        """As ``began``, of the observations of a histogram above the bound of a bucket."""
        found = self.series(f"{name}_bucket", **labels)
        above: dict[float, float] = defaultdict(float)
        for one in found:
            sign = {inf: 1, bound: -1}.get(float(one.labels.get("le", "nan")), 0)
            for at, amount in _increments(one):
                above[at] += sign * amount
        return self._first([at for at, amount in above.items() if amount > 0], found)

    def _first(self, times: list[float], series: list[Series]) -> float | None:
        """The first time of the run that lasts; only if a quiet time before it was measured is it the beginning."""
        first = first_of_run(times, self.period.quiet_seconds)
        measured = sorted({at for one in series for at, _ in one.points if at >= self.period.start})
        if first is None or len(measured) < 3:  # noqa: PLR2004 - two points have one increase, and nothing before it
            return None
        if first > measured[1]:
            return first
        return self.period.start if measured[0] - self.period.start < self.period.quiet_seconds else None

    def held_since(self, holds: Callable[[float], bool], name: str, **labels: Wanted) -> float | None:
        """Since when a condition holds for at least one of the matching series; ``None`` if it holds for none now."""
        begins = []
        for one in self.series(name, **labels):
            kept = None
            for at, value in reversed(one.points):
                if not holds(value):
                    break
                kept = at
            if kept is not None:
                begins.append(kept)
        return min(begins, default=None)

    def quantile(self, q: float, name: str, **labels: Wanted) -> Quantile | None:
        """Of a histogram in the recent time; ``None`` without observations."""
        counts: dict[float, float] = defaultdict(float)
        for one in self.series(f"{name}_bucket", **labels):
            counts[float(one.labels.get("le", "nan"))] += self.growth(one)
        total = counts.get(inf, 0.0)
        if total <= 0:
            return None
        return Quantile(_interpolate(q * total, counts), total)


def first_of_run(times: Iterable[float], pause: float) -> float | None:
    """The first of the last times of which none is more than ``pause`` after the one before it."""
    ordered = sorted(times, reverse=True)
    first = ordered[0] if ordered else None
    for later, earlier in pairwise(ordered):
        if later - earlier > pause:
            break
        first = earlier
    return first


def _increments(series: Series) -> list[tuple[float, float]]:
    """When a counter was found increased, and by how much; one that fell began again at 0."""
    return [(at, value - before if value >= before else value) for (_, before), (at, value) in pairwise(series.points)]


def _from_zero(series: Series, started: float | None, period: Period) -> Series:
    first = series.points[0][0]
    if started is None or not period.start <= started < first or not series.name.endswith(_COUNTERS):
        return series
    return Series(series.name, series.labels, ((started, 0.0), *series.points))


def _process(labels: Labels) -> tuple[str, str, str]:
    return labels.get("job", ""), labels.get("instance", ""), labels.get("worker", "")


def _matches(labels: Labels, wanted: Mapping[str, Wanted]) -> bool:
    return all(
        labels.get(name, "") in ((value,) if isinstance(value, str) else value) for name, value in wanted.items()
    )


def _interpolate(rank: float, counts: Mapping[float, float]) -> float:
    below, lower = 0.0, 0.0
    for bound, count in sorted(counts.items()):
        here = max(count, below)  # a bucket includes those below it
        if here >= rank and here > below:
            return lower if bound == inf else lower + (bound - lower) * (rank - below) / (here - below)
        below, lower = here, bound if bound != inf else lower
    return lower

"""PromQL over declared metrics. A label or value that is not declared is an error here, not an empty panel later.

Every selector has the dashboards' variables ``$job`` and ``$instance``. Rates are over ``$__rate_interval``, and per
second unless the name says otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from dashboards.foreign import ALERTS, ALERTS_SINCE
from dashboards.rules import RECORDINGS
from observability.registry.metrics import Counter, Gauge, Histogram, Metric

RATE_INTERVAL: Final = "$__rate_interval"
RANGE: Final = "$__range"
"""The time that the dashboard shows."""

Only = str | Sequence[str]
"""The values of a label that count: one, or several."""


class Query(Struct, frozen=True):
    """What a panel asks."""

    expr: str
    legend: str = ""
    """With labels in double braces."""
    exemplars: bool = False


def select(metric: Metric, **only: Only) -> str:
    """The metric's series with these label values."""
    return _series(metric, "", "", only)


def recorded(name: str) -> str:
    """The series of a recording rule that keeps job and instance."""
    assert name in RECORDINGS, name
    return f"{name}{{{_scope()}}}"


def total(gauge: Gauge, *by: str, **only: Only) -> str:
    """Over all instances."""
    return _sum(gauge, by, select(gauge, **only))


def rate(counter: Counter, *by: str, where: str = "", **only: Only) -> str:
    """``where`` is a matcher as it stands in PromQL."""
    return _sum(counter, by, _rate(_series(counter, "", where, only)))


def per_minute(counter: Counter, *by: str, **only: Only) -> str:
    return f"60 * {_sum(counter, by, _rate(select(counter, **only)))}"


def per_5_minutes(counter: Counter, *by: str, where: str = "", **only: Only) -> str:
    """``where`` as for ``rate``."""
    return f"300 * {_sum(counter, by, _rate(_series(counter, '', where, only)))}"


def grown(counter: Counter, where: str = "", **only: Only) -> str:
    """How much there was of it in the time that the dashboard shows."""
    return f"sum({_grown(_series(counter, '', where, only))})"


def ratio(part: str, whole: str) -> str:
    """A share of a whole; nothing at all while the whole is 0."""
    return f"{part} / ({whole} > 0)"


def buckets(histogram: Histogram, *by: str) -> str:
    """Observations in each bucket."""
    return _sum(histogram, ("le", *by), _rate(_series(histogram, "_bucket")))


def quantile(share: float, histogram: Histogram, *by: str) -> str:
    return f"histogram_quantile({share}, {buckets(histogram, *by)})"


def quantiles(histogram: Histogram) -> tuple[Query, ...]:
    """The median, the 95th and the 99th percentile; with exemplars, if it has them."""
    return (
        Query(quantile(0.5, histogram), "p50"),
        Query(quantile(0.95, histogram), "p95", exemplars=histogram.exemplar),
        Query(quantile(0.99, histogram), "p99"),
    )


def observations(histogram: Histogram, *by: str) -> str:
    """How many."""
    return _sum(histogram, by, _rate(_series(histogram, "_count")))


def amount(histogram: Histogram, *by: str) -> str:
    """The sum of what was observed."""
    return _sum(histogram, by, _rate(_series(histogram, "_sum")))


def within(histogram: Histogram, edge: float, *by: str) -> str:
    """Observations of at most ``edge``, which is one of the buckets'."""
    return _sum(histogram, by, _rate(_series(histogram, "_bucket", _at_most(histogram, edge))))


def grown_within(histogram: Histogram, edge: float) -> str:
    """Observations of at most ``edge`` in the time that the dashboard shows."""
    return f"sum({_grown(_series(histogram, '_bucket', _at_most(histogram, edge)))})"


def grown_observations(histogram: Histogram) -> str:
    return f"sum({_grown(_series(histogram, '_count'))})"


def _at_most(histogram: Histogram, edge: float) -> str:
    assert edge in histogram.buckets, (histogram.name, edge)
    return f'le="{float(edge)}"'


def _grown(selector: str) -> str:
    return f"increase({selector}[{RANGE}])"


def _rate(selector: str) -> str:
    return f"rate({selector}[{RATE_INTERVAL}])"


def _sum(metric: Metric, by: Sequence[str], expr: str) -> str:
    unknown = set(by) - {*metric.labels, "le", "job", "instance"}
    assert not unknown, (metric.name, unknown)
    return f"sum by ({', '.join(by)}) ({expr})" if by else f"sum({expr})"


def _series(metric: Metric, suffix: str, where: str = "", only: Mapping[str, Only] | None = None) -> str:
    """``suffix`` names the part of a histogram."""
    matchers = [_scope(metric), *filter(None, [where]), *(_matcher(metric, *one) for one in (only or {}).items())]
    return f"{metric.name}{suffix}{{{','.join(matchers)}}}"


def _matcher(metric: Metric, label: str, only: Only) -> str:
    values = (only,) if isinstance(only, str) else tuple(only)
    unknown = set(values) - set(metric.labels[label])
    assert not unknown, (metric.name, label, unknown)
    return f'{label}="{values[0]}"' if len(values) == 1 else f'{label}=~"{"|".join(values)}"'


def _scope(metric: Metric | None = None) -> str:
    """An alert over all instances has neither label: for alerts the empty value counts too."""
    nothing = "|" if metric in (ALERTS, ALERTS_SINCE) else ""
    return f'job=~"$job{nothing}",instance=~"$instance{nothing}"'

"""PromQL over declared metrics. A label or value that is not declared raises ``AssertionError``.

Every selector has the dashboards' variables ``$job`` and ``$instance``. Rates are over ``$__rate_interval``, and per
second unless the name states another time.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from dashboards.foreign import ALERTS, ALERTS_SINCE
from observability.registry.metric_types import Counter, Gauge, Histogram, Metric

RATE_INTERVAL: Final = "$__rate_interval"

Only = str | Sequence[str]
"""The selected values of a label: one, or several."""


class Query(Struct, frozen=True):
    """A query of a panel."""

    expr: str
    legend: str = ""
    """Contains labels in double braces."""
    exemplars: bool = False


def with_fixed_ranges(expr: str) -> str:
    """An expression that a parser of PromQL accepts: with a duration in place of the variable for ranges."""
    return expr.replace(RATE_INTERVAL, "1m")


def select(metric: Metric, **only: Only) -> str:
    """The metric's series with these label values."""
    return _series(metric, *(_matcher(metric, *one) for one in only.items()))


def total(metric: Gauge | Counter, *by: str, **only: Only) -> str:
    """The sum over all instances: of a gauge that is a sum over workers too, or of a counter since the starts."""
    assert not isinstance(metric, Gauge) or metric.workers == "sum", metric.name
    return _sum(metric, by, select(metric, **only))


def of_instances(gauge: Gauge, *by: str, **only: Only) -> str:
    """By job, instance and these labels: the values of the workers of an instance, combined as the gauge declares."""
    return _aggregate(gauge.workers, gauge, ("job", "instance", *by), select(gauge, **only))


def rate(counter: Counter, *by: str, **only: Only) -> str:
    return _sum(counter, by, _rate(select(counter, **only)))


def per_minute(counter: Counter, *by: str, **only: Only) -> str:
    return f"60 * {rate(counter, *by, **only)}"


def per_5_minutes(counter: Counter, *by: str, **only: Only) -> str:
    return f"300 * {rate(counter, *by, **only)}"


def ratio(part: str, whole: str) -> str:
    """A share of a whole; no value while the whole is 0."""
    return f"{part} / ({whole} > 0)"


def buckets(histogram: Histogram, *by: str) -> str:
    """The rate of observations by bucket."""
    return _sum(histogram, ("le", *by), _rate(_series(histogram, suffix="_bucket")))


def quantile(share: float, histogram: Histogram, *by: str) -> str:
    return f"histogram_quantile({share}, {buckets(histogram, *by)})"


def quantiles(histogram: Histogram) -> tuple[Query, ...]:
    """The median, the 95th and the 99th percentile; with exemplars if the histogram has them."""
    return (
        Query(quantile(0.5, histogram), "p50"),
        Query(quantile(0.95, histogram), "p95", exemplars=histogram.exemplar),
        Query(quantile(0.99, histogram), "p99"),
    )


def observations(histogram: Histogram, *by: str) -> str:
    """The rate of observations."""
    return _sum(histogram, by, _rate(_series(histogram, suffix="_count")))


def within(histogram: Histogram, edge: float, *by: str) -> str:
    """The rate of observations of at most ``edge``, which is a bucket boundary."""
    assert edge in histogram.buckets, (histogram.name, edge)
    return _sum(histogram, by, _rate(_series(histogram, f'le="{float(edge)}"', suffix="_bucket")))


def _rate(selector: str) -> str:
    return f"rate({selector}[{RATE_INTERVAL}])"


def _sum(metric: Metric, by: Sequence[str], expr: str) -> str:
    return _aggregate("sum", metric, by, expr)


def _aggregate(operation: str, metric: Metric, by: Sequence[str], expr: str) -> str:
    unknown = set(by) - {*metric.labels, "le", "job", "instance", "worker"}
    assert not unknown, (metric.name, unknown)
    return f"{operation} by ({', '.join(by)}) ({expr})" if by else f"{operation}({expr})"


def _series(metric: Metric, *matchers: str, suffix: str = "") -> str:
    """``suffix`` is that of a part of a histogram."""
    return f"{metric.name}{suffix}{{{','.join((_scope(metric), *matchers))}}}"


def _matcher(metric: Metric, label: str, only: Only) -> str:
    values = (only,) if isinstance(only, str) else tuple(only)
    unknown = set(values) - set(metric.labels[label])
    assert not unknown, (metric.name, label, unknown)
    return f'{label}="{values[0]}"' if len(values) == 1 else f'{label}=~"{"|".join(values)}"'


def _scope(metric: Metric) -> str:
    """For alerts also an empty value, because an alert over all instances has neither label."""
    nothing = "|" if metric in (ALERTS, ALERTS_SINCE) else ""
    return f'job=~"$job{nothing}",instance=~"$instance{nothing}"'

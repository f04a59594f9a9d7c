"""Series for ``promtool test rules``, one sample per minute, described as a sequence of stretches.

A stretch is a number of minutes and a value: for a counter its growth per minute, for a gauge its value, for a
histogram the observations per minute by the upper boundary of their bucket.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate

from dashboards.rules import JOB
from observability.registry.metric_types import Counter, Gauge, Histogram, Metric

Series = dict[str, str]
Stretch = tuple[int, float | None]
"""``None`` for no sample."""
Growth = tuple[int, float]
Observations = tuple[int, Mapping[float, float]]

INSTANCE = "one:8000"


def counter(metric: Counter, *stretches: Growth, instance: str = INSTANCE, **labels: str) -> list[Series]:
    """Starts at 0. A negative growth is a restart of the process: the counter is 0 again."""
    _check(metric, labels)
    return [_line(metric.name, _total(stretches), instance, labels)]


def gauge(metric: Gauge, *stretches: Stretch, job: str = JOB, instance: str = INSTANCE, **labels: str) -> list[Series]:
    _check(metric, labels)
    values = (value for minutes, value in stretches for _ in range(minutes))
    return [_line(metric.name, values, instance, labels, job)]


def histogram(metric: Histogram, *stretches: Observations, instance: str = INSTANCE, **labels: str) -> list[Series]:
    """All buckets and the count."""
    _check(metric, labels)
    infinity = float("inf")
    for _, observations in stretches:
        assert set(observations) <= {*metric.buckets, infinity}, metric.name
    boundaries = zip((*metric.buckets, infinity), metric.edges(), strict=True)
    parts = [*((boundary, "_bucket", {"le": text}) for boundary, text in boundaries), (infinity, "_count", {})]
    return [
        _line(f"{metric.name}{suffix}", _total(_up_to(boundary, stretches)), instance, labels | le)
        for boundary, suffix, le in parts
    ]


def _up_to(boundary: float, stretches: tuple[Observations, ...]) -> tuple[Growth, ...]:
    return tuple((minutes, sum(n for at, n in seen.items() if at <= boundary)) for minutes, seen in stretches)


def _check(metric: Metric, labels: Mapping[str, str]) -> None:
    """Fail for a series that the service cannot export."""
    own = {label: value for label, value in labels.items() if label != "worker"}
    assert own.keys() <= metric.labels.keys(), (metric.name, labels)
    assert all(value in metric.labels[label] for label, value in own.items()), (metric.name, labels)


def _line(
    name: str, values: Iterator[float | None], instance: str, labels: Mapping[str, str], job: str = JOB
) -> Series:
    matchers = ",".join(f'{label}="{value}"' for label, value in {"job": job, "instance": instance, **labels}.items())
    samples = ("_" if value is None else f"{value:.10g}" for value in values)
    return {"series": f"{name}{{{matchers}}}", "values": " ".join(samples)}


def _total(stretches: tuple[Growth, ...]) -> Iterator[float]:
    growths = (growth for minutes, growth in stretches for _ in range(minutes))
    return accumulate(growths, lambda total, growth: 0 if growth < 0 else total + growth)

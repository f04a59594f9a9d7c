"""Series as ``promtool test rules`` reads them: a sample a minute, told as stretches of time.

A stretch is its minutes and what is so during it: for a counter its growth a minute, for a gauge its value, for a
histogram the observations a minute by the upper edge of the bucket that they fall in.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate

from alerts.links import JOB
from observability.registry.metrics import Counter, Gauge, Histogram, Metric

Series = dict[str, str]
Stretch = tuple[int, float | None]
"""``None``: there is no sample."""
Growth = tuple[int, float]
Observations = tuple[int, Mapping[float, float]]

INSTANCE = "one:8000"


def counter(metric: Counter, *stretches: Growth, instance: str = INSTANCE, **labels: str) -> list[Series]:
    """It begins at 0 and grows; growth that is negative is a new process, which begins at 0 again."""
    _check(metric, labels)
    return [_line(metric.name, _grown(stretches), instance, labels)]


def gauge(metric: Gauge, *stretches: Stretch, instance: str = INSTANCE, **labels: str) -> list[Series]:
    _check(metric, labels)
    return [_line(metric.name, _held(stretches), instance, labels)]


def histogram(metric: Histogram, *stretches: Observations, instance: str = INSTANCE, **labels: str) -> list[Series]:
    """All buckets and the count."""
    _check(metric, labels)
    for _, observed in stretches:
        assert set(observed) <= {*metric.buckets, float("inf")}, metric.name
    return [
        _line(f"{metric.name}{suffix}", _grown(_up_to(edge, stretches)), instance, labels | le)
        for edge, suffix, le in (
            *(
                (edge, "_bucket", {"le": shown})
                for edge, shown in zip((*metric.buckets, float("inf")), metric.edges(), strict=True)
            ),
            (float("inf"), "_count", {}),
        )
    ]


def _up_to(edge: float, stretches: tuple[Observations, ...]) -> tuple[Growth, ...]:
    return tuple((minutes, sum(count for at, count in seen.items() if at <= edge)) for minutes, seen in stretches)


def _check(metric: Metric, labels: Mapping[str, str]) -> None:
    """A test over series that cannot be proves nothing."""
    assert labels.keys() <= metric.labels.keys(), (metric.name, labels)
    assert all(value in metric.labels[label] for label, value in labels.items()), (metric.name, labels)


def _line(name: str, values: Iterator[float | None], instance: str, labels: Mapping[str, str]) -> Series:
    shown = ",".join(f'{label}="{value}"' for label, value in {"job": JOB, "instance": instance, **labels}.items())
    return {"series": f"{name}{{{shown}}}", "values": " ".join(f"{_shown(value)}" for value in values)}


def _shown(value: float | None) -> str:
    return "_" if value is None else f"{value:.10g}"


def _held(stretches: tuple[Stretch, ...]) -> Iterator[float | None]:
    for minutes, value in stretches:
        yield from [value] * minutes


def _grown(stretches: tuple[Growth, ...]) -> Iterator[float]:
    growths = (growth for minutes, growth in stretches for _ in range(minutes))
    return accumulate(growths, lambda so_far, growth: 0 if growth < 0 else so_far + growth)

"""What may be asked for: every series that there is, with its labels and their values.

The series of the registry, those that recording rules make of them, and the few that Prometheus and its client library
bring along. Dashboards, rules and runbooks are held against it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from alerts.recording import RECORDINGS
from dashboards.foreign import FOREIGN
from observability.registry.metrics import METRICS, Counter, Histogram, Metric
from tests.ops.alerts.promql import Selector, ask

ANY: Final = None
"""Whatever value a label may have."""
TARGET: Final[Mapping[str, tuple[str, ...] | None]] = {"job": ANY, "instance": ANY}
"""The labels that a scrape adds."""

_FUNCTIONS_OF_COUNTERS = {"rate", "irate", "increase"}


class Series(Struct, frozen=True):
    labels: Mapping[str, tuple[str, ...] | None]
    """By label, the values that there are."""
    counts: bool = False
    """Whether it only ever grows, so that ``rate`` means something."""


_LEVELS: Final = {
    "job": {"job": ANY},
    "instance": TARGET,
    "instance_le": {**TARGET, "le": ANY},
}
"""The labels that a recorded series has, by the beginning of its name."""


def declared(metrics: Iterable[Metric] = METRICS) -> dict[str, Series]:
    """All series by name, if the registry were to hold these metrics."""
    series: dict[str, Series] = {}
    for metric in (*FOREIGN, *metrics):
        series |= _series(metric)
    for group in RECORDINGS:
        series |= {rule.record: Series(_LEVELS[rule.record.partition(":")[0]]) for rule in group.rules}
    return series


def faults(expression: str, series: Mapping[str, Series]) -> list[str]:
    """What is wrong with an expression, a sentence each. Raises ``ValueError`` for what is not PromQL."""
    asked = ask(expression)
    found = [fault for selector in asked.selectors for fault in _faults(selector, series)]
    known = {label for name in asked.metrics & series.keys() for label in series[name].labels}
    if asked.metrics <= series.keys():
        found += [f"no series here has the label {label}" for label in sorted(asked.labels - known)]
    return found


def _faults(selector: Selector, series: Mapping[str, Series]) -> Iterator[str]:
    one = series.get(selector.metric)
    if one is None:
        yield f"{selector.metric} is not declared"
        return
    if selector.function in _FUNCTIONS_OF_COUNTERS and not one.counts:
        yield f"{selector.function} of {selector.metric}, which is no counter"
    for label, value in selector.matchers:
        if label not in one.labels:
            yield f"{selector.metric} has no label {label}"
        elif (values := one.labels[label]) is not ANY and value not in values and not value.startswith("$"):
            yield f"{selector.metric} never has {label}={value!r}"


def _series(metric: Metric) -> dict[str, Series]:
    labels = {**TARGET, **metric.labels}
    if not isinstance(metric, Histogram):
        return {metric.name: Series(labels, counts=isinstance(metric, Counter))}
    return {
        f"{metric.name}_bucket": Series({**labels, "le": metric.edges()}, counts=True),
        f"{metric.name}_sum": Series(labels, counts=True),
        f"{metric.name}_count": Series(labels, counts=True),
    }

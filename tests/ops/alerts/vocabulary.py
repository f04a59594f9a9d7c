"""The series that an expression may use, with their labels and values, and a check of expressions against them.

They are the metrics of the registry, the series of the recording rules, and the few that Prometheus and its client
library add. Dashboards, rules and runbooks are checked.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from dashboards.foreign import FOREIGN
from dashboards.rules import RECORDINGS
from observability.registry.live_metrics import LiveStreamState
from observability.registry.metric_types import Counter, Histogram, Metric
from observability.registry.metrics import METRICS
from tests.ops.alerts.promql import Selector, parse

ANY: Final = None
"""A label may have any value."""
TARGET: Final[Mapping[str, tuple[str, ...] | None]] = {"job": ANY, "instance": ANY}
"""The labels that a scrape adds."""
WORKER: Final[Mapping[str, tuple[str, ...] | None]] = {"worker": ANY}
"""The label that every series of an instance with several workers has."""
LEVELS: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "job": {"job": ANY},
    "instance": TARGET,
    "instance_le": {**TARGET, "le": ANY},
    "instance_state": {**TARGET, "state": tuple(LiveStreamState)},
}
"""The labels of a recorded series, by the first part of its name."""

_COUNTER_FUNCTIONS = {"rate", "irate", "increase"}


class Series(Struct, frozen=True):
    labels: Mapping[str, tuple[str, ...] | None]
    """The values of each label."""
    counts: bool = False
    """Whether the series only increases, so that ``rate`` is meaningful."""


def declared(metrics: Iterable[Metric] = METRICS) -> dict[str, Series]:
    """All series by name, for a registry with these metrics."""
    series: dict[str, Series] = {}
    for metric in (*FOREIGN, *metrics):
        series |= _series(metric)
    return series | {name: Series(LEVELS[name.partition(":")[0]]) for name in RECORDINGS}


def faults(expression: str, series: Mapping[str, Series]) -> list[str]:
    """A message for each undeclared name in an expression. Raises ``ValueError`` for what is not PromQL."""
    parsed = parse(expression)
    found = [fault for selector in parsed.selectors for fault in _faults(selector, series)]
    known = {label for name in parsed.metrics & series.keys() for label in series[name].labels}
    if parsed.metrics <= series.keys():
        found += [f"no series has the label {label}" for label in sorted(parsed.labels - known)]
    return found


def _faults(selector: Selector, series: Mapping[str, Series]) -> Iterator[str]:
    one = series.get(selector.metric)
    if one is None:
        yield f"{selector.metric} is not declared"
        return
    if selector.function in _COUNTER_FUNCTIONS and not one.counts:
        yield f"{selector.function} of {selector.metric}, which is no counter"
    for label, value in selector.matchers:
        if label not in one.labels and (label, "") in selector.matchers:
            continue  # a matcher that accepts an empty value selects series without the label
        if label not in one.labels:
            yield f"{selector.metric} has no label {label}"
        elif (values := one.labels[label]) is not ANY and value not in values and not value.startswith("$"):
            yield f"{selector.metric} never has {label}={value!r}"


def _series(metric: Metric) -> dict[str, Series]:
    labels = {**TARGET, **WORKER, **metric.labels}
    if not isinstance(metric, Histogram):
        return {metric.name: Series(labels, counts=isinstance(metric, Counter))}
    return {
        f"{metric.name}_bucket": Series({**labels, "le": metric.edges()}, counts=True),
        f"{metric.name}_sum": Series(labels, counts=True),
        f"{metric.name}_count": Series(labels, counts=True),
    }

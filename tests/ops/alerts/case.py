"""What a test case of an alerting rule consists of."""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from dashboards.rules import JOB, Alert
from observability.registry.metric_types import Counter
from observability.registry.metrics import REQUESTS, TIME_TO_FIRST_CHUNK
from tests.ops.alerts.series import INSTANCE, Growth, Observations, Series, counter, histogram

OF_JOB = {"job": JOB}
OF_INSTANCE = {"job": JOB, "instance": INSTANCE}
TWO = "two:8000"
"""A second instance."""

_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_VALUE = re.compile(r"\{\{ \$value( \|[^}]*)? \}\}")


class Firing(Struct, frozen=True):
    """Series with which an alert fires at one minute, not before, and no longer at a later one."""

    series: list[Series]
    at: int
    """The first minute at which the alert fires."""
    resolved_at: int | None
    """``None`` for an alert that never resolves."""
    value: str = ""
    """The value in the description, as the template formats it."""
    labels: Mapping[str, str] = field(default_factory=lambda: OF_JOB)
    """The labels besides severity and concern."""
    description: str = ""
    """The description, where its template has more than labels and the value."""

    def expected(self, alert: Alert) -> dict[str, dict[str, str]]:
        """The labels and annotations that promtool compares."""
        return {
            "exp_labels": {**alert.labels, **self.labels},
            "exp_annotations": {name: self._rendered(text) for name, text in alert.annotations.items()}
            | ({"description": self.description} if self.description else {}),
        }

    def _rendered(self, template: str) -> str:
        return _VALUE.sub(self.value, _LABEL.sub(lambda found: self.labels[found[1]], template))


class Case(Struct, frozen=True, kw_only=True):
    below: list[Series] | None = None
    """Just below the threshold: the alert is silent."""
    low_traffic: list[Series] | None = None
    """Beyond the threshold, with traffic just below the floor: the alert is silent."""
    firing: tuple[Firing, ...]
    """For a rule with a floor, the first one has traffic just above it."""
    minutes: int = 30
    """The length of ``below`` and ``low_traffic``."""


def requests(**outcomes: tuple[Growth, ...]) -> list[Series]:
    """Requests per minute, by outcome."""
    return [
        line
        for outcome, stretches in outcomes.items()
        for line in counter(REQUESTS, *stretches, content_type="text", outcome=outcome)
    ]


def first_chunks(*stretches: Observations) -> list[Series]:
    return histogram(TIME_TO_FIRST_CHUNK, *stretches, content_type="text")


def p95(series: Callable[..., list[Series]], within: float, beyond: float, few: str, many: str) -> Case:
    """An alert on a p95 with a floor of 20 in 5 minutes. Its value is ``few`` if all are beyond, or ``many`` if 6 %."""
    return Case(
        below=series((30, {within: 96, beyond: 4})),
        low_traffic=series((30, {beyond: 3.9})),
        firing=(
            Firing(series((30, {beyond: 4.2}), (30, {})), 9, 55, few),
            Firing(series((30, {within: 94, beyond: 6}), (30, {within: 100})), 6, 55, many),
        ),
    )


def surge(series: Callable[[float], list[Series]], at: int = 9) -> tuple[Firing, ...]:
    """An alert on more than 50 in 5 minutes: just above them, and beyond."""
    return tuple(Firing(series(growth), at, 55, value) for growth, value in ((10.2, "51"), (12, "60")))


def losses(metric: Counter, label: str, lost: str, kept: str) -> Case:
    """An alert on losses that last for 5 minutes, by a label."""
    return Case(
        below=counter(metric, (1, 5), (29, 0), **{label: lost}),
        firing=(
            Firing(
                [*counter(metric, (30, 3), (30, 0), **{label: lost}), *counter(metric, (60, 0), **{label: kept})],
                6,
                55,
                "15",
                OF_JOB | {label: lost},
            ),
        ),
    )

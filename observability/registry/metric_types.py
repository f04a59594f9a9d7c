"""The types of which the declarations of metrics are made, and the label values that belong to no event."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import product
from math import inf
from typing import ClassVar, Literal, Self

from msgspec import Struct
from prometheus_client.utils import floatToGoString

OTHER = "other"
"""The label value of everything that has none of its own."""


class Metric(Struct, frozen=True):
    """One metric. ``labels`` lists all values that each label can have."""

    type: ClassVar[str]

    name: str
    """As it is scraped; the series of a histogram add _bucket, _sum and _count."""
    help: str
    labels: Mapping[str, tuple[str, ...]] = {}
    unit: str = ""
    only: frozenset[tuple[str, ...]] = frozenset()
    """The combinations of label values that exist; empty: all of them."""

    def combinations(self) -> Iterator[tuple[str, ...]]:
        """The label values of each series; one empty tuple for a metric without labels."""
        every = product(*self.labels.values())
        return (values for values in every if values in self.only) if self.only else every


class Counter(Metric, frozen=True):
    type = "counter"


class Gauge(Metric, frozen=True, kw_only=True):
    type = "gauge"

    workers: Literal["sum", "max", "min"] = "sum"
    """How rules and dashboards combine the values of the workers of an instance: the sum; the maximum, where all are
    equal; or the minimum, where one affected worker is enough."""


class Histogram(Metric, frozen=True, kw_only=True):
    type = "histogram"

    buckets: tuple[float, ...]
    """Upper bounds, every threshold of an objective or an alert among them."""
    exemplar: bool = False
    """Whether observations have an exemplar with the ids of their trace."""

    def edges(self) -> tuple[str, ...]:
        """The values of ``le`` as they are scraped and as a rule must write them."""
        return tuple(floatToGoString(edge) for edge in (*self.buckets, inf))  # type: ignore[no-untyped-call]


class StreamState(StrEnum):
    STREAMING = "streaming"
    PAUSED = "paused"

    @classmethod
    def of(cls, *, paused: bool) -> Self:
        return cls.PAUSED if paused else cls.STREAMING


class AdmittedBy(StrEnum):
    """How a connection took on a request."""

    REQUEST = "request"
    RECOVERY = "recovery"


class LostWork(StrEnum):
    """What is lost with a worker that dies."""

    CONNECTIONS = "connections"
    REQUESTS = "requests"


class RecoveryKind(StrEnum):
    """How a stream continued."""

    RECOVERED = "recovered"
    """By a ``recover`` message."""
    REPEATED = "repeated"
    """By a repeated request, which restarts the stream."""

    @classmethod
    def of(cls, *, repeated: bool) -> Self:
        return cls.REPEATED if repeated else cls.RECOVERED


class Lookup(StrEnum):
    HIT = "hit"
    MISS = "miss"

    @classmethod
    def of(cls, *, hit: bool) -> Self:
        return cls.HIT if hit else cls.MISS


class Signal(StrEnum):
    """The signals that telemetry exports and may drop."""

    LOGS = "logs"
    """Lines on standard output."""
    OTLP_LOGS = "otlp_logs"
    """The same lines on their way to a collector."""
    METRICS = "metrics"
    """Exports of metrics to a collector."""
    TRACES = "traces"
    ERRORS = "errors"

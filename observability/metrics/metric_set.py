"""The metrics of prometheus_client, created from their declarations."""

from collections.abc import Iterable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from observability.registry import metric_types
from service.protocol.trace import Trace

_Child = TypeVar("_Child", Counter, Gauge, Histogram)
_Children = dict[str, dict[tuple[str, ...], _Child]]
"""By name, then by label values: a lookup in a dictionary is much faster than ``labels()``."""


class MetricSet:
    """The declared metrics with each label combination at 0, in ``registry``."""

    def __init__(self, declarations: Iterable[metric_types.Metric], registry: CollectorRegistry) -> None:
        self._counters: _Children[Counter] = {}
        self._gauges: _Children[Gauge] = {}
        self._histograms: _Children[Histogram] = {}
        for metric in declarations:
            name, text, labels, unit = metric.name, metric.help, metric.labels, metric.unit
            match metric:
                case metric_types.Counter():
                    _add(self._counters, metric, Counter(name, text, labels, unit=unit, registry=registry))
                case metric_types.Gauge():
                    _add(self._gauges, metric, Gauge(name, text, labels, unit=unit, registry=registry))
                case metric_types.Histogram(buckets=buckets):
                    histogram = Histogram(name, text, labels, unit=unit, registry=registry, buckets=buckets)
                    _add(self._histograms, metric, histogram)

    def counter(self, metric: metric_types.Counter, *labels: str) -> Counter:
        return self._counters[metric.name][labels]

    def gauge(self, metric: metric_types.Gauge, *labels: str) -> Gauge:
        return self._gauges[metric.name][labels]

    def histogram(self, metric: metric_types.Histogram, *labels: str) -> Histogram:
        return self._histograms[metric.name][labels]


def _add(children: _Children[_Child], metric: metric_types.Metric, family: _Child) -> None:
    children[metric.name] = {values: family.labels(*values) if values else family for values in metric.combinations()}


def exemplar_of(trace: Trace, *, exported: bool = False) -> dict[str, str] | None:
    """The ids of an exported trace; no exemplar leads to a trace that was not exported."""
    return {"trace_id": trace.trace_id, "span_id": trace.span_id} if trace.sampled or exported else None

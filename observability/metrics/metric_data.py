"""Metrics of prometheus_client in the types of OpenTelemetry, with the same names, labels and values.

A receiver that translates them to Prometheus, as Prometheus itself does, arrives at the series of a scrape: it adds
only those suffixes for unit and type that a name lacks.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Exemplar as SampleExemplar
from prometheus_client.samples import Sample

_UNITS = {"seconds": "s", "bytes": "By"}
_CUMULATIVE = AggregationTemporality.CUMULATIVE


def to_metrics(families: Iterable[Family], start_ns: int, now_ns: int) -> list[Metric]:
    """The families with a type of OpenTelemetry; ``target_info`` has none, as it is the resource.

    ``start_ns`` is when all counters were 0.
    """
    metrics = []
    for family in families:
        match family.type:
            case "counter":
                points = [_point(sample, start_ns, now_ns) for sample in family.samples]
                metrics.append(_metric(family, f"{family.name}_total", Sum(points, _CUMULATIVE, is_monotonic=True)))
            case "gauge":
                points = [_point(sample, None, now_ns) for sample in family.samples]
                metrics.append(_metric(family, family.name, Gauge(points)))
            case "histogram":
                histogram = Histogram(_histogram_points(family, start_ns, now_ns), _CUMULATIVE)
                metrics.append(_metric(family, family.name, histogram))
    return metrics


def _metric(family: Family, name: str, data: Sum | Gauge | Histogram) -> Metric:
    return Metric(name, family.documentation, _UNITS.get(family.unit, ""), data)


def _point(sample: Sample, start_ns: int | None, now_ns: int) -> NumberDataPoint:
    return NumberDataPoint(sample.labels, start_ns or 0, now_ns, float(sample.value))


class _Buckets(Struct):
    """The samples of one histogram."""

    labels: Mapping[str, str]
    bounds: list[float] = field(default_factory=list)
    cumulative: list[int] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)
    sum: float = 0.0

    def add(self, sample: Sample) -> None:
        if "le" in sample.labels:
            self.bounds.append(float(sample.labels["le"]))
            self.cumulative.append(int(sample.value))
            if sample.exemplar is not None:
                self.exemplars.append(_exemplar(sample.exemplar))
        elif sample.name.endswith("_sum"):
            self.sum = sample.value

    def point(self, start_ns: int, now_ns: int) -> HistogramDataPoint:
        return HistogramDataPoint(
            attributes=self.labels,
            start_time_unix_nano=start_ns,
            time_unix_nano=now_ns,
            count=self.cumulative[-1],
            sum=self.sum,
            bucket_counts=[upper - lower for lower, upper in zip([0, *self.cumulative], self.cumulative, strict=False)],
            explicit_bounds=self.bounds[:-1],  # the last is infinity
            min=None,  # type: ignore[arg-type] # unknown: absent in OTLP
            max=None,  # type: ignore[arg-type]
            exemplars=self.exemplars,
        )


def _histogram_points(family: Family, start_ns: int, now_ns: int) -> list[HistogramDataPoint]:
    histograms: dict[tuple[str, ...], _Buckets] = {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        key = tuple(labels.values())
        if key not in histograms:
            histograms[key] = _Buckets(labels)
        histograms[key].add(sample)
    return [histogram.point(start_ns, now_ns) for histogram in histograms.values()]


def _exemplar(exemplar: SampleExemplar) -> Exemplar:
    return Exemplar(
        filtered_attributes={},
        value=float(exemplar.value),
        time_unix_nano=int(float(exemplar.timestamp or 0) * 1e9),
        trace_id=int(exemplar.labels["trace_id"], 16),
        span_id=int(exemplar.labels["span_id"], 16),
    )

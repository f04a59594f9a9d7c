"""What an OTLP receiver has received, in plain types."""

from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

from msgspec import Struct
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.trace.v1 import trace_pb2
from prometheus_client.samples import Sample

Attributes = dict[str, Any]
Series = tuple[str, frozenset[tuple[str, str | float]]]
"""The name and the labels of a series; the bound of a bucket is a number."""


class SpanEvent(Struct, frozen=True):
    name: str
    at_ns: int
    attributes: Attributes


class Link(Struct, frozen=True):
    trace_id: str
    span_id: str
    attributes: Attributes


class Span(Struct, frozen=True):
    """A received span. Ids are in hex (``parent_span_id`` of a root is empty), times in nanoseconds since the epoch."""

    name: str
    trace_id: str
    span_id: str
    parent_span_id: str
    kind: str
    """``INTERNAL``, ``SERVER``, …"""
    start_ns: int
    end_ns: int
    attributes: Attributes
    events: list[SpanEvent]
    links: list[Link]
    status: str
    """``UNSET``, ``OK`` or ``ERROR``."""
    status_message: str
    trace_state: str
    scope: str
    """The name of the instrumentation."""
    resource: Attributes
    schema_urls: tuple[str, str]
    """Of the resource and of the scope."""


class LogRecord(Struct, frozen=True):
    """A received log record. Ids are in hex, or empty."""

    at_ns: int
    severity: str
    """``DEBUG``, ``INFO``, ``WARN``, …"""
    level: str
    """The severity as the service names it."""
    event: str
    body: str
    trace_id: str
    span_id: str
    attributes: Attributes
    resource: Attributes


class Exemplar(Struct, frozen=True):
    trace_id: str
    span_id: str
    value: float
    at_ns: int


class Point(Struct, frozen=True):
    """A received point of a metric; what its type lacks is 0 or empty."""

    name: str
    type: str
    """``sum``, ``gauge`` or ``histogram``; a sum is monotonic and, like a histogram, cumulative."""
    unit: str
    description: str
    attributes: Attributes
    start_ns: int
    at_ns: int
    value: float
    """Of a histogram its sum."""
    bounds: list[float]
    bucket_counts: list[int]
    exemplars: list[Exemplar]


class MetricsExport(Struct, frozen=True):
    """The points of one request."""

    points: list[Point]
    resource: Attributes
    scope: str


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for of_resource in request.resource_spans:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield _span(span, of_scope.scope.name, resource, (of_resource.schema_url, of_scope.schema_url))


def _span(span: trace_pb2.Span, scope: str, resource: Attributes, schema_urls: tuple[str, str]) -> Span:
    return Span(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        events=[SpanEvent(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in span.events],
        links=[Link(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes)) for link in span.links],
        status=trace_pb2.Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
        status_message=span.status.message,
        trace_state=span.trace_state,
        scope=scope,
        resource=resource,
        schema_urls=schema_urls,
    )


def lines_of(request: ExportLogsServiceRequest) -> Iterator[LogRecord]:
    for of_resource in request.resource_logs:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_logs:
            for record in of_scope.log_records:
                yield LogRecord(
                    at_ns=record.time_unix_nano,
                    severity=logs_pb2.SeverityNumber.Name(record.severity_number).removeprefix("SEVERITY_NUMBER_"),
                    level=record.severity_text,
                    event=record.event_name,
                    body=record.body.string_value,
                    trace_id=record.trace_id.hex(),
                    span_id=record.span_id.hex(),
                    attributes=_attributes(record.attributes),
                    resource=resource,
                )


def metrics_of(request: ExportMetricsServiceRequest) -> Iterator[MetricsExport]:
    for of_resource in request.resource_metrics:
        for of_scope in of_resource.scope_metrics:
            points = [point for metric in of_scope.metrics for point in _points(metric)]
            yield MetricsExport(points, _attributes(of_resource.resource.attributes), of_scope.scope.name)


def _points(metric: metrics_pb2.Metric) -> Iterator[Point]:
    kind = metric.WhichOneof("data")
    assert kind in {"sum", "gauge", "histogram"}
    data = getattr(metric, kind)
    if kind == "sum":
        assert data.is_monotonic
    if kind != "gauge":
        assert data.aggregation_temporality == metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
    for point in data.data_points:
        histogram = kind == "histogram"
        if histogram:
            assert point.count == sum(point.bucket_counts)
        yield Point(
            name=metric.name,
            type=kind,
            unit=metric.unit,
            description=metric.description,
            attributes=_attributes(point.attributes),
            start_ns=point.start_time_unix_nano,
            at_ns=point.time_unix_nano,
            value=point.sum if histogram else point.as_double,
            bounds=list(point.explicit_bounds) if histogram else [],
            bucket_counts=list(point.bucket_counts) if histogram else [],
            exemplars=[
                Exemplar(one.trace_id.hex(), one.span_id.hex(), one.as_double, one.time_unix_nano)
                for one in point.exemplars
            ],
        )


def _attributes(pairs: Iterable[KeyValue]) -> Attributes:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:  # noqa: ANN401 - an attribute is a scalar or a list of scalars
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_value(one) for one in value.array_value.values]
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
        case kind:
            return getattr(value, kind)


def scraped_series(points: Iterable[Point]) -> dict[Series, float]:
    """The points as the series of a scrape, the bound of a bucket as a number."""
    series: dict[Series, float] = {}
    for point in points:
        labels = frozenset(point.attributes.items())
        if point.type != "histogram":
            series[point.name, labels] = point.value
            continue
        count = 0
        for bound, counted in zip([*point.bounds, inf], point.bucket_counts, strict=True):
            count += counted
            series[f"{point.name}_bucket", labels | {("le", bound)}] = count
        series[f"{point.name}_count", labels] = count
        series[f"{point.name}_sum", labels] = point.value
    return series


def series_of(samples: Iterable[Sample]) -> dict[Series, float]:
    """The series of a scrape, without ``target_info``, in the same form."""
    series: dict[Series, float] = {}
    for sample in samples:
        if sample.name != "target_info":
            labels = {name: float(text) if name == "le" else text for name, text in sample.labels.items()}
            series[sample.name, frozenset(labels.items())] = sample.value
    return series

"""Metrics for a collector have the names, labels and values of a scrape."""

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.resources import Resource

from observability.metrics.metric_data import to_metrics
from observability.metrics.metrics_sink import Metrics
from observability.otlp.resource import SCOPE
from service.events import CacheQueried, CacheTier, Outcome
from tests.backends.otlp_items import MetricsExport, Series, metrics_of, scraped_series, series_of
from tests.unit.observability.metrics.samples import SAMPLED, UNSAMPLED, ended, life, openmetrics, started

START_NS, NOW_NS = 1_700_000_000_000_000_000, 1_700_000_060_000_000_000
OF_THE_MOMENT = ("process_", "python_gc_", "stream_memory_")
"""Values that change between two collections."""


def export(metrics: Metrics) -> MetricsExport:
    """The metrics as a collector receives them."""
    scope = ScopeMetrics(SCOPE, to_metrics(metrics.collect(), START_NS, NOW_NS), "")
    [received] = metrics_of(encode_metrics(MetricsData([ResourceMetrics(Resource({}), [scope], "")])))
    return received


def steady(series: dict[Series, float]) -> dict[Series, float]:
    return {key: value for key, value in series.items() if not key[0].startswith(OF_THE_MOMENT)}


def test_every_series_of_a_scrape_is_exported_with_its_value(metrics: Metrics) -> None:
    for event in (*life(SAMPLED), started(UNSAMPLED), ended(UNSAMPLED, Outcome.COMPLETED)):
        metrics.record(event)
    metrics.record(CacheQueried(CacheTier.SHARED, hit=True))
    exported = scraped_series(export(metrics).points)
    scraped = series_of(openmetrics(metrics))
    assert exported.keys() == scraped.keys()
    assert steady(exported) == steady(scraped)
    assert sum(value > 0 for value in steady(scraped).values()) > 100


def test_type_unit_and_times_are_those_of_open_telemetry(metrics: Metrics) -> None:
    points = {point.name: point for point in export(metrics).points}
    seconds = points["stream_content_cpu_seconds_total"]
    assert (seconds.type, seconds.unit, seconds.start_ns, seconds.at_ns) == ("sum", "s", START_NS, NOW_NS)
    active = points["stream_connections_active"]
    assert (active.type, active.unit, active.start_ns, active.at_ns) == ("gauge", "", 0, NOW_NS)
    assert active.description == "Open WebSocket connections."
    size = points["stream_content_bytes"]
    assert (size.type, size.unit, size.start_ns, size.at_ns) == ("histogram", "By", START_NS, NOW_NS)
    assert size.bounds == [256.0 * 8**step for step in range(5)]


def test_a_translation_to_prometheus_keeps_the_names(metrics: Metrics) -> None:
    """It appends the word of a unit that the name lacks, and total to a sum; it never appends to an empty unit."""
    for point in export(metrics).points:
        assert {"s": "seconds", "By": "bytes"}[point.unit] in point.name.split("_") if point.unit else True
        assert point.name.endswith("_total") == (point.type == "sum")


def test_exemplars_lead_to_the_same_spans(metrics: Metrics) -> None:
    for event in life(SAMPLED):
        metrics.record(event)
    scraped = {
        (sample.name.removesuffix("_bucket"), exemplar.labels["trace_id"], exemplar.labels["span_id"], exemplar.value)
        for sample in openmetrics(metrics)
        if (exemplar := sample.exemplar)
    }
    exported = [(point.name, exemplar) for point in export(metrics).points for exemplar in point.exemplars]
    assert {(name, one.trace_id, one.span_id, one.value) for name, one in exported} == scraped
    assert len(scraped) == 5
    assert all(one.at_ns > START_NS for _, one in exported)

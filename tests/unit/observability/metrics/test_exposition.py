"""The exposition: series, formats, units and exemplars."""

from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from observability.metrics.metrics_sink import Metrics
from observability.registry import metrics as declared
from observability.registry.metric_types import Gauge, Histogram
from observability.registry.metrics import CONFIG_LIMITS, METRICS
from service.settings import Settings, about
from tests.unit.observability.metrics.samples import (
    OPENMETRICS,
    POSTGRESQL,
    REDIS,
    SAMPLED,
    TOKEN_KEYS,
    UNSAMPLED,
    life,
    openmetrics,
    series_of,
    value,
    values,
)
from tests.unit.sample_live import live_events

UP = "stream_dependency_up"
STORE = ("session_store", "stream_writes", "stream_reads")
STORED = (*STORE, "live_store")


def test_exactly_the_declared_series_exist_from_the_start(metrics: Metrics) -> None:
    initial = values(metrics)
    found = {series for series in initial if not series[0].startswith(("process_", "python_"))}
    of_the_other_mode = {series for series in series_of(declared.TOKEN_CHECK) if ("mode", "key") in series[1]}
    assert found == {series for metric in METRICS for series in series_of(metric)} - of_the_other_mode
    set_at_start = (
        *CONFIG_LIMITS,
        declared.BUILD_INFO,
        declared.DEPENDENCY_UP,
        declared.MEMORY_USAGE,
        declared.MEMORY_LIMIT,
        declared.STORE_LIMIT,
        declared.TOKEN_KEYS_FETCHED,
        declared.WORKER_UP,
    )
    started = {series for metric in set_at_start for series in series_of(metric)}
    assert not any(initial[series] for series in found - started)
    assert len(initial) < 1600


def test_the_thresholds_of_alerts_are_bucket_bounds(metrics: Metrics) -> None:
    for name, threshold in (
        ("stream_processing_duration_seconds", "0.1"),
        ("stream_processing_duration_seconds", "0.5"),
        ("stream_time_to_first_chunk_seconds", "0.5"),
        ("stream_chunks", "200.0"),
    ):
        assert value(metrics, f"{name}_bucket", content_type="text", le=threshold) == 0


def test_limits_and_version_are_exposed() -> None:
    metrics = Metrics(Settings(max_connections=7, idle_timeout=1.5, max_content_size=2048))
    assert value(metrics, "stream_config_limit", limit="max_connections") == 7
    assert value(metrics, "stream_config_limit_seconds", limit="idle_timeout") == 1.5
    assert value(metrics, "stream_config_limit_bytes", limit="max_content_size") == 2048
    assert value(metrics, "stream_build_info", version="2.4.1") == 1


@pytest.mark.parametrize("metric", CONFIG_LIMITS, ids=lambda metric: metric.name)
def test_a_limit_is_in_the_metric_of_its_unit(metric: Gauge) -> None:
    units = {"s": "seconds", "bytes": "bytes"}
    of_settings = {name: units.get(about(name).unit, "") for name in Settings.model_fields}
    assert {of_settings[limit] for (limit,) in metric.combinations()} == {metric.unit}


def test_exemplars_have_the_ids_of_the_trace(metrics: Metrics) -> None:
    for event in (*life(SAMPLED), *live_events(SAMPLED, "s", "i", "u")):
        metrics.record(event)
    exemplars = [(sample.name.removesuffix("_bucket"), sample.exemplar) for sample in openmetrics(metrics)]
    found = {name: exemplar.labels for name, exemplar in exemplars if exemplar}
    with_exemplars = {metric.name for metric in METRICS if isinstance(metric, Histogram) and metric.exemplar}
    assert found.keys() == with_exemplars
    assert all(labels == {"trace_id": SAMPLED.trace_id, "span_id": SAMPLED.span_id} for labels in found.values())
    assert with_exemplars == {
        "stream_processing_duration_seconds",
        "stream_time_to_first_chunk_seconds",
        "stream_duration_seconds",
        "stream_client_first_chunk_seconds",
        "stream_client_gap_seconds",
        "stream_live_duration_seconds",
        "stream_live_time_to_first_chunk_seconds",
    }


def test_an_unsampled_trace_has_no_exemplar(metrics: Metrics) -> None:
    for event in life(UNSAMPLED):
        metrics.record(event)
    assert not any(sample.exemplar for sample in openmetrics(metrics))


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*", "text/plain; version=x", f"{OPENMETRICS}x", "é"])
def test_the_format_is_text_unless_openmetrics_is_accepted(metrics: Metrics, accept: str) -> None:
    body, content_type = metrics.exposition(accept)
    assert content_type.startswith("text/plain; version=")
    assert {family.name for family in parse_text(body.decode())} >= {"stream_requests", "stream_chunks"}


def test_openmetrics_has_the_declared_units(metrics: Metrics) -> None:
    body, content_type = metrics.exposition(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    units = {
        family.name: family.unit
        for family in parse_openmetrics(body.decode())  # type: ignore[no-untyped-call]
        if family.name.startswith("stream_")
    }
    assert units == {metric.name.removesuffix("_total"): metric.unit for metric in METRICS}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, {*STORED, "usage_store"}),
        ({"redis_url": REDIS}, {*STORED, "plan_cache", "usage_store"}),
        ({"redis_url": REDIS, "store_content": False}, {*STORE, "usage_store"}),
        ({"database_url": POSTGRESQL}, {*STORED, "usage_store", "database"}),
        (TOKEN_KEYS, {*STORED, "usage_store", "token_keys", "access_store"}),
        ({"auth_mode": "key"}, {*STORED, "usage_store", "access_store"}),
        ({"quota_by_address": True}, {*STORED, "usage_store", "access_store"}),
    ],
)
def test_only_configured_dependencies_have_a_series(settings: dict[str, Any], named: set[str]) -> None:
    shown = {dict(labels).get("dependency") for name, labels in values(Metrics(Settings(**settings))) if name == UP}
    assert shown == named

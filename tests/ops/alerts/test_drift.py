"""Rules, runbooks, thresholds and registry speak of the same things."""

from collections.abc import Iterator

import msgspec
import pytest

from alerts import thresholds
from alerts.alert import Alert
from alerts.recording import RECORDINGS, Recording
from alerts.rules import ALERTS
from alerts.tables import RUNBOOKS
from observability.registry.metrics import (
    CHUNKS,
    EVENT_LOOP_LAG,
    METRICS,
    PACING_LAG,
    PROCESSING_DURATION,
    TIME_TO_FIRST_CHUNK,
    Histogram,
    Metric,
)
from tests.ops.alerts.promql import ask, fenced
from tests.ops.alerts.vocabulary import declared, faults

RULES = tuple(rule for group in RECORDINGS for rule in group.rules)


def expressions() -> Iterator[str]:
    yield from (rule.expr for rule in RULES)
    yield from (alert.expr for alert in ALERTS)
    yield from (query for file in RUNBOOKS.glob("*.md") for query in fenced(file.read_text()))


def used() -> list[Metric]:
    """The declared metrics that some rule or runbook asks for."""
    asked = {name for expression in expressions() for name in ask(expression).metrics}
    return [metric for metric in METRICS if asked & declared([metric]).keys() - declared([]).keys()]


@pytest.mark.parametrize("rule", [*RULES, *ALERTS], ids=lambda rule: getattr(rule, "record", "") or rule.name)
def test_a_rule_asks_only_for_what_is_declared(rule: Recording | Alert) -> None:
    assert faults(rule.expr, declared()) == []


@pytest.mark.parametrize("metric", used(), ids=lambda metric: metric.name)
def test_a_metric_that_is_renamed_is_missed(metric: Metric) -> None:
    renamed = msgspec.structs.replace(metric, name=f"{metric.name}_renamed")
    series = declared([renamed if one is metric else one for one in METRICS])
    assert [expression for expression in expressions() if faults(expression, series)]


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("stream_request_total", "stream_request_total is not declared"),
        ('stream_requests_total{result="error"}', "stream_requests_total has no label result"),
        ('stream_requests_total{outcome=~"error|failed"}', "stream_requests_total never has outcome='failed'"),
        ('stream_chunks_bucket{le="200"}', "stream_chunks_bucket never has le='200'"),
        ("rate(stream_connections_active[5m])", "rate of stream_connections_active, which is no counter"),
        ("sum by (route) (rate(stream_requests_total[5m]))", "no series here has the label route"),
        ("stream_errors_total / on (reason) stream_errors_total", "no series here has the label reason"),
    ],
)
def test_a_slip_is_found(expression: str, fault: str) -> None:
    assert faults(expression, declared()) == [fault]


def test_a_recorded_series_has_the_labels_that_its_name_says() -> None:
    for rule in RULES:
        level = rule.record.partition(":")[0]
        wanted = {"job": {"job"}, "instance": {"job", "instance"}, "instance_le": {"job", "instance", "le"}}[level]
        kept = {selector.kept or frozenset(wanted) for selector in ask(rule.expr).selectors}
        assert kept <= {frozenset(wanted), frozenset({*wanted, "le"})}, rule.record


@pytest.mark.parametrize(
    ("histogram", "threshold"),
    [
        (PROCESSING_DURATION, thresholds.PROCESSING_P95_SECONDS),
        (CHUNKS, thresholds.CHUNKS_P95),
        (TIME_TO_FIRST_CHUNK, thresholds.FIRST_CHUNK_P95_SECONDS),
        (EVENT_LOOP_LAG, thresholds.LOOP_LAG_P99_SECONDS),
        (PACING_LAG, thresholds.PACING_LAG_P99_SECONDS),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_threshold_is_an_edge_of_its_histogram(histogram: Histogram, threshold: float) -> None:
    assert threshold in histogram.buckets

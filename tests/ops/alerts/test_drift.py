"""Rules, runbooks, dashboards and the registry use the same names and numbers."""

import re
from collections.abc import Iterator
from itertools import groupby

import msgspec
import pytest

from dashboards.alerted import comparisons
from dashboards.objectives import FAST, FIRST_CHUNK_SECONDS, OBJECTIVES, SLOW, Objective
from dashboards.quantiles import histograms
from dashboards.queries import Query
from dashboards.rules import ALERTS, RECORDING_GROUPS, RECORDINGS, Alert, Recording
from observability.registry.metric_types import Gauge, Metric
from observability.registry.metrics import (
    METRICS,
)
from tests.ops.alerts.documents import ALERTS_DOCUMENT, RUNBOOKS, section
from tests.ops.alerts.promql import parse, queries
from tests.ops.alerts.vocabulary import LEVELS, declared, faults
from tests.ops.dashboards.boards import all_expressions

_QUERY = re.compile(r'\bquery "([^"]+)"')
"""A query in a template of an annotation."""


def expressions() -> Iterator[str]:
    yield from (rule.expr for rule in RECORDINGS.values())
    for alert in ALERTS.values():
        yield alert.expr
        yield from _QUERY.findall("".join(alert.annotations.values()))
    yield from (query for file in RUNBOOKS.glob("*.md") for query in queries(file.read_text()))


def used() -> list[Metric]:
    """The declared metrics that a rule or a runbook uses."""
    names = {name for expression in expressions() for name in parse(expression).metrics}
    return [metric for metric in METRICS if names & declared([metric]).keys() - declared([]).keys()]


@pytest.mark.parametrize("rule", [*RECORDINGS.values(), *ALERTS.values()], ids=[*RECORDINGS, *ALERTS])
def test_a_rule_uses_only_declared_series(rule: Recording | Alert) -> None:
    assert faults(rule.expr, declared()) == []


def test_an_annotation_queries_only_declared_series() -> None:
    found = [query for alert in ALERTS.values() for query in _QUERY.findall("".join(alert.annotations.values()))]
    assert found
    assert [fault for query in found for fault in faults(query, declared())] == []


@pytest.mark.parametrize("metric", used(), ids=lambda metric: metric.name)
def test_a_renamed_metric_is_detected(metric: Metric) -> None:
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
        ("sum by (route) (rate(stream_requests_total[5m]))", "no series has the label route"),
        ("stream_errors_total / on (reason) stream_errors_total", "no series has the label reason"),
    ],
)
def test_an_undeclared_name_is_detected(expression: str, fault: str) -> None:
    assert faults(expression, declared()) == [fault]


GAUGES = {metric.name: metric for metric in METRICS if isinstance(metric, Gauge)}


@pytest.mark.parametrize(
    "expression",
    [*(rule.expr for rule in RECORDINGS.values()), *(alert.expr for alert in ALERTS.values()), *all_expressions()],
)
def test_a_gauge_is_combined_over_workers_as_it_is_declared(expression: str) -> None:
    for selector in parse(expression).selectors:
        if (gauge := GAUGES.get(selector.metric)) and "worker" not in (selector.kept or ()):
            assert selector.aggregation == gauge.workers, selector.metric


def test_a_recorded_series_has_the_labels_of_its_level() -> None:
    for rule in RECORDINGS.values():
        labels = set(LEVELS[rule.record.partition(":")[0]])
        kept = {selector.kept or frozenset(labels) for selector in parse(rule.expr).selectors}
        assert kept <= {frozenset(labels), frozenset({*labels, "le"})}, rule.record


@pytest.mark.parametrize("window", sorted({window for burn in (*FAST, *SLOW) for window in (burn.long, burn.short)}))
def test_each_window_of_a_burn_rate_has_the_same_rules(window: str) -> None:
    [group] = [group for group in RECORDING_GROUPS if group.name == f"stream-objectives-{window}"]
    [five_minutes] = [group for group in RECORDING_GROUPS if group.name == "stream-objectives-5m"]

    def in_5_minutes(text: str) -> str:
        return text.replace(f"increase{window}", "increase5m").replace(f"[{window}]", "[5m]")

    assert [(in_5_minutes(rule.record), in_5_minutes(rule.expr)) for rule in group.rules] == [
        (rule.record, rule.expr) for rule in five_minutes.rules
    ]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.name)
def test_burn_alerts_use_the_objectives_and_burn_rates_of_the_dashboards(objective: Objective) -> None:
    for name, burns in (("Fast", FAST), ("Slow", SLOW)):
        expression = parse(ALERTS[f"{objective.name}Burn{name}"].expr)
        budgets = [round(burn.rate * objective.budget, 9) for burn in burns]
        floors = set(expression.bounds) - set(budgets)
        assert [bound for bound in expression.bounds if bound not in floors] == [one for one in budgets for _ in "ls"]
        windows = [selector.metric.rpartition("increase")[2] for selector in expression.selectors]
        windows = [window for window, _ in groupby(windows)]
        assert windows == [window for burn in burns for window in (burn.long, burn.short, burn.long)]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.name)
def test_the_documents_state_the_objectives_of_the_dashboards(objective: Objective) -> None:
    rows = section(ALERTS_DOCUMENT.read_text(), "Objectives")
    assert f"| {objective.description} | {100 * objective.budget:g} % |" in rows
    assert objective.description.startswith(f"{100 * objective.share:g} %")


def test_dashboards_and_recording_rules_agree_when_a_first_chunk_is_in_time() -> None:
    in_time = RECORDINGS["instance:stream_first_chunks_in_time:increase5m"].expr
    assert f'{{le="{FIRST_CHUNK_SECONDS}"}}' in in_time


@pytest.mark.parametrize("alert", ALERTS)
def test_a_threshold_of_a_quantile_is_a_bucket_boundary_of_its_histogram(alert: str) -> None:
    for compared in comparisons(alert):
        for histogram in histograms([Query(compared.expr)]):
            assert compared.bound in histogram.buckets

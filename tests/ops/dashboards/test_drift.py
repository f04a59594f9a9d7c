"""Dashboards query only declared metrics, and all of them."""

import msgspec
import pytest

from dashboards.rules import ALERTS, RECORDINGS
from observability.registry.metric_types import Metric
from observability.registry.metrics import METRICS
from tests.ops.alerts.promql import parse
from tests.ops.alerts.vocabulary import declared, faults
from tests.ops.dashboards.boards import BOARDS, PANELS, Json, all_expressions, expressions, to_promql

EACH_METRIC = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def of(metric: Metric) -> set[str]:
    """The names of the series of a metric."""
    return set(declared([metric])) - set(declared([]))


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_panel_queries_only_declared_series(panel: Json) -> None:
    for expression in expressions(panel):
        assert faults(expression, declared()) == []


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_legend_contains_only_labels_of_the_result(panel: Json) -> None:
    known = {label for series in declared().values() for label in series.labels}
    for target in panel["targets"]:
        named = {part.partition("}}")[0] for part in target["legendFormat"].split("{{")[1:]}
        assert named <= known
        kept = [selector.kept for selector in parse(to_promql(target["expr"])).selectors if selector.kept is not None]
        assert all(named <= labels for labels in kept), "an aggregation drops a label of the legend"


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_annotations_and_variables_query_only_declared_series(board: Json) -> None:
    for annotation in board["annotations"]["list"]:
        assert faults(to_promql(annotation["expr"]), declared()) == []
    for variable in (one for one in board["templating"]["list"] if one["type"] == "query"):
        selector, _, label = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
        assert label == variable["name"]
        assert faults(selector, declared()) == []


@EACH_METRIC
def test_every_metric_is_used_by_a_dashboard_or_a_rule(metric: Metric) -> None:
    rules = [*(rule.expr for rule in RECORDINGS.values()), *(alert.expr for alert in ALERTS.values())]
    asked = {name for expression in (*all_expressions(), *rules) for name in parse(expression).metrics}
    assert of(metric) & asked


@EACH_METRIC
def test_renaming_a_metric_makes_a_query_fail(metric: Metric) -> None:
    """Each metric is shown on a dashboard."""
    renamed = msgspec.structs.replace(metric, name=f"{metric.name}_renamed")
    series = declared([renamed if one is metric else one for one in METRICS])
    assert any(faults(expression, series) for expression in all_expressions())

"""The rules of Grafana's dashboard-linter (https://github.com/grafana/dashboard-linter), each a function here.

Not applied, because they concern something else: ``target-logql-rule`` and ``target-logql-auto-rule`` are in
``test_explore.py``; ``target-required-matchers-rule``, ``template-required-variables-rule`` and
``template-variable-matchers-rule`` take a list of labels, and those are job and instance here, which have rules;
``element-reference-rule`` and ``v2-required-fields-rule`` are for another format of dashboards. The linter registers no
``target-histogram-rule``, which forbids heatmaps, and no ``panel-time-refresh-rule``.

Two exceptions: a series over all instances has no label ``instance``, so that its matcher also accepts an empty one.
What is not accounted for is the difference of the counts themselves.
"""

import re

import promql_parser as promql
import pytest

from tests.ops.dashboards.boards import ALL_PANELS, BOARDS, PANELS, RATE_INTERVAL, Json, expressions, nodes

EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
EACH_PANEL = pytest.mark.parametrize("panel", ALL_PANELS.values(), ids=ALL_PANELS)
EACH_PROMETHEUS_PANEL = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)

SOURCES = ["prometheus", "loki", "tempo"]
UNITS = {
    *("none", "string", "short", "percent", "percentunit", "s", "ms", "bytes", "decbytes", "binBps", "Bps"),
    *("dateTimeFromNow", "cps", "ops", "reqps", "rps", "wps", "iops", "cpm", "opm", "rpm", "wpm", "mps", "mpm", "bool"),
}
"""Of the linter's list, those that a service like this one can need."""
WITH_UNITS = {"stat", "table", "timeseries", "gauge"}
ACCOUNTS = "runtime: Not accounted for"
ALL_INSTANCES = "job:"
"""The beginning of the names of recorded series over all instances."""


def variables(board: Json, kind: str) -> list[Json]:
    return [one for one in board["templating"]["list"] if one["type"] == kind]


def selectors(expression: str) -> list[promql.VectorSelector]:
    return [node for node in nodes(expression) if isinstance(node, promql.VectorSelector)]


@EACH_BOARD
def test_template_datasource_rule(board: Json) -> None:
    assert [one["query"] for one in variables(board, "datasource")] == SOURCES
    for one in variables(board, "datasource"):
        assert one["name"] == f"{one['query']}_datasource"
        assert one["label"] == f"{one['query'].capitalize()} data source"


@EACH_BOARD
@pytest.mark.parametrize("name", ["job", "instance"])
def test_template_job_and_instance_rules(board: Json, name: str) -> None:
    [one] = [one for one in variables(board, "query") if one["name"] == name]
    assert one["datasource"]["uid"] == "${prometheus_datasource}"
    assert (one["label"], one["multi"], one["includeAll"], one["allValue"]) == (name.capitalize(), True, True, ".+")


@EACH_BOARD
def test_template_label_promql_rule(board: Json) -> None:
    for one in variables(board, "query"):
        [(selector, label)] = re.findall(r"^label_values\((.+), (\w+)\)$", one["query"]["query"])
        assert label == one["name"]
        assert selectors(selector)


@EACH_BOARD
def test_template_on_time_change_reload_rule(board: Json) -> None:
    assert {one["refresh"] for one in variables(board, "query")} == {2}


@EACH_BOARD
def test_uneditable_dashboard_rule(board: Json) -> None:
    assert board["editable"] is False


@EACH_PANEL
def test_panel_datasource_rule(panel: Json) -> None:
    sources = {panel["datasource"]["uid"], *(target["datasource"]["uid"] for target in panel["targets"])}
    assert sources == {f"${{{panel['datasource']['type']}_datasource}}"}
    assert panel["datasource"]["type"] in SOURCES


@EACH_PANEL
def test_panel_title_description_rule(panel: Json) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["description"] != panel["title"]


@EACH_PANEL
def test_panel_units_rule(panel: Json) -> None:
    if panel["type"] in WITH_UNITS:
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


@EACH_PANEL
def test_panel_no_targets_rule(panel: Json) -> None:
    assert panel["targets"]


@EACH_PROMETHEUS_PANEL
def test_target_promql_rule(panel: Json) -> None:
    for expression in expressions(panel):
        assert nodes(expression)


@EACH_PROMETHEUS_PANEL
def test_target_rate_interval_rule(panel: Json) -> None:
    """The linter checks ``rate``; here the range of every other function is that of an alert, or of the dashboard."""
    for expression in expressions(panel):
        for call in (node for node in nodes(expression) if isinstance(node, promql.Call)):
            for one in call.args:
                if isinstance(one, promql.MatrixSelector):
                    assert one.range in RANGES[call.func.name], expression


RANGES = {
    "rate": {promql.parse_duration(RATE_INTERVAL), promql.parse_duration("5m")},
    "increase": {promql.parse_duration("5m")},
    "changes": {promql.parse_duration("15m")},
}
"""5m and 15m are the windows of the alerts, whose expressions panels plot unchanged."""


@EACH_PROMETHEUS_PANEL
@pytest.mark.parametrize("label", ["job", "instance"])
def test_target_job_and_instance_rules(panel: Json, label: str) -> None:
    for expression in expressions(panel):
        assert selectors(expression)
        for selector in selectors(expression):
            name = selector.name or ""
            optional = name.startswith((ALL_INSTANCES, "ALERTS"))
            [matcher] = [one for one in selector.matchers.matchers if one.name == label]
            assert matcher.op == promql.MatchOp.Re
            assert matcher.value in {f"${label}", *([f"${label}|"] if optional else [])}


@pytest.mark.parametrize("panel", [panel for name, panel in PANELS.items() if name != ACCOUNTS])
def test_target_counter_agg_rule(panel: Json) -> None:
    for expression in expressions(panel):
        ranged = {
            one.vector_selector.name
            for call in nodes(expression)
            if isinstance(call, promql.Call) and call.func.name in {"rate", "irate", "increase"}
            for one in call.args
            if isinstance(one, promql.MatrixSelector)
        }
        counters = {one.name for one in selectors(expression) if (one.name or "").endswith("_total")}
        assert counters <= ranged

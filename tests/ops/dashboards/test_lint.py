"""Rules for every dashboard and every panel."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import promql_parser as promql
import pytest

from dashboards.alerted import comparisons
from dashboards.rules import ALERTS, RUNBOOKS
from tests.ops.dashboards.boards import BOARDS, PANELS, Json, expressions
from tests.ops.dashboards.dimensions import bucketed, of

EACH_PANEL = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)

ANYTHING_BEYOND = {0, 1}
"""Lines at these values need no threshold: any loss is too much, and 1 is the maximum of a share."""
FLOORS = {0, 0.25, 1}
"""Below these a number is bad, or a warning: of the error budget, and of the instances that are up."""


def values_of(content: Any, key: str) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The values of a key at any depth."""
    match content:
        case dict():
            for name, value in content.items():
                if name == key:
                    yield value
                yield from values_of(value, key)
        case list():
            for value in content:
                yield from values_of(value, key)


@EACH_BOARD
def test_dashboard_has_a_name(board: Json) -> None:
    assert re.fullmatch(r"[a-z-]{1,40}", board["uid"])
    assert board["title"]
    assert board["description"]


def test_uids_and_titles_are_unique() -> None:
    for key in ("uid", "title"):
        assert len({board[key] for board in BOARDS.values()}) == len(BOARDS)


@EACH_BOARD
def test_dashboard_links_to_the_others_and_to_the_runbooks(board: Json) -> None:
    others, runbooks = board["links"]
    assert others["type"] == "dashboards"
    assert set(others["tags"]) <= set(board["tags"])
    assert (others["includeVars"], others["keepTime"]) == (True, True)
    assert runbooks["url"] == RUNBOOKS
    assert "inControlsMenu" not in values_of(board, "placement"), "links must be visible, not in a menu"


@EACH_BOARD
def test_rows_are_expanded_and_panels_do_not_overlap(board: Json) -> None:
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in board["panels"]:
        assert not panel.get("collapsed")
        assert not panel.get("panels")
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@EACH_BOARD
def test_grid_has_no_gaps(board: Json) -> None:
    taken = sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in board["panels"])
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    assert taken == 24 * height


@EACH_BOARD
def test_titles_of_panels_are_unique(board: Json) -> None:
    titles = [panel["title"] for panel in board["panels"]]
    assert len(set(titles)) == len(titles)


@EACH_PANEL
def test_unit_fits_the_dimension_of_the_query(panel: Json) -> None:
    for target, expression in zip(panel["targets"], expressions(panel), strict=True):
        node = promql.parse(expression)
        fitting = bucketed(node) if panel["type"] == "heatmap" else of(node)
        assert unit(panel, target) in fitting.units()


def unit(panel: Json, target: Json) -> str:
    """The unit of a query: that of its column in a table of several, or else that of the panel."""
    organised = panel["transformations"][-1]["options"] if panel["type"] == "table" else {"renameByName": {}}
    heading = organised["renameByName"].get(f"Value #{target['refId']}")
    for override in panel["fieldConfig"]["overrides"]:
        for item in override["properties"] if override["matcher"]["options"] == heading else ():
            if item["id"] == "unit":
                return str(item["value"])
    return str(panel["fieldConfig"]["defaults"]["unit"])


@EACH_PANEL
def test_lines_are_thresholds_of_the_alerts_that_the_panel_links_to(panel: Json) -> None:
    urls = {link["url"] for link in panel.get("links", [])}
    known = {one.bound for name, alert in ALERTS.items() if alert.runbook_url in urls for one in comparisons(name)}
    steps = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": []})["steps"]
    values = {step["value"] for step in steps} - {None}
    assert values <= known | (ANYTHING_BEYOND if panel["type"] == "timeseries" else FLOORS)
    lined = "thresholdsStyle" in panel["fieldConfig"]["defaults"].get("custom", {})
    assert lined == (len(steps) > 1 and panel["type"] == "timeseries")


def test_table_of_alerts_links_to_every_runbook() -> None:
    [table] = [panel for panel in PANELS.values() if panel["title"] == "Active alerts"]
    overrides = {one["matcher"]["options"]: one["properties"] for one in table["fieldConfig"]["overrides"]}
    properties = {item["id"]: item["value"] for item in overrides["Runbook"]}
    [mapping], [link] = properties["mappings"], properties["links"]
    assert {name: result["text"] for name, result in mapping["options"].items()} == {
        alert.name: alert.runbook for alert in ALERTS.values()
    }
    assert link["url"] == f"{RUNBOOKS}/${{__value.text}}"


def test_exemplars_are_shown_for_histograms_that_have_them() -> None:
    asked = {
        name
        for panel in PANELS.values()
        for target in panel["targets"]
        if target["exemplar"]
        for name in re.findall(r"(\w+)_bucket", target["expr"])
    }
    assert asked == {
        "stream_processing_duration_seconds",
        "stream_time_to_first_chunk_seconds",
        "stream_duration_seconds",
        "stream_client_first_chunk_seconds",
        "stream_client_gap_seconds",
        "stream_live_time_to_first_chunk_seconds",
        "stream_live_duration_seconds",
    }

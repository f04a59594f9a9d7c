"""LogQL and TraceQL of panels and of the links from points to Explore, and what these links keep."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.ops.alerts.test_log_and_trace_queries import SERVICE, Parsed, Query, log_faults, parse, trace_faults
from tests.ops.dashboards.boards import ALL_PANELS, BOARDS, PANELS, Json

LANGUAGES = {"loki": ("logql", "expr"), "tempo": ("traceql", "query")}
"""By type of the data source: the language, and the field of a query that has it."""
VALUES = {"$__auto": "1m", "${job:regex}": SERVICE, "$job": SERVICE, "$service_instance_id": "ID", "$id": "ID"}
"""In place of the variables of Grafana."""
EACH_PANEL = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)


def panes(panel: Json) -> Iterator[Json]:
    """What the links of a panel's points open in Explore."""
    for link in panel["fieldConfig"]["defaults"].get("links", []):
        url = urlsplit(link["url"])
        assert url.path == "/explore"
        yield from json.loads(unquote(parse_qs(url.query)["panes"][0])).values()


def queries() -> Iterator[Query]:
    for name, panel in ALL_PANELS.items():
        asked = [pane["queries"][0] for pane in panes(panel)] if name in PANELS else panel["targets"]
        for query in asked:
            language, field = LANGUAGES[query["datasource"]["type"]]
            text = query[field]
            for variable, value in VALUES.items():
                text = text.replace(variable, value)
            yield Query(name, language, text)


QUERIES = list(dict.fromkeys(Query("", query.language, query.text) for query in queries()))
"""Each text once."""


@pytest.fixture(scope="module")
def parsed() -> dict[Query, Parsed]:
    return dict(zip(QUERIES, parse(*QUERIES), strict=True))


@pytest.mark.parametrize("query", QUERIES, ids=[query.text[:100] for query in QUERIES])
def test_a_query_is_valid_and_uses_declared_names(query: Query, parsed: dict[Query, Parsed]) -> None:
    assert parsed[query].errors == []
    faults = log_faults(parsed[query]) if query.language == "logql" else trace_faults(parsed[query])
    assert list(faults) == []


def test_every_language_is_used_by_panels_and_by_links() -> None:
    assert {query.language for query in queries() if query.path in PANELS} == {"logql", "traceql"}
    assert {query.language for query in queries() if query.path not in PANELS} == {"logql", "traceql"}


def test_ranges_are_those_of_the_dashboard() -> None:
    """The rule target-logql-auto-rule of the dashboard-linter."""
    for panel in ALL_PANELS.values():
        for target in panel["targets"] if panel["datasource"]["type"] == "loki" else ():
            assert set(re.findall(r"\[([^]]+)\]", target["expr"])) <= {"$__auto"}


@EACH_PANEL
def test_a_point_links_to_log_lines_of_the_time_range_and_the_job(panel: Json) -> None:
    found = list(panes(panel))
    assert found[0]["datasource"] == "${loki_datasource}"
    assert {pane["datasource"] for pane in found[1:]} <= {"${tempo_datasource}"}
    for pane in found:
        assert pane["range"] == {"from": "${__from}", "to": "${__to}"}
        assert "${job:regex}" in json.dumps(pane["queries"])
        assert pane["queries"][0]["datasource"]["uid"] == pane["datasource"]


def test_the_dashboard_of_logs_selects_processes_and_an_id() -> None:
    names = [one["name"] for one in BOARDS["logs"]["templating"]["list"]]
    assert names[-2:] == ["service_instance_id", "id"]
    texts = json.dumps([panel["targets"] for panel in BOARDS["logs"]["panels"] if panel["type"] == "logs"])
    assert texts.count("$service_instance_id") == 2
    assert texts.count("$id") == 1

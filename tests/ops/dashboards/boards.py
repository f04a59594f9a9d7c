"""The committed dashboards, as Grafana reads them."""

import json
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from dashboards.catalogue import FOLDER

Json = dict[str, Any]

BOARDS: dict[str, Json] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
ALL_PANELS: dict[str, Json] = {
    f"{board}: {panel['title']}": panel
    for board, content in BOARDS.items()
    for panel in content["panels"]
    if panel["type"] != "row"
}
"""By dashboard and title, without the headings of rows."""
PANELS = {name: panel for name, panel in ALL_PANELS.items() if panel["datasource"]["type"] == "prometheus"}
"""Those whose queries are PromQL."""

RATE_INTERVAL = "7901s"
"""In place of the interval of Grafana: a value that no dashboard contains."""


def to_promql(expression: str) -> str:
    """The expression as PromQL, with the interval above; the other variables are inside strings."""
    return expression.replace("$__rate_interval", RATE_INTERVAL)


def expressions(panel: Json) -> list[str]:
    return [to_promql(target["expr"]) for target in panel["targets"]]


def all_expressions() -> Iterator[str]:
    """The expressions of panels and annotations."""
    for panel in PANELS.values():
        yield from expressions(panel)
    for board in BOARDS.values():
        yield from (to_promql(annotation["expr"]) for annotation in board["annotations"]["list"])


def nodes(expression: str) -> list[promql.Expr]:
    """All parts of a PromQL expression."""
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expression), found.append)
    return found

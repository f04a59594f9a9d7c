"""All dashboards, and the text of their files."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.connections_board import connections
from dashboards.live_board import live
from dashboards.logs_board import logs_and_traces
from dashboards.overview_board import overview
from dashboards.runtime_board import runtime
from dashboards.streams_board import streams

FOLDER: Final = Path(__file__).parent / "grafana"


BOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {
    "overview": overview,
    "streams": streams,
    "live": live,
    "connections": connections,
    "runtime": runtime,
    "logs": logs_and_traces,
}
"""By file name, in reading order."""


def render() -> dict[str, str]:
    """The JSON for Grafana, by the path of its file in the project."""
    return {
        f"dashboards/grafana/{name}.json": json.dumps(_show_controls(make()), indent=2, sort_keys=True) + "\n"
        for name, make in BOARDS.items()
    }


def _show_controls(dashboard: Dashboard) -> object:
    """As JSON with links and annotations at the top of the page; the library puts them into a menu."""
    hidden = ("placement", "inControlsMenu")
    text = json.dumps(dashboard, cls=JSONEncoder)
    return json.loads(
        text, object_hook=lambda one: {name: value for name, value in one.items() if (name, value) != hidden}
    )

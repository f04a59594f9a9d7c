"""LogQL and TraceQL of the service, and links that open them in Grafana's Explore with the time of the dashboard."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from observability.registry.log_events import LOG_EVENTS
from observability.registry.log_types import LogLevel
from observability.registry.spans import SPANS

PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="${prometheus_datasource}")
LOKI: Final = DataSourceRef(type_val="loki", uid="${loki_datasource}")
TEMPO: Final = DataSourceRef(type_val="tempo", uid="${tempo_datasource}")

_EVENTS: Final = frozenset(event.name for event in LOG_EVENTS)
_SPANS: Final = frozenset(span.name for span in SPANS)

ALL_LINES: Final = '{service_name=~"$job"}'
LINES_OF_PROCESSES: Final = f'{ALL_LINES} | json | instance=~"$service_instance_id"'
"""Of the processes that are chosen on the dashboard of logs."""
WARNINGS: Final = f'{ALL_LINES} | json | level=~"{LogLevel.WARNING}|{LogLevel.ERROR}"'


def lines_of(*events: str) -> str:
    """The log lines of these events, in LogQL."""
    assert set(events) <= _EVENTS, events
    return f'{ALL_LINES} | json | event=~"{"|".join(events)}"'


def spans(name: str, condition: str) -> str:
    """The spans with this name that meet a condition, in TraceQL."""
    assert name in _SPANS, name
    return f'{{resource.service.name=~"$job" && name="{name}" && {condition}}}'


def links(logs: str, traces: str) -> Iterator[DashboardLink]:
    """Links for a point of a panel: to log lines, and to traces if there is a query for them."""
    yield _link("Log lines of this time", LOKI, {"expr": logs})
    if traces:
        yield _link("Traces of this time", TEMPO, {"query": traces, "queryType": "traceql", "limit": 20})


def _link(title: str, source: DataSourceRef, query: Mapping[str, object]) -> DashboardLink:
    pane = {
        "datasource": source.uid,
        "queries": [{"refId": "A", "datasource": {"type": source.type_val, "uid": source.uid}, **query}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    text = json.dumps({"point": pane}, separators=(",", ":")).replace("$job", "${job:regex}")
    escaped = re.sub(r"%24%7B([\w%]+?)%7D", lambda name: f"${{{name[1].replace('%3A', ':')}}}", quote(text, safe=""))
    url = f"/explore?schemaVersion=1&panes={escaped}"
    return DashboardLink(title).type(DashboardLinkType.LINK).url(url).target_blank(True)

"""The parts that all dashboards have: variables, links, annotations and rows."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import count
from typing import Final

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    TimePicker,
)
from grafana_foundation_sdk.builders.dashboard import Row as RowPanel
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.common import DataSourceRef
from msgspec import Struct

from dashboards.explore import LOKI, PROMETHEUS, TEMPO
from dashboards.foreign import ALERTS, PROCESS_START, TARGET_INFO
from dashboards.panels import Panel
from dashboards.queries import select
from dashboards.rules import JOB, RUNBOOKS
from observability.registry.metrics import BUILD_INFO

TAG: Final = "streaming-content-api"
"""The tag of every dashboard, by which the links between them are found."""


class Uid(StrEnum):
    """The dashboards, by their uid in Grafana."""

    OVERVIEW = "stream-overview"
    STREAMS = "stream-streams"
    LIVE = "stream-live"
    CONNECTIONS = "stream-connections"
    RUNTIME = "stream-runtime"
    LOGS = "stream-logs"


class Row(Struct, frozen=True):
    """Panels under a heading, placed from left to right and top to bottom."""

    title: str
    panels: tuple[Panel, ...]


def board(
    uid: Uid, title: str, description: str, *rows: Row, variables: Sequence[Builder[model.VariableModel]] = ()
) -> model.Dashboard:
    """A dashboard that is read-only in Grafana, because it is generated."""
    made = (
        Dashboard(f"Streaming Content API / {title}")
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-1h", "now")
        .refresh("30s")
        .timezone("browser")
        .timepicker(TimePicker().refresh_intervals(["5s", "30s", "1m", "5m"]))
        .variables([*map(_datasource, (PROMETHEUS, LOKI, TEMPO)), _job(), _instance(), *variables])
        .annotations(list(_annotations()))
        .links(list(_links()))
    )
    for row in rows:
        made.with_row(RowPanel(row.title))
        for panel in row.panels:
            made.with_panel(panel)
    result = made.build()
    numbers = count(1)
    for shown in result.panels or ():
        shown.id_val = next(numbers)
    return result


def _datasource(source: DataSourceRef) -> DatasourceVariable:
    kind = str(source.type_val)
    return DatasourceVariable(f"{kind}_datasource").label(f"{kind.capitalize()} data source").type(kind)


def _job() -> QueryVariable:
    """By default the service: with all jobs, the process metrics of other targets would be included."""
    return _choice("job", "Job", f"label_values({BUILD_INFO.name}, job)", JOB, JOB)


def _instance() -> QueryVariable:
    return _choice("instance", "Instance", f'label_values({BUILD_INFO.name}{{job=~"$job"}}, instance)')


def process() -> QueryVariable:
    """The processes of the chosen instances, by the id in their log lines and spans."""
    query = f'label_values({TARGET_INFO.name}{{job=~"$job",instance=~"$instance"}}, service_instance_id)'
    return _choice("service_instance_id", "Process", query).all_value(".*")


def _choice(name: str, label: str, query: str, text: str = "All", value: str = "$__all") -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query({"query": query, "refId": f"{name}s"})
        .definition(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)  # includes instances that are down now
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(model.VariableOption(text=[text], value=[value]))
    )


def _annotations() -> Iterator[AnnotationQuery]:
    yield (
        _annotation("Alerts", "red", select(ALERTS, alertstate="firing"))
        .title_format("{{alertname}}")
        .text_format("{{severity}} {{instance}}")
    )
    yield (
        _annotation("Starts", "blue", f"1000 * {select(PROCESS_START)}")
        .title_format("Started")
        .text_format("{{instance}}")
        .use_value_for_time(True)
    )
    running, before = select(BUILD_INFO), f"{select(BUILD_INFO)} offset 2m"
    yield (
        _annotation("Versions", "purple", f"max by (version) ({running}) unless max by (version) ({before})")
        .title_format("Version {{version}}")
        .text_format("running, and was not two minutes ago")
    )


def _annotation(name: str, colour: str, expr: str) -> AnnotationQuery:
    return AnnotationQuery().name(name).datasource(PROMETHEUS).enable(True).icon_color(colour).expr(expr).step("30s")


def _links() -> Iterator[DashboardLink]:
    yield (
        DashboardLink("Dashboards")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
    )
    yield (DashboardLink("Runbooks").type(model.DashboardLinkType.LINK).url(RUNBOOKS).icon("doc").target_blank(True))

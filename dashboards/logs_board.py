"""Logs and traces: the single events behind the metrics. It requires Loki and Tempo beside Prometheus."""

from typing import Final

from grafana_foundation_sdk.builders import logs, loki, table, tempo, timeseries
from grafana_foundation_sdk.builders.dashboard import TextBoxVariable
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.board import Row, Uid, board, process
from dashboards.explore import LINES_OF_PROCESSES, LOKI, TEMPO, spans
from dashboards.panels import Frame, Panel, lines, table_legend
from dashboards.queries import Query, per_minute
from dashboards.shared import FAILED_STREAMS, SLOW_STREAMS
from observability.registry.log_types import LogLevel
from observability.registry.metrics import LOG_RECORDS

_WARNINGS: Final = f'{LINES_OF_PROCESSES} | level=~"{LogLevel.WARNING}|{LogLevel.ERROR}"'
_LINES: Final = 500
_TRACES: Final = 20


def logs_and_traces() -> Dashboard:
    return board(
        Uid.LOGS,
        "Logs and traces",
        "The log lines and the traces of the time range: of faults, of slow streams, and of one id.",
        _overview(),
        _lines(),
        _traces(),
        variables=(
            process(),
            TextBoxVariable("id").label("Id of a session, stream or trace").default_value(""),
        ),
    )


def _overview() -> Row:
    return Row(
        "How many lines",
        (
            lines(
                Frame("Log lines by level", "A minute, as the service counts them.", units.CountsPerMinute, 8),
                Query(per_minute(LOG_RECORDS, "level"), "{{level}}"),
                stacked=True,
            ),
            _counts(
                "Warnings and errors by event",
                "Lines of warnings and errors in each interval of the panel. docs/observability.md lists all events.",
                f"sum by (event) (count_over_time({_WARNINGS} [$__auto]))",
            ),
        ),
    )


def _lines() -> Row:
    return Row(
        "Lines",
        (
            _log_lines("Warnings and errors", "The latest first. A line opens its trace.", _WARNINGS),
            _log_lines(
                "Lines of one id",
                "All lines that contain the id at the top of this dashboard: a session, a stream, a connection, a "
                "request or a trace. Without an id, all lines.",
                f'{LINES_OF_PROCESSES} |= "$id"',
            ),
        ),
    )


def _traces() -> Row:
    return Row(
        "Traces",
        (
            _found("Failed streams", "Traces of streams that ended by a fault of the service.", FAILED_STREAMS),
            _found("Slow first chunks", "Traces of streams whose first chunk was late.", SLOW_STREAMS),
            _found(
                "Slow admissions",
                "Traces in which the session store took more than 250 ms to admit a request.",
                spans("rate_limit", "duration > 250ms"),
            ),
        ),
    )


def _counts(title: str, description: str, expr: str) -> Panel:
    return (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(units.Short)
        .span(16)
        .height(8)
        .datasource(LOKI)
        .targets([_log_query(expr).legend_format("{{event}}")])
        .draw_style(looks.GraphDrawStyle.BARS)
        .fill_opacity(60)
        .min(0)
        .no_value("no warnings")
        .legend(table_legend(mean=False))
    )


def _log_lines(title: str, description: str, expr: str) -> Panel:
    return (
        logs.Panel()
        .title(title)
        .description(description)
        .span(12)
        .height(12)
        .datasource(LOKI)
        .targets([_log_query(expr).max_lines(_LINES)])
        .show_time(True)
        .wrap_log_message(True)
        .enable_log_details(True)
        .sort_order(looks.LogsSortOrder.DESCENDING)
        .dedup_strategy(looks.LogsDedupStrategy.NONE)
        .no_value("no lines")
    )


def _log_query(expr: str) -> loki.Dataquery:
    return loki.Dataquery().ref_id("A").datasource(LOKI).expr(expr).query_type("range")


def _found(title: str, description: str, traceql: str) -> Panel:
    query = tempo.Dataquery().ref_id("A").datasource(TEMPO).query_type("traceql").query(traceql).limit(_TRACES)
    return (
        table.Panel()
        .title(title)
        .description(f"{description} Each row opens its trace.")
        .unit(units.NoUnit)
        .span(8)
        .height(10)
        .datasource(TEMPO)
        .targets([query])
        .no_value("no such traces")
    )

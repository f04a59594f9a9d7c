"""Overview and SLO: the current state, alerts and changes. The first three rows fill one screen."""

from typing import Final

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import limits, measures
from dashboards.board import Row, Uid, board
from dashboards.budgets import budgets
from dashboards.foreign import ALERTS, ALERTS_SINCE, UP
from dashboards.panels import BAD, NOTE, WARN, Column, Frame, Limit, lines, number, rows, states
from dashboards.queries import (
    Query,
    of_instances,
    per_minute,
    quantile,
    quantiles,
    select,
    total,
)
from dashboards.rules import ALERTS as RULES
from dashboards.rules import RUNBOOKS, Severity
from observability.registry.metrics import (
    ACTIVE_STREAMS,
    BUILD_INFO,
    CHUNKS,
    CONNECTIONS_ACTIVE,
    PROCESSING_DURATION,
    REQUESTS,
    TIME_TO_FIRST_CHUNK,
)

_REAL: Final = tuple(severity for severity in Severity if severity is not Severity.NONE)
"""All but the watchdog, which always fires."""


def _state() -> Row:
    firing = select(ALERTS, alertstate="firing", severity=(Severity.CRITICAL, Severity.WARNING))
    return Row(
        "Current state",
        (
            number(
                Frame("Firing alerts", "Critical and warning alerts. The table below lists them.", units.Short, 3, 4),
                Query(f"count({firing}) or vector(0)"),
                Limit(1),
            ),
            number(
                Frame("Instances down", "Targets whose last scrape failed.", units.Short, 3, 4),
                Query(f"count({select(UP)} == 0) or vector(0)"),
                limits.INSTANCES_DOWN,
            ),
            number(
                Frame(
                    "Failed requests",
                    "The share of eligible requests that failed because of the service. Requests that clients "
                    "sent with mistakes, cancelled or left, and requests ended by a deploy, are not eligible. "
                    "Without traffic, the last value.",
                    units.PercentUnit,
                    3,
                    4,
                ),
                Query(measures.FAILED_SHARE),
                limits.ERRORS,
                nothing="no requests",
            ),
            number(
                Frame(
                    "First chunk, p95",
                    "The response time: from the moment at which a request is first in its queue to its first "
                    "chunk. 5 % of the streams wait longer. Without traffic, the last value.",
                    units.Seconds,
                    3,
                    4,
                ),
                Query(measures.FIRST_CHUNK_P95),
                limits.FIRST_CHUNK,
                nothing="no streams",
            ),
            number(
                Frame(
                    "Processing, p95",
                    "Preparation of content, including the wait for a thread. 5 % of the streams take longer. "
                    "Without traffic, the last value.",
                    units.Seconds,
                    3,
                    4,
                ),
                Query(measures.PROCESSING_P95),
                limits.PROCESSING,
                nothing="no streams",
            ),
            number(
                Frame("Requests", "Stream requests a minute, over all instances.", units.RequestsPerMinute, 3, 4),
                Query(per_minute(REQUESTS)),
                limits.TRAFFIC,
            ),
            number(
                Frame(
                    "Capacity used",
                    "Open connections, as a share of the capacity, of the fullest instance.",
                    units.PercentUnit,
                    3,
                    4,
                ),
                Query(f"max({measures.CAPACITY_USED_SHARE})"),
                limits.CAPACITY,
            ),
            number(
                Frame(
                    "Memory",
                    "Of the instance with the least free memory: use as a share of its limit.",
                    units.PercentUnit,
                    3,
                    4,
                ),
                Query(f"max({measures.MEMORY_SHARE})"),
                limits.MEMORY,
                nothing="no limit",
            ),
        ),
    )


def _alerts() -> Row:
    firing = select(ALERTS, alertstate="firing", severity=_REAL)
    pending = select(ALERTS, alertstate="pending", severity=_REAL)
    since = select(ALERTS_SINCE, severity=_REAL)
    return Row(
        "Alerts and changes",
        (
            rows(
                Frame(
                    "Active alerts",
                    "Each firing alert, since when its condition holds, and its runbook.",
                    units.DateTimeFromNow,
                    9,
                ),
                Query(
                    f"label_replace(1000 * {since} and ignoring (alertstate) {firing}, "
                    '"runbook", "$1", "alertname", "(.*)")'
                ),
                Column("alertname", "Alert"),
                Column(
                    "severity",
                    "Severity",
                    colours=((Severity.CRITICAL, BAD), (Severity.WARNING, WARN), (Severity.INFO, NOTE)),
                ),
                Column("Value", "Since"),
                Column(
                    "runbook",
                    "Runbook",
                    links=tuple((alert.name, alert.runbook) for alert in RULES.values()),
                    base=RUNBOOKS,
                ),
                Column("instance", "Instance"),
                nothing="No alert is firing.",
            ),
            states(
                Frame("Alerts over time", "The alerts that were pending (orange) or firing (red).", units.NoUnit, 9),
                Query(f"max by (alertname) (2 * {firing} or {pending})", "{{alertname}}"),
                (1, "pending", WARN),
                (2, "firing", BAD),
                nothing="No alert was pending.",
            ),
            lines(
                Frame(
                    "Versions",
                    "Instances by version. A deploy is a change of colour, an outage a gap; starts are marked "
                    "in all panels.",
                    units.Short,
                    6,
                ),
                Query(f"sum by (version) ({of_instances(BUILD_INFO, 'version')})", "{{version}}"),
                stacked=True,
            ),
        ),
    )


def _traffic() -> Row:
    return Row(
        "Traffic, errors, latency",
        (
            lines(
                Frame(
                    "Requests by content type",
                    "Stream requests a minute that ended, over all instances.",
                    units.RequestsPerMinute,
                ),
                Query(per_minute(REQUESTS, "content_type"), "{{content_type}}"),
                limit=limits.TRAFFIC,
                stacked=True,
            ),
            lines(
                Frame(
                    "Share of failed requests",
                    "The share of eligible requests that failed because of the service. Empty while there are none.",
                    units.PercentUnit,
                ),
                Query(measures.FAILED_SHARE, "failed"),
                limit=limits.ERRORS,
            ),
            lines(
                Frame(
                    "Time to first chunk",
                    "From the moment at which a request is first in its queue to its first chunk. A diamond "
                    "is a stream, and opens its trace.",
                    units.Seconds,
                ),
                *quantiles(TIME_TO_FIRST_CHUNK),
                limit=limits.FIRST_CHUNK,
            ),
        ),
    )


def _saturation() -> Row:
    return Row(
        "Work and saturation",
        (
            lines(
                Frame(
                    "Processing, p95 by content type",
                    "Preparation of content, including the wait for a thread.",
                    units.Seconds,
                    6,
                ),
                Query(quantile(0.95, PROCESSING_DURATION, "content_type"), "{{content_type}}"),
                limit=limits.PROCESSING,
            ),
            lines(
                Frame(
                    "Chunks of a stream, p95",
                    "Streams of large contents last long and hold memory. They are not an error.",
                    units.Short,
                    6,
                ),
                Query(quantile(0.95, CHUNKS, "content_type"), "{{content_type}}"),
                limit=limits.CHUNKS,
            ),
            lines(
                Frame(
                    "Saturation",
                    "Of the fullest instance: memory as a share of its limit, connections as a share of the "
                    "capacity. The line is the threshold for memory.",
                    units.PercentUnit,
                    6,
                ),
                Query(f"max({measures.MEMORY_SHARE})", "memory"),
                Query(f"max({measures.CAPACITY_USED_SHARE})", "connections"),
                limit=limits.MEMORY,
                most=1,
            ),
            lines(
                Frame("Connections and streams", "Open connections, and the active streams on them.", units.Short, 6),
                Query(total(CONNECTIONS_ACTIVE), "connections"),
                Query(total(ACTIVE_STREAMS, "state"), "{{state}} streams"),
            ),
        ),
    )


def overview() -> Dashboard:
    return board(
        Uid.OVERVIEW,
        "Overview and SLO",
        "Is the service working for its users? If not, since when, and what changed?",
        _state(),
        _alerts(),
        _traffic(),
        _saturation(),
        budgets(),
    )

"""Overview and SLO: are users fine, since when, and what changed? The first three rows fill one screen."""

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
"""The watchdog fires for as long as all is well."""


def _now() -> Row:
    firing = select(ALERTS, alertstate="firing", severity=(Severity.CRITICAL, Severity.WARNING))
    return Row(
        "Are users fine?",
        (
            number(
                Frame(
                    "Alerts that fire", "Critical and warning. Which ones stands in the table below.", units.Short, 3, 4
                ),
                Query(f"count({firing}) or vector(0)"),
                Limit(1),
            ),
            number(
                Frame("Instances down", "Targets that did not answer their last scrape.", units.Short, 3, 4),
                Query(f"count({select(UP)} == 0) or vector(0)"),
                limits.INSTANCES_DOWN,
            ),
            number(
                Frame(
                    "Failed requests",
                    "By our fault, of those that could have gone well: without what clients sent wrong, cancelled or "
                    "left, and without what a deploy cut short. Without traffic, the last share there was.",
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
                    "The response time: from a request's turn to its first chunk. One stream in twenty waits longer. "
                    "Without traffic, the last there was.",
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
                    "Content work, with the wait for a thread. One stream in twenty takes longer. Without traffic, the "
                    "last there was.",
                    units.Seconds,
                    3,
                    4,
                ),
                Query(measures.PROCESSING_P95),
                limits.PROCESSING,
                nothing="no streams",
            ),
            number(
                Frame("Requests", "Stream requests a minute, all instances together.", units.RequestsPerMinute, 3, 4),
                Query(per_minute(REQUESTS)),
                limits.TRAFFIC,
            ),
            number(
                Frame(
                    "Seats taken",
                    "Of the instance that is fullest: open connections of those it serves.",
                    units.PercentUnit,
                    3,
                    4,
                ),
                Query(f"max({measures.SEATS_TAKEN_SHARE})"),
                limits.SEATS,
            ),
            number(
                Frame("Memory", "Of the instance that is shortest of it: use of its limit.", units.PercentUnit, 3, 4),
                Query(f"max({measures.MEMORY_SHARE})"),
                limits.MEMORY,
                nothing="no limit",
            ),
        ),
    )


def _since_when() -> Row:
    firing = select(ALERTS, alertstate="firing", severity=_REAL)
    pending = select(ALERTS, alertstate="pending", severity=_REAL)
    since = select(ALERTS_SINCE, severity=_REAL)
    return Row(
        "Since when, and what changed?",
        (
            rows(
                Frame(
                    "What fires now",
                    "Each alert that fires, since when its condition holds, and the runbook that says what to do.",
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
                nothing="Nothing fires.",
            ),
            states(
                Frame(
                    "Alerts over time", "Which alerts were pending (orange) or fired (red), and when.", units.NoUnit, 9
                ),
                Query(f"max by (alertname) (2 * {firing} or {pending})", "{{alertname}}"),
                (1, "pending", WARN),
                (2, "firing", BAD),
                nothing="No alert was pending.",
            ),
            lines(
                Frame(
                    "Versions",
                    "Instances by the version that they run. A deploy is a change of colour, an outage a gap; starts "
                    "are marked in all panels.",
                    units.Short,
                    6,
                ),
                Query(total(BUILD_INFO, "version"), "{{version}}"),
                stacked=True,
            ),
        ),
    )


def _users() -> Row:
    return Row(
        "Traffic, errors, latency",
        (
            lines(
                Frame(
                    "Requests by content type",
                    "Stream requests a minute that came to their end, all instances together.",
                    units.RequestsPerMinute,
                ),
                Query(per_minute(REQUESTS, "content_type"), "{{content_type}}"),
                limit=limits.TRAFFIC,
                stacked=True,
            ),
            lines(
                Frame(
                    "Share of failed requests",
                    "By our fault, of those that could have gone well. Nothing is drawn while there are none.",
                    units.PercentUnit,
                ),
                Query(measures.FAILED_SHARE, "failed"),
                limit=limits.ERRORS,
            ),
            lines(
                Frame(
                    "Time to first chunk",
                    "From a request's turn to its first chunk; a diamond is a stream, and opens its trace.",
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
                Frame("Processing, p95 by content type", "Content work, with the wait for a thread.", units.Seconds, 6),
                Query(quantile(0.95, PROCESSING_DURATION, "content_type"), "{{content_type}}"),
                limit=limits.PROCESSING,
            ),
            lines(
                Frame(
                    "Chunks of a stream, p95",
                    "Large contents last long and hold memory; nothing is wrong with them as such.",
                    units.Short,
                    6,
                ),
                Query(quantile(0.95, CHUNKS, "content_type"), "{{content_type}}"),
                limit=limits.CHUNKS,
            ),
            lines(
                Frame(
                    "How full is it?",
                    "Of the fullest instance: memory of its limit, connections of those it serves. The line is that of "
                    "memory.",
                    units.PercentUnit,
                    6,
                ),
                Query(f"max({measures.MEMORY_SHARE})", "memory"),
                Query(f"max({measures.SEATS_TAKEN_SHARE})", "connections"),
                limit=limits.MEMORY,
                most=1,
            ),
            lines(
                Frame("Connections and streams", "Open connections, and the streams that run on them.", units.Short, 6),
                Query(total(CONNECTIONS_ACTIVE), "connections"),
                Query(total(ACTIVE_STREAMS, "state"), "{{state}} streams"),
            ),
        ),
    )


def overview() -> Dashboard:
    return board(
        Uid.OVERVIEW,
        "Overview and SLO",
        "Are users fine? Since when are they not, and what changed?",
        _now(),
        _since_when(),
        _users(),
        _saturation(),
        budgets(),
    )

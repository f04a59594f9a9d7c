"""Overview and SLO: the current state, alerts and changes. The first three rows fill one screen."""

from typing import Final

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.alerted import compared
from dashboards.board import Row, Uid, board
from dashboards.budgets import budgets, budgets_left
from dashboards.colours import BAD, NOTE, WARN
from dashboards.foreign import ALERTS, ALERTS_SINCE
from dashboards.limits import Floor, Limit, beyond
from dashboards.panels import Column, Frame, alert_lines, lines, number, rows, states
from dashboards.queries import Query, of_instances, per_minute, select, total
from dashboards.rules import ALERTS as RULES
from dashboards.rules import RUNBOOKS, Severity
from dashboards.shared import CAPACITY_USED_SHARE, FAILED_STREAMS, SLOW_STREAMS, first_chunk
from observability.registry.metrics import (
    ACTIVE_STREAMS,
    BUILD_INFO,
    CONNECTIONS_ACTIVE,
    REQUESTS,
    REQUESTS_ACTIVE,
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
                Frame("Instances up", "Targets whose last scrape succeeded.", units.Short, 3, 4),
                Query(compared("ServiceDown")),
                Floor(1, 1, ("ServiceDown", "NoTarget", "TargetDown")),
                nothing="no target",
            ),
            budgets_left(6),
            number(
                Frame(
                    "Failed requests",
                    "The share of eligible requests that failed because of the service, over 5 minutes. Requests that "
                    "clients sent with mistakes, cancelled or left, and requests ended by a deploy, are not eligible. "
                    "Without traffic, the last value.",
                    units.PercentUnit,
                    3,
                    4,
                    traces=FAILED_STREAMS,
                ),
                Query(f"{compared('HighErrorRate')} >= 0"),
                beyond("HighErrorRate"),
                nothing="no requests",
            ),
            number(
                Frame(
                    "First chunk, p95",
                    "The response time, over 5 minutes: 5 % of the streams wait longer. Without traffic, the last "
                    "value.",
                    units.Seconds,
                    3,
                    4,
                    traces=SLOW_STREAMS,
                ),
                Query(f"{compared('SlowResponse')} >= 0"),
                beyond("SlowResponse"),
                nothing="no streams",
            ),
            number(
                Frame("Requests", "Stream requests a minute, over all instances.", units.CountsPerMinute, 3, 4),
                Query(compared("HighTraffic")),
                beyond("HighTraffic"),
            ),
            number(
                Frame(
                    "Capacity used",
                    "Open connections, as a share of the capacity, of the fullest instance.",
                    units.PercentUnit,
                    3,
                    4,
                ),
                Query(f"max({CAPACITY_USED_SHARE})"),
                Limit(1, ("ConnectionFailures",)),  # then the next handshake is refused
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
            alert_lines(
                Frame(
                    "Requests by content type",
                    "Stream requests a minute that ended, over all instances.",
                    units.CountsPerMinute,
                ),
                "HighTraffic",
                "all",
                Query(per_minute(REQUESTS, "content_type"), "{{content_type}}"),
            ),
            alert_lines(
                Frame(
                    "Share of failed requests",
                    "The share of eligible requests that failed because of the service, over 5 minutes. Empty while "
                    "there are none.",
                    units.PercentUnit,
                    traces=FAILED_STREAMS,
                ),
                "HighErrorRate",
                "failed",
            ),
            first_chunk(),
        ),
    )


def _saturation() -> Row:
    return Row(
        "Load",
        (
            lines(
                Frame(
                    "Saturation",
                    "Of the fullest instance: memory as a share of its limit, connections as a share of the "
                    "capacity. The line is the threshold for memory.",
                    units.PercentUnit,
                    12,
                ),
                Query(f"max({compared('HighMemory')})", "memory"),
                Query(f"max({CAPACITY_USED_SHARE})", "connections"),
                limit=beyond("HighMemory"),
                most=1,
            ),
            lines(
                Frame("Connections and streams", "Open connections, and the active streams on them.", units.Short, 12),
                Query(total(CONNECTIONS_ACTIVE), "connections"),
                Query(total(REQUESTS_ACTIVE), "requests"),
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
        budgets(),
        _saturation(),
    )

"""The dependencies of the service, and what they provide: recovery of streams and cached plans."""

from grafana_foundation_sdk.models import units

from dashboards.alerted import compared
from dashboards.board import Row
from dashboards.colours import BAD, GOOD
from dashboards.panels import Frame, alert_lines, lines, states
from dashboards.queries import Query, per_minute, quantile, quantiles, rate, ratio, select
from observability.registry.metrics import (
    CONFIG_LIMIT,
    DEPENDENCY_CALLS,
    PLAN_CACHE_LOOKUPS,
    RECOVERIES,
    RECOVERY_DURATION,
    STORE_BYTES,
    STORE_LIMIT,
    STORE_SESSIONS,
)


def dependencies() -> Row:
    return Row(
        "Dependencies",
        (
            states(
                Frame(
                    "Dependencies over time",
                    "A dependency is unavailable if one worker of the instance cannot reach it. Contains the "
                    "dependencies that are configured.",
                    units.NoUnit,
                    6,
                    logs=("dependency_unavailable", "dependency_recovered"),
                ),
                (
                    Query(compared("SessionStoreDown"), "{{instance}} {{dependency}}"),
                    Query(compared("DependencyDown"), "{{instance}} {{dependency}}"),
                ),
                (0, "unavailable", BAD),
                (1, "up", GOOD),
                alerts=("SessionStoreDown", "DependencyDown"),
            ),
            alert_lines(
                Frame(
                    "Failed calls",
                    "Calls that failed in 5 minutes. A single one is repeated and has no effect on clients. An "
                    "unavailable dependency is called only now and then.",
                    units.Short,
                    6,
                    logs=(
                        "dependency_unavailable",
                        "dependency_recovered",
                    ),
                ),
                "DependencyErrors",
                "{{instance}} {{dependency}}",
            ),
            alert_lines(
                Frame(
                    "Time of calls, p95",
                    "Until the answer, the error or the deadline. Requests wait for open, admit and put.",
                    units.Seconds,
                    6,
                ),
                "SlowDependency",
                "{{instance}} {{dependency}}",
                Query(quantile(0.95, DEPENDENCY_CALLS, "dependency", "operation"), "{{dependency}} {{operation}}"),
            ),
            alert_lines(
                Frame(
                    "Usage rows lost",
                    "Rows in 5 minutes that neither the queue nor the file could store.",
                    units.Short,
                    6,
                    logs=("usage_dropped",),
                ),
                "UsageDropping",
                "rows",
            ),
        ),
    )


def store_limits() -> Row:
    return Row(
        "Limits of the session store",
        (
            lines(
                Frame(
                    "Use of the session store",
                    "The bytes and the sessions that it holds, as a share of STORE_MAX_BYTES and STORE_MAX_SESSIONS. "
                    "Sessions without a request make room for others, so a full use of sessions may be harmless.",
                    units.PercentUnit,
                    12,
                ),
                Query(ratio(f"max({select(STORE_BYTES)})", f"max({select(STORE_LIMIT)})"), "bytes"),
                Query(
                    ratio(f"max({select(STORE_SESSIONS)})", f"max({select(CONFIG_LIMIT, limit='store_max_sessions')})"),
                    "sessions",
                ),
                most=1,
            ),
            alert_lines(
                Frame(
                    "Not kept by the session store",
                    "Streams (bytes) and sessions in 5 minutes that exceed the limits. The clients are served, but "
                    "cannot recover their streams.",
                    units.Short,
                    12,
                    logs=("store_limit_reached",),
                ),
                "StoreFull",
                "{{limit}}",
            ),
        ),
    )


def recovery() -> Row:
    hits = ratio(rate(PLAN_CACHE_LOOKUPS, "tier", result="hit"), rate(PLAN_CACHE_LOOKUPS, "tier"))
    return Row(
        "Recovery and plan cache",
        (
            lines(
                Frame(
                    "Recoveries by result",
                    "Interrupted streams a minute that continued (recovered) or began again for a repeated "
                    "request; the other results are reasons for a refusal. A deploy causes many; unavailable "
                    "means that the store is unavailable.",
                    units.CountsPerMinute,
                    6,
                    logs=(
                        "stream_recovered",
                        "recovery_refused",
                    ),
                ),
                Query(per_minute(RECOVERIES, "result"), "{{result}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "Time to recover",
                    "From the request of a client until its stream continues: mostly the time of the store.",
                    units.Seconds,
                    6,
                ),
                *quantiles(RECOVERY_DURATION),
            ),
            lines(
                Frame(
                    "Plan cache, share of hits",
                    "Content that was prepared before: in the memory of the process, or in the shared cache, "
                    "which is queried only after a miss in memory.",
                    units.PercentUnit,
                    6,
                ),
                Query(hits, "{{tier}}"),
                most=1,
            ),
            alert_lines(
                Frame(
                    "Failed recoveries",
                    "Recoveries in 5 minutes whose stream is not in the store (unknown) or cannot be read (version), "
                    "or for which the store is unavailable. The alert also requires that they are most of all.",
                    units.Short,
                    6,
                    logs=("recovery_refused",),
                ),
                "RecoveriesFailing",
                "{{instance}}",
            ),
        ),
    )

"""The dependencies of the service, and what they provide: recovery of streams and cached plans."""

from grafana_foundation_sdk.models import units

from dashboards import limits, measures
from dashboards.board import Row
from dashboards.objectives import REFUSED_RECOVERIES
from dashboards.panels import BAD, GOOD, Frame, lines, number, states
from dashboards.queries import Query, of_instances, per_5_minutes, per_minute, quantile, quantiles, rate, ratio, select
from observability.registry.metrics import (
    CONFIG_LIMIT,
    DEPENDENCY_CALLS,
    DEPENDENCY_ERRORS,
    DEPENDENCY_UP,
    PLAN_CACHE_LOOKUPS,
    RECOVERIES,
    RECOVERY_DURATION,
    STORE_BYTES,
    STORE_LIMIT,
    STORE_REFUSALS,
    STORE_SESSIONS,
    USAGE_DROPPED,
)


def dependencies() -> Row:
    return Row(
        "Dependencies",
        (
            number(
                Frame(
                    "Unavailable",
                    "Dependencies that the service currently runs without, counted for each instance.",
                    units.Short,
                    3,
                    5,
                ),
                Query(f"count({of_instances(DEPENDENCY_UP, 'dependency')} == 0) or vector(0)"),
                limits.UNAVAILABLE_DEPENDENCIES,
            ),
            states(
                Frame(
                    "Dependencies over time",
                    "A dependency is unavailable if one worker of the instance cannot reach it. Contains the "
                    "dependencies that are configured.",
                    units.NoUnit,
                    7,
                    5,
                ),
                Query(of_instances(DEPENDENCY_UP, "dependency"), "{{instance}} {{dependency}}"),
                (0, "unavailable", BAD),
                (1, "up", GOOD),
            ),
            lines(
                Frame(
                    "Failed calls",
                    "Calls that failed: the current rate as a number in 5 minutes. A single one is repeated and has no "
                    "effect on clients. An unavailable dependency is called only now and then.",
                    units.Short,
                    5,
                    5,
                ),
                Query(per_5_minutes(DEPENDENCY_ERRORS, "instance", "dependency"), "{{instance}} {{dependency}}"),
                limit=limits.DEPENDENCY_ERRORS,
            ),
            lines(
                Frame(
                    "Time of calls, p95",
                    "Until the answer, the error or the deadline. Requests wait for open, admit and put.",
                    units.Seconds,
                    5,
                    5,
                ),
                Query(measures.DEPENDENCY_CALL_P95, "{{dependency}}"),
                Query(quantile(0.95, DEPENDENCY_CALLS, "dependency", "operation"), "{{dependency}} {{operation}}"),
                limit=limits.DEPENDENCY_CALLS,
            ),
            lines(
                Frame(
                    "Usage rows lost",
                    "Rows a minute that neither the queue nor the file could store.",
                    units.EventsPerMinute,
                    4,
                    5,
                ),
                Query(per_minute(USAGE_DROPPED), "rows"),
                limit=limits.USAGE_LOST,
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
            lines(
                Frame(
                    "Not kept by the session store",
                    "Streams (bytes) and sessions a minute that exceed the limits. The clients are served, but cannot "
                    "recover their streams.",
                    units.CountsPerMinute,
                    12,
                ),
                Query(per_minute(STORE_REFUSALS, "limit"), "{{limit}}"),
                limit=limits.STORE_REFUSALS,
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
                ),
                Query(per_minute(RECOVERIES, "result"), "{{result}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "Time to recover",
                    "From the request of a client until its stream continues: mostly the time of the store.",
                    units.Seconds,
                ),
                *quantiles(RECOVERY_DURATION),
            ),
            lines(
                Frame(
                    "Plan cache, share of hits",
                    "Content that was prepared before: in the memory of the process, or in the shared cache, "
                    "which is queried only after a miss in memory.",
                    units.PercentUnit,
                ),
                Query(hits, "{{tier}}"),
                most=1,
            ),
            lines(
                Frame(
                    "Failed recoveries",
                    "Recoveries whose stream is not in the store (unknown) or cannot be read (version), or for which "
                    "the store is unavailable: the current rate as a number in 5 minutes. The alert also requires that "
                    "they are most of all.",
                    units.Short,
                    24,
                ),
                Query(
                    per_5_minutes(RECOVERIES, "instance", "result", where=REFUSED_RECOVERIES), "{{instance}} {{result}}"
                ),
                limit=limits.RECOVERIES_FAILED,
            ),
        ),
    )

"""Whether what the service leans on is there, and what it is good for: recovery and content that comes again."""

from grafana_foundation_sdk.models import units

from dashboards import limits
from dashboards.board import Row
from dashboards.panels import BAD, GOOD, Frame, lines, number, states
from dashboards.queries import Query, per_minute, quantiles, rate, ratio, select
from observability.registry.metrics import (
    DEPENDENCY_ERRORS,
    DEPENDENCY_UP,
    PLAN_CACHE_LOOKUPS,
    RECOVERIES,
    RECOVERY_DURATION,
    USAGE_DROPPED,
)


def dependencies() -> Row:
    return Row(
        "Dependencies",
        (
            number(
                Frame(
                    "Dependencies away",
                    "What the service leans on and does without for now, each instance for itself.",
                    units.Short,
                    3,
                    5,
                ),
                Query(f"count({select(DEPENDENCY_UP)} == 0) or vector(0)"),
                limits.DEPENDENCIES_AWAY,
            ),
            states(
                Frame(
                    "Dependencies over time",
                    "Away if one worker of the instance cannot reach it. Only those that the settings name.",
                    units.NoUnit,
                    9,
                    5,
                ),
                Query(select(DEPENDENCY_UP), "{{instance}} {{dependency}}"),
                (0, "away", BAD),
                (1, "up", GOOD),
            ),
            lines(
                Frame(
                    "Failed calls",
                    "Calls a minute that came to nothing. One now and then is repeated and harms nobody; while a "
                    "dependency is away it is asked only now and then.",
                    units.CountsPerMinute,
                    6,
                    5,
                ),
                Query(per_minute(DEPENDENCY_ERRORS, "dependency"), "{{dependency}}"),
            ),
            lines(
                Frame(
                    "Usage lost",
                    "Rows a minute that neither the queue nor the file could take.",
                    units.EventsPerMinute,
                    6,
                    5,
                ),
                Query(per_minute(USAGE_DROPPED), "rows"),
                limit=limits.USAGE_LOST,
            ),
        ),
    )


def recovery() -> Row:
    hits = ratio(rate(PLAN_CACHE_LOOKUPS, "tier", result="hit"), rate(PLAN_CACHE_LOOKUPS, "tier"))
    return Row(
        "Streams that broke off, and content that came again",
        (
            lines(
                Frame(
                    "Recoveries by result",
                    "Streams a minute that broke off and went on (recovered), or began anew for a repeated request; "
                    "the rest says why one did not. After a deploy there are many; unavailable means that the store is "
                    "away.",
                    units.CountsPerMinute,
                ),
                Query(per_minute(RECOVERIES, "result"), "{{result}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "Time to recover",
                    "From a client's asking until its stream goes on: what the store took.",
                    units.Seconds,
                ),
                *quantiles(RECOVERY_DURATION),
            ),
            lines(
                Frame(
                    "Plan cache, share of hits",
                    "Content that was worked on before: in the memory of the process, or shared, which is asked only "
                    "if memory has no hit.",
                    units.PercentUnit,
                ),
                Query(hits, "{{tier}}"),
                most=1,
            ),
        ),
    )

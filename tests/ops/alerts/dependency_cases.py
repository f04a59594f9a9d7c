"""The cases of the alerts on dependencies."""

from collections.abc import Mapping
from typing import Final

from observability.registry.metrics import (
    DEPENDENCY_CALLS,
    DEPENDENCY_ERRORS,
    DEPENDENCY_UP,
    RECOVERIES,
    STORE_REFUSALS,
    USAGE_DROPPED,
)
from tests.ops.alerts.case import OF_INSTANCE, TWO, Case, Firing, losses
from tests.ops.alerts.series import Observations, Series, counter, gauge, histogram


def calls(*stretches: Observations) -> list[Series]:
    return histogram(DEPENDENCY_CALLS, *stretches, dependency="session_store", operation="admit")


def outage(dependency: str, minutes: int = 20) -> list[Series]:
    return gauge(DEPENDENCY_UP, (10, 1), (minutes, 0), (50 - minutes, 1), dependency=dependency)


def errors(growth: float, dependency: str = "session_store") -> list[Series]:
    """Failed calls per minute for half an hour; then none."""
    return counter(DEPENDENCY_ERRORS, (30, growth), (30, 0), dependency=dependency)


def recoveries(growth: float, result: str) -> list[Series]:
    """Recoveries per minute for half an hour; then none."""
    return counter(RECOVERIES, (30, growth), (30, 0), result=result)


DEPENDENCY_CASES: Final[Mapping[str, Case]] = {
    "SessionStoreDown": Case(
        below=[*outage("session_store", minutes=1), *gauge(DEPENDENCY_UP, (30, 0), dependency="plan_cache")],
        firing=(
            Firing(
                [
                    *outage("session_store"),
                    *gauge(DEPENDENCY_UP, (60, 1), dependency="session_store", instance=TWO),
                ],
                11,
                30,
                labels=OF_INSTANCE | {"dependency": "session_store"},
            ),
        ),
    ),
    "DependencyDown": Case(
        below=[*outage("database", minutes=1), *gauge(DEPENDENCY_UP, (30, 0), dependency="session_store")],
        firing=tuple(
            Firing(outage(dependency), 11, 30, labels=OF_INSTANCE | {"dependency": dependency})
            for dependency in ("stream_writes", "stream_reads", "access_store", "plan_cache", "usage_store", "database")
        ),
    ),
    "SlowDependency": Case(
        below=calls((30, {0.1: 96, 1: 4})),
        low_traffic=calls((30, {1: 3.9})),
        firing=(
            Firing(calls((30, {1: 4.2}), (30, {})), 9, 55, "962.5ms", OF_INSTANCE | {"dependency": "session_store"}),
            Firing(
                [
                    *calls((30, {0.1: 94, 1: 6}), (30, {0.1: 100})),
                    *histogram(DEPENDENCY_CALLS, (60, {0.1: 100}), dependency="database", operation="insert"),
                    *histogram(
                        DEPENDENCY_CALLS, (60, {0.1: 900}), instance=TWO, dependency="session_store", operation="admit"
                    ),
                ],
                6,
                55,
                "375ms",
                OF_INSTANCE | {"dependency": "session_store"},
            ),
        ),
    ),
    "DependencyErrors": Case(
        below=errors(3.9),
        firing=tuple(
            Firing(errors(4.2, dependency), 9, 55, "21", OF_INSTANCE | {"dependency": dependency})
            for dependency in ("session_store", "database")
        ),
    ),
    "RecoveriesFailing": Case(
        below=[*recoveries(10, result="unknown"), *recoveries(10.1, result="recovered")],
        low_traffic=recoveries(3.9, result="unavailable"),
        firing=(
            Firing(recoveries(4.2, result="unavailable"), 14, 55, "21", OF_INSTANCE),
            Firing(
                [
                    *recoveries(6, result="unknown"),
                    *recoveries(2, result="version"),
                    *recoveries(5, result="recovered"),
                    *recoveries(2, result="position"),
                    *counter(RECOVERIES, (60, 10), instance=TWO, result="recovered"),
                ],
                12,
                55,
                "40",
                OF_INSTANCE,
            ),
        ),
    ),
    "StoreFull": losses(STORE_REFUSALS, "limit", "bytes", "sessions"),
    "UsageDropping": Case(
        below=counter(USAGE_DROPPED, (30, 0)),
        firing=(Firing(counter(USAGE_DROPPED, (10, 0), (1, 200), (49, 0)), 10, 30, "200"),),
    ),
}

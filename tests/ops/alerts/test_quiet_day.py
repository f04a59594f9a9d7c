"""A day of a healthy service, evaluated by ``promtool test rules``: no critical alert fires at any minute of it.

Two instances with little traffic at night, replaced one after the other three times; scrapes that fail now and then;
single requests that fail, handshakes that are refused, and first chunks that are late, all within the objectives.
"""

import random
from collections.abc import Mapping
from pathlib import Path

from dashboards.foreign import PROCESS_START, UP
from dashboards.rules import ALERTS, Severity
from observability.registry.metrics import (
    CONNECTION_ATTEMPTS,
    CONNECTION_CLOSES,
    DEPENDENCY_UP,
    REQUESTS,
    TIME_TO_FIRST_CHUNK,
)
from tests.ops.alerts.series import Series, counter, gauge, histogram
from tests.ops.alerts.test_rules import run, scenario

MINUTES = 24 * 60
INSTANCES = {"one:8000": 0, "two:8000": 3}
"""With the minutes by which a deploy reaches it later."""
DEPLOYS = (9 * 60, 13 * 60, 17 * 60)
FAILURES_OF_SCRAPES = 40
"""Of each instance, at random minutes."""


def requests_per_minute(minute: int) -> float:
    """Three an hour at night, two a minute by day."""
    return 0.05 if minute < 7 * 60 or minute > 20 * 60 else 2


def day(instance: str) -> list[Series]:
    chance = random.Random(instance)
    gaps = {chance.randrange(MINUTES) for _ in range(FAILURES_OF_SCRAPES)}
    deploys = {minute + INSTANCES[instance] for minute in DEPLOYS}

    def whole(per_minute: float) -> int:
        """A whole number with this mean."""
        return int(per_minute) + (chance.random() < per_minute % 1)

    def steady(share: float) -> list[tuple[int, float]]:
        """Events that are a share of the requests. A new process begins at 0."""
        return [
            (1, -1 if minute in deploys else whole(share * requests_per_minute(minute))) for minute in range(MINUTES)
        ]

    def at_deploys(number: float) -> list[tuple[int, float]]:
        """Events in the last minute of a process."""
        return [(1, -1 if minute in deploys else number if minute + 1 in deploys else 0) for minute in range(MINUTES)]

    def starts() -> list[tuple[int, float | None]]:
        return [(1, 60 * max((at for at in deploys if at <= minute), default=0)) for minute in range(MINUTES)]

    first_chunks: list[tuple[int, Mapping[float, float]]] = [
        (1, {0.1: whole(requests_per_minute(minute)), 1.0: whole(0.005 * requests_per_minute(minute))})
        for minute in range(MINUTES)
    ]
    series = [
        *gauge(PROCESS_START, *starts(), instance=instance),
        *gauge(DEPENDENCY_UP, (MINUTES, 1), instance=instance, dependency="session_store"),
        *counter(REQUESTS, *steady(1), instance=instance, content_type="text", outcome="completed"),
        *counter(REQUESTS, *steady(0.1), instance=instance, content_type="text", outcome="rejected"),
        *counter(REQUESTS, *steady(0.1), instance=instance, content_type="text", outcome="disconnected"),
        *counter(REQUESTS, *steady(0.002), instance=instance, content_type="text", outcome="error"),
        *counter(REQUESTS, *at_deploys(8), instance=instance, content_type="text", outcome="shutdown"),
        *counter(CONNECTION_ATTEMPTS, *steady(0.5), instance=instance, outcome="accepted"),
        *counter(CONNECTION_ATTEMPTS, *steady(0.05), instance=instance, outcome="refused_session"),
        *counter(CONNECTION_ATTEMPTS, *steady(0.001), instance=instance, outcome="refused_capacity"),
        *counter(CONNECTION_ATTEMPTS, *at_deploys(20), instance=instance, outcome="refused_draining"),
        *counter(CONNECTION_CLOSES, *steady(0.5), instance=instance, reason="client"),
        *counter(CONNECTION_CLOSES, *at_deploys(20), instance=instance, reason="shutdown"),
        *histogram(TIME_TO_FIRST_CHUNK, *first_chunks, instance=instance, content_type="text"),
    ]
    up = [(1, float(minute not in gaps | deploys)) for minute in range(MINUTES)]
    return [*gauge(UP, *up, instance=instance), *(without(one, gaps | deploys) for one in series)]


def without(series: Series, minutes: set[int]) -> Series:
    """The series without its samples of these minutes, in which scrapes failed."""
    samples = series["values"].split()
    return {**series, "values": " ".join("_" if at in minutes else sample for at, sample in enumerate(samples))}


def fires(folder: Path, series: list[Series], *expected: str) -> None:
    """Fail unless exactly these critical alerts fire in the course of the day."""
    critical = [alert for alert in ALERTS.values() if alert.severity is Severity.CRITICAL]
    fired = f'count by (alertname) (max_over_time(ALERTS{{alertstate="firing"}}[{MINUTES}m]))'
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in expected]
    check = {"expr": fired, "eval_time": f"{MINUTES}m", "exp_samples": samples}
    run(folder, critical, [scenario("a day", series, []) | {"promql_expr_test": [check]}], step=1)


def test_a_healthy_day_fires_no_critical_alert(tmp_path: Path) -> None:
    fires(tmp_path, [one for instance in INSTANCES for one in day(instance)])


def test_an_outage_of_three_minutes_on_such_a_day_fires_one(tmp_path: Path) -> None:
    outage = gauge(DEPENDENCY_UP, (600, 1), (3, 0), (837, 1), instance="three:8000", dependency="session_store")
    fires(tmp_path, [*day("one:8000"), *outage], "SessionStoreDown")

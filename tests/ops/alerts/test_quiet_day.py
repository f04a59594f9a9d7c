"""A day of a healthy service, evaluated by ``promtool test rules``: no alert fires at any minute of it.

Two instances with little traffic at night, replaced one after the other three times; scrapes that fail now and then;
single requests that fail, handshakes that are refused, first chunks that are late, calls of a store that are slow or
fail, limits that are exceeded, content that is too large, and clients that do not read, all within the objectives.
"""

import random
from collections.abc import Mapping
from pathlib import Path

from dashboards.foreign import PROCESS_START, UP
from dashboards.rules import ALERTS, RECORDINGS
from observability.registry.metrics import (
    ACCEPT_PAUSES,
    CHUNK_LAG,
    CHUNKS,
    CONNECTION_ATTEMPTS,
    CONNECTION_CLOSES,
    CONTENT_KILLED,
    CONTENT_REFUSED,
    CONTENT_WAIT,
    DEPENDENCY_CALLS,
    DEPENDENCY_ERRORS,
    DEPENDENCY_UP,
    EVENT_LOOP_LAG,
    LIVE_APPENDS,
    LIVE_DURABLE_LAG,
    LIVE_HELD_BACK,
    LIVE_PRODUCERS,
    LIVE_STREAMS,
    MEMORY_LIMIT,
    MEMORY_USAGE,
    PROCESSING_DURATION,
    RATE_LIMIT_HITS,
    RECOVERIES,
    REQUESTS,
    SOCKETS_DROPPED,
    STORE_REFUSALS,
    TELEMETRY_DROPPED,
    TELEMETRY_ERRORS,
    TIME_TO_FIRST_CHUNK,
    TOKEN_REFUSALS,
    USAGE_DROPPED,
    WORKER_DEATHS,
    WORKER_UP,
)
from tests.ops.alerts.promql import parse
from tests.ops.alerts.series import Series, counter, gauge, histogram
from tests.ops.alerts.test_rules import WATCHDOG, dependencies, run, scenario

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

    def observed(share: float, most: float, beyond: float) -> list[tuple[int, Mapping[float, float]]]:
        """Observations for each request: nearly all up to ``most``, a share of 0.5 % up to ``beyond``."""
        return [
            (1, {most: whole(share * per_minute), beyond: whole(0.005 * share * per_minute)})
            for per_minute in map(requests_per_minute, range(MINUTES))
        ]

    never, once = (MINUTES, 0), ((600, 0), (1, 1), (MINUTES - 601, 0))
    calls = {"dependency": "session_store", "operation": "admit"}
    series = [
        *gauge(PROCESS_START, *starts(), instance=instance),
        *gauge(DEPENDENCY_UP, (MINUTES, 1), instance=instance, dependency="session_store"),
        *gauge(DEPENDENCY_UP, (MINUTES, 1), instance=instance, dependency="token_keys"),
        *counter(REQUESTS, *steady(1), instance=instance, content_type="text", outcome="completed"),
        *counter(REQUESTS, *steady(0.1), instance=instance, content_type="text", outcome="rejected"),
        *counter(REQUESTS, *steady(0.1), instance=instance, content_type="text", outcome="disconnected"),
        *counter(REQUESTS, *steady(0.002), instance=instance, content_type="text", outcome="error"),
        *counter(REQUESTS, *at_deploys(8), instance=instance, content_type="text", outcome="shutdown"),
        *counter(CONNECTION_ATTEMPTS, *steady(0.5), instance=instance, outcome="accepted"),
        *counter(CONNECTION_ATTEMPTS, *steady(0.05), instance=instance, outcome="refused_session"),
        *counter(TOKEN_REFUSALS, *steady(0.1), instance=instance, reason="expired"),
        *counter(CONNECTION_ATTEMPTS, *steady(0.001), instance=instance, outcome="refused_capacity"),
        *counter(CONNECTION_ATTEMPTS, *at_deploys(20), instance=instance, outcome="refused_draining"),
        *counter(CONNECTION_CLOSES, *steady(0.5), instance=instance, reason="client"),
        *counter(CONNECTION_CLOSES, *at_deploys(20), instance=instance, reason="shutdown"),
        *counter(CONNECTION_CLOSES, *steady(0.02), instance=instance, reason="slow_client"),
        *counter(CONNECTION_CLOSES, *steady(0.1), instance=instance, reason="session_timeout"),
        *counter(RATE_LIMIT_HITS, *steady(0.1), instance=instance, scope="session"),
        *counter(RECOVERIES, *at_deploys(15), instance=instance, result="recovered"),
        *counter(RECOVERIES, *at_deploys(5), instance=instance, result="unknown"),
        *counter(DEPENDENCY_ERRORS, *steady(0.05), instance=instance, dependency="session_store"),
        *gauge(MEMORY_USAGE, (MINUTES, 300e6), instance=instance),
        *gauge(MEMORY_LIMIT, (MINUTES, 512e6), instance=instance),
        *histogram(TIME_TO_FIRST_CHUNK, *observed(1, 0.1, 1), instance=instance, content_type="text"),
        *histogram(PROCESSING_DURATION, *observed(1, 0.01, 0.25), instance=instance, content_type="text"),
        *histogram(CONTENT_WAIT, *observed(1, 0.025, 1), instance=instance, content_worker="thread"),
        *histogram(DEPENDENCY_CALLS, *observed(4, 0.025, 1), instance=instance, **calls),
        *histogram(CHUNKS, *observed(1, 50, 500), instance=instance, content_type="text"),
        *histogram(EVENT_LOOP_LAG, (MINUTES, {0.01: 239, 0.25: 1}), instance=instance),
        *histogram(CHUNK_LAG, (MINUTES, {0.01: 2390, 0.25: 10}), instance=instance),
        *counter(LIVE_APPENDS, *steady(100), instance=instance),
        *histogram(LIVE_DURABLE_LAG, *observed(100, 0.01, 1), instance=instance),
        *histogram(LIVE_HELD_BACK, *observed(50, 0.25, 0.5), instance=instance),
        *counter(LIVE_PRODUCERS, *at_deploys(4), instance=instance, change="lost"),
        *gauge(LIVE_STREAMS, (MINUTES, 10), instance=instance, state="open"),
        *gauge(LIVE_STREAMS, (MINUTES, 2), instance=instance, state="stalled"),
        *gauge(LIVE_STREAMS, (600, 0), (3, 10), (MINUTES - 603, 0), instance=instance, state="interrupted"),
        *gauge(WORKER_UP, (600, 1), (1, 0), (MINUTES - 601, 1), instance=instance, worker="1"),
        *counter(SOCKETS_DROPPED, *steady(0.1), instance=instance, reason="evicted"),
        *counter(CONTENT_REFUSED, *steady(0.05), instance=instance, content_worker="thread", reason="waited"),
        *counter(CONTENT_KILLED, *once, instance=instance, reason="memory"),
        *counter(STORE_REFUSALS, *once, instance=instance, limit="bytes"),
        *counter(TELEMETRY_DROPPED, *once, instance=instance, signal="traces"),
        *counter(TELEMETRY_ERRORS, never, instance=instance, sink="Metrics"),
        *counter(WORKER_DEATHS, never, instance=instance, reason="hung"),
        *counter(ACCEPT_PAUSES, never, instance=instance),
        *counter(USAGE_DROPPED, never, instance=instance),
    ]
    up = [(1, float(minute not in gaps | deploys)) for minute in range(MINUTES)]
    return [*gauge(UP, *up, instance=instance), *(without(one, gaps | deploys) for one in series)]


def without(series: Series, minutes: set[int]) -> Series:
    """The series without its samples of these minutes, in which scrapes failed."""
    samples = series["values"].split()
    return {**series, "values": " ".join("_" if at in minutes else sample for at, sample in enumerate(samples))}


def fires(folder: Path, series: list[Series], *expected: str) -> None:
    """Fail unless exactly these alerts fire in the course of the day."""
    fired = f'count by (alertname) (max_over_time(ALERTS{{alertstate="firing"}}[{MINUTES}m]))'
    for days, step in ((False, 1), (True, 30)):  # the rules over days are dear
        alerts = [one for name, one in ALERTS.items() if name != WATCHDOG and name.endswith("BurnSlow") is days]
        samples = [{"labels": f'{{alertname="{one.name}"}}', "value": 1} for one in alerts if one.name in expected]
        check = {"expr": fired, "eval_time": f"{MINUTES}m", "exp_samples": samples}
        run(folder, alerts, [scenario("a day", series, []) | {"promql_expr_test": [check]}], step)


def test_the_day_has_the_series_of_every_rule() -> None:
    alerted = [alert.expr for alert in ALERTS.values()]
    recorded = [rule.expr for expr in alerted for rule in dependencies(expr)]
    used = {name for expr in alerted + recorded for name in parse(expr).metrics}
    assert used - RECORDINGS.keys() <= {one["series"].partition("{")[0] for one in day("one:8000")}


def test_a_healthy_day_fires_no_alert(tmp_path: Path) -> None:
    fires(tmp_path, [one for instance in INSTANCES for one in day(instance)])


def test_an_outage_of_three_minutes_on_such_a_day_fires_one(tmp_path: Path) -> None:
    outage = gauge(DEPENDENCY_UP, (600, 1), (3, 0), (837, 1), instance="three:8000", dependency="session_store")
    fires(tmp_path, [*day("one:8000"), *outage], "SessionStoreDown")

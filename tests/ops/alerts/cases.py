"""The test cases of each alert: silent below the threshold and on low traffic, firing, and resolved."""

from collections.abc import Mapping
from typing import Final

from dashboards.foreign import PROCESS_START, UP
from dashboards.rules import JOB
from observability.registry.metrics import (
    BUILD_INFO,
    CHUNK_LAG,
    CHUNKS,
    CONTENT_KILLED,
    CONTENT_REFUSED,
    CONTENT_WAIT,
    EVENT_LOOP_LAG,
    MEMORY_LIMIT,
    MEMORY_USAGE,
    PROCESSING_DURATION,
    RECOVERIES,
    REQUESTS,
    TELEMETRY_DROPPED,
    TELEMETRY_ERRORS,
)
from service import __version__
from tests.ops.alerts.burn_cases import BURN_CASES
from tests.ops.alerts.case import OF_INSTANCE, OF_JOB, TWO, Case, Firing, first_chunks, losses, p95, requests
from tests.ops.alerts.connection_cases import CONNECTION_CASES, attempts
from tests.ops.alerts.dependency_cases import DEPENDENCY_CASES
from tests.ops.alerts.live_cases import LIVE_CASES
from tests.ops.alerts.series import Observations, Series, counter, gauge, histogram
from tests.ops.alerts.worker_cases import WORKER_CASES


def preparations(*stretches: Observations) -> list[Series]:
    return histogram(PROCESSING_DURATION, *stretches, content_type="text")


def waits(*stretches: Observations) -> list[Series]:
    return histogram(CONTENT_WAIT, *stretches, content_worker="thread")


def chunks(*stretches: Observations) -> list[Series]:
    return histogram(CHUNKS, *stretches, content_type="html")


def refused_recoveries(minutes: int, growth: float) -> list[Series]:
    """Recoveries per minute for some time that the store could not serve; then none."""
    return counter(RECOVERIES, (minutes, growth), (100, 0), result="unavailable")


def refused(reason: str, growth: float) -> list[Series]:
    """Requests per minute for half an hour that content workers refuse; then none."""
    return counter(CONTENT_REFUSED, (30, growth), (30, 0), content_worker="thread", reason=reason)


CASES: Final[Mapping[str, Case]] = {
    **BURN_CASES,
    **CONNECTION_CASES,
    **DEPENDENCY_CASES,
    **LIVE_CASES,
    "SlowProcessing": p95(preparations, 0.05, 0.25, "242.5ms", "125ms"),
    "LongContentQueue": p95(waits, 0.25, 1, "975ms", "583.3ms"),
    "LargeContent": p95(chunks, 100, 500, "485", "250"),
    "HighTraffic": Case(
        below=requests(completed=((30, 40),), rejected=((30, 9),)),
        firing=(
            Firing(
                [
                    *counter(REQUESTS, (30, 30), (30, 20), content_type="text", outcome="completed"),
                    *counter(REQUESTS, (30, 30), (30, 20), instance=TWO, content_type="text", outcome="completed"),
                ],
                9,
                55,
                "60",
            ),
        ),
    ),
    "HighErrorRate": Case(
        below=requests(completed=((30, 90),), timeout=((30, 6),), error=((30, 4),)),
        low_traffic=requests(completed=((30, 1.9),), error=((30, 1.9),)),
        firing=(
            Firing(requests(completed=((30, 2.1), (30, 0)), error=((30, 2.1), (30, 0))), 6, 80, "50%"),
            Firing(
                requests(
                    completed=((30, 94), (30, 100)),
                    error=((30, 6), (30, 0)),
                    rejected=((60, 100),),
                    cancelled=((60, 100),),
                    disconnected=((60, 100),),
                    shutdown=((60, 100),),
                ),
                3,
                80,
                "6%",
            ),
        ),
    ),
    "RequestsFailing": Case(
        below=[*requests(completed=((90, 1),), error=((90, 0.9),)), *attempts(refused_session=50)],
        low_traffic=requests(error=((90, 0.08),)),
        minutes=90,
        firing=(
            # 15 an hour, all failing; then all served.
            Firing(requests(error=((40, 0.25), (80, 0)), completed=((40, 0), (80, 0.25))), 20, 80, "5"),
            # As many that could not be made; then none at all.
            Firing([*attempts(40, error=0.1, refused_capacity=0.05), *refused_recoveries(40, 0.1)], 20, 110, "5"),
        ),
    ),
    "SlowResponse": p95(first_chunks, 0.25, 1, "990ms", "833.3ms"),
    "HighMemory": Case(
        below=[*gauge(MEMORY_USAGE, (30, 800e6)), *gauge(MEMORY_LIMIT, (30, 1e9))],
        firing=(
            Firing(
                [*gauge(MEMORY_USAGE, (30, 900e6), (30, 500e6)), *gauge(MEMORY_LIMIT, (60, 1e9))],
                5,
                45,
                "90%",
                OF_INSTANCE,
            ),
        ),
    ),
    "ServiceDown": Case(
        below=[*gauge(UP, (30, 1)), *gauge(UP, (30, 0), instance=TWO)],
        firing=(
            Firing(
                [*gauge(UP, (10, 1), (20, 0), (30, 1)), *gauge(UP, (10, 1), (20, 0), (30, 1), instance=TWO)],
                12,
                45,
            ),
        ),
    ),
    "NoTarget": Case(
        below=gauge(UP, (30, 0)),
        firing=tuple(
            Firing(
                [*gauge(UP, (10, 1), (20, None), (30, 1)), *gauge(UP, (60, 1), job="prometheus"), *other],
                13,
                45,
                description=f"No target has the job {JOB}, so its outage would not be noticed. {reason}",
            )
            for other, reason in (
                (
                    [],
                    "The scrape configuration has no such job_name, or service discovery finds no instance. ",
                ),
                (
                    gauge(BUILD_INFO, (60, 1), job="streaming", version=__version__),
                    f"The service is scraped under the job name streaming: its job_name must be {JOB}. ",
                ),
            )
        ),
    ),
    "TargetDown": Case(
        below=gauge(UP, (10, 1), (5, 0), (15, 1)),
        firing=(Firing(gauge(UP, (10, 1), (20, 0), (30, 1)), 15, 45, labels=OF_INSTANCE),),
    ),
    "Restarting": Case(
        below=gauge(PROCESS_START, (1, 100), (5, 200), (5, 300), (6, 400), (13, 500)),  # 4 in 17 minutes
        firing=(
            Firing(gauge(PROCESS_START, (5, 100), (3, 200), (3, 300), (3, 400), (46, 500)), 14, 45, "4", OF_INSTANCE),
        ),
    ),
    **WORKER_CASES,
    "EventLoopLag": Case(
        below=histogram(EVENT_LOOP_LAG, (30, {0.05: 992, 0.25: 8})),
        firing=(
            Firing(
                histogram(EVENT_LOOP_LAG, (30, {0.05: 980, 0.25: 20}), (30, {0.05: 1000})),
                6,
                55,
                "175ms",
                OF_INSTANCE,
            ),
            Firing(  # half a minute of standstill every ten minutes
                histogram(EVENT_LOOP_LAG, *[(9, {0.05: 240}), (1, {0.05: 120, 1: 120})] * 3, (30, {0.05: 240})),
                14,
                55,
                "860ms",
                OF_INSTANCE,
            ),
        ),
    ),
    "LateChunks": Case(
        below=histogram(CHUNK_LAG, (30, {0.1: 992, 0.25: 8})),
        low_traffic=histogram(CHUNK_LAG, (30, {0.25: 198})),
        firing=(
            Firing(histogram(CHUNK_LAG, (30, {0.25: 202}), (30, {})), 9, 55, "100%", OF_INSTANCE),
            Firing(histogram(CHUNK_LAG, (30, {0.1: 980, 0.25: 20}), (30, {0.1: 1000})), 6, 55, "2%", OF_INSTANCE),
        ),
    ),
    "ContentRefused": Case(
        below=[*refused("waited", 3.8), *refused("queue_full", 100)],
        low_traffic=refused("waited", 3.9),
        firing=tuple(Firing(refused("waited", growth), 9, 55, value) for growth, value in ((4.2, "21"), (4.8, "24"))),
    ),
    "ContentWorkKilled": losses(CONTENT_KILLED, "reason", "memory", "cpu"),
    "TelemetryDropping": losses(TELEMETRY_DROPPED, "signal", "traces", "logs"),
    "TelemetryFailing": Case(
        below=counter(TELEMETRY_ERRORS, (30, 0), sink="Metrics"),
        firing=(
            Firing(
                counter(TELEMETRY_ERRORS, (10, 0), (20, 3), (30, 0), sink="TraceSink"),
                10,
                55,
                "3",
                OF_JOB | {"sink": "TraceSink"},
            ),
            Firing(  # a single error
                counter(TELEMETRY_ERRORS, (10, 0), (1, 1), (49, 0), sink="Metrics"),
                10,
                30,
                "1",
                OF_JOB | {"sink": "Metrics"},
            ),
        ),
    ),
    "Watchdog": Case(firing=(Firing([], 0, None, labels={}),)),
}
"""By the name of the alert."""

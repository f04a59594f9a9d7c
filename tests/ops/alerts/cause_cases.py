"""The cases of ``alerts.causes``."""

from collections.abc import Mapping
from typing import Final

from alerts.links import JOB
from dashboards.foreign import PROCESS_START, UP
from observability.registry.metrics import (
    CONNECTION_CLOSES,
    DEPENDENCY_UP,
    EVENT_LOOP_LAG,
    PACING_LAG,
    RATE_LIMIT_HITS,
    TELEMETRY_DROPPED,
    TELEMETRY_ERRORS,
    USAGE_DROPPED,
)
from tests.ops.alerts.case import OF_INSTANCE, OF_JOB, Case, Fault, requests
from tests.ops.alerts.series import INSTANCE, counter, gauge, histogram

CAUSE_CASES: Final[Mapping[str, Case]] = {
    "ServiceDown": Case(
        below=[*gauge(UP, (30, 1)), *gauge(UP, (30, 0), instance="two:8000")],
        faults=tuple(
            Fault(
                series=[
                    *gauge(UP, (10, 1), (20, down), (30, 1)),
                    *gauge(UP, (10, 1), (20, down), (30, 1), instance="two:8000"),
                ],
                begins_at=begins_at,
                over_at=45,
                labels=OF_JOB,
                summary=f"No instance of {JOB} can be reached",
                description=f"Prometheus reaches no instance of {JOB}: clients most likely cannot either.",
            )
            for down, begins_at in ((0, 12), (None, 17))  # a lost series is looked back for over 5 minutes
        ),
    ),
    "TargetDown": Case(
        below=gauge(UP, (10, 1), (5, 0), (15, 1)),
        faults=(
            Fault(
                series=gauge(UP, (10, 1), (20, 0), (30, 1)),
                begins_at=15,
                over_at=45,
                labels=OF_INSTANCE,
                summary=f"{INSTANCE} cannot be reached",
                description=f"Prometheus cannot scrape {INSTANCE} of {JOB}. If other instances answer, they carry its "
                "load.",
            ),
        ),
    ),
    "Restarting": Case(
        below=gauge(PROCESS_START, (5, 100), (3, 200), (3, 300), (19, 400)),
        faults=(
            Fault(
                series=gauge(PROCESS_START, (5, 100), (3, 200), (3, 300), (3, 400), (46, 500)),
                begins_at=14,
                over_at=45,
                labels=OF_INSTANCE,
                summary=f"{INSTANCE} restarts again and again",
                description=f"{INSTANCE} started 4 times in 15 minutes; the threshold is 3. "
                "Each start cuts its connections, and all come back at once.",
            ),
        ),
    ),
    "EventLoopLag": Case(
        below=histogram(EVENT_LOOP_LAG, (30, {0.05: 992, 0.25: 8})),
        faults=(
            Fault(
                series=histogram(EVENT_LOOP_LAG, (30, {0.05: 980, 0.25: 20}), (30, {0.05: 1000})),
                begins_at=6,
                over_at=45,
                labels=OF_INSTANCE,
                summary=f"The event loop of {INSTANCE} is held up",
                description=f"One pass in a hundred of {INSTANCE} comes at least 175ms late; the threshold is 100 ms. "
                "Every connection of that process waits as long.",
            ),
        ),
    ),
    "PacingLag": Case(
        below=histogram(PACING_LAG, (30, {0.05: 992, 0.25: 8})),
        quiet=histogram(PACING_LAG, (30, {0.25: 19.8})),
        enough=Fault(
            series=histogram(PACING_LAG, (30, {0.25: 20.2}), (30, {})),
            begins_at=9,
            over_at=45,
            labels=OF_INSTANCE,
            summary=f"Chunks of {INSTANCE} come late",
            description=f"One sweep in a hundred of {INSTANCE} serves a stream at least 248.5ms after its chunk was "
            "due; the threshold is 100 ms. Readers see the text come in lumps.",
        ),
        faults=(
            Fault(
                series=histogram(PACING_LAG, (30, {0.05: 980, 0.25: 20}), (30, {0.05: 1000})),
                begins_at=6,
                over_at=45,
                labels=OF_INSTANCE,
                summary=f"Chunks of {INSTANCE} come late",
                description=f"One sweep in a hundred of {INSTANCE} serves a stream at least 175ms after its chunk was "
                "due; the threshold is 100 ms. Readers see the text come in lumps.",
            ),
        ),
    ),
    "RateLimitSurge": Case(
        below=[*counter(RATE_LIMIT_HITS, (30, 9.8), scope="session"), *requests(completed=((30, 100),))],
        quiet=[*counter(RATE_LIMIT_HITS, (30, 9.9), scope="session"), *requests(rejected=((30, 9.9),))],
        enough=Fault(
            series=counter(RATE_LIMIT_HITS, (30, 10.2), (30, 0), scope="session"),
            begins_at=9,
            over_at=45,
            labels=OF_JOB,
            summary=f"{JOB} turns many requests away",
            description="51 requests were over a limit in the last 5 minutes; the threshold is 50. "
            "A client runs wild, or the limit is too low.",
        ),
        faults=(
            Fault(
                series=counter(RATE_LIMIT_HITS, (30, 12), (30, 0), scope="session"),
                begins_at=9,
                over_at=45,
                labels=OF_JOB,
                summary=f"{JOB} turns many requests away",
                description="60 requests were over a limit in the last 5 minutes; the threshold is 50. "
                "A client runs wild, or the limit is too low.",
            ),
        ),
    ),
    "SessionTimeoutSurge": Case(
        below=[
            *counter(CONNECTION_CLOSES, (30, 9.8), reason="session_timeout"),
            *counter(CONNECTION_CLOSES, (30, 100), reason="client"),
        ],
        quiet=counter(CONNECTION_CLOSES, (30, 9.9), reason="session_timeout"),
        enough=Fault(
            series=counter(CONNECTION_CLOSES, (30, 10.2), (30, 0), reason="session_timeout"),
            begins_at=19,
            over_at=45,
            labels=OF_JOB,
            summary=f"Many sessions of {JOB} reach their end",
            description="51 connections were closed in the last 5 minutes because their session had lasted as long "
            "as it may; the threshold is 50.",
        ),
        faults=(
            Fault(
                series=counter(CONNECTION_CLOSES, (30, 12), (30, 0), reason="session_timeout"),
                begins_at=19,
                over_at=45,
                labels=OF_JOB,
                summary=f"Many sessions of {JOB} reach their end",
                description="60 connections were closed in the last 5 minutes because their session had lasted as long "
                "as it may; the threshold is 50.",
            ),
        ),
    ),
    "SessionStoreDown": Case(
        below=[
            *gauge(DEPENDENCY_UP, (10, 1), (1, 0), (19, 1), dependency="session_store"),  # it fails over
            *gauge(DEPENDENCY_UP, (30, 0), dependency="plan_cache"),
        ],
        faults=(
            Fault(
                series=[
                    *gauge(DEPENDENCY_UP, (10, 1), (20, 0), (30, 1), dependency="session_store"),
                    *gauge(DEPENDENCY_UP, (60, 1), dependency="session_store", instance="two:8000"),
                ],
                begins_at=11,
                over_at=30,
                labels={**OF_INSTANCE, "dependency": "session_store"},
                summary=f"{INSTANCE} has no session store",
                description=f"{INSTANCE} cannot reach the session store. Streams go on, but one whose connection "
                "breaks cannot be recovered, and each process counts the requests of a session by itself.",
            ),
        ),
    ),
    "DependencyDown": Case(
        below=[
            *gauge(DEPENDENCY_UP, (10, 1), (1, 0), (19, 1), dependency="database"),
            *gauge(DEPENDENCY_UP, (30, 0), dependency="session_store"),
        ],
        faults=tuple(
            Fault(
                series=gauge(DEPENDENCY_UP, (10, 1), (20, 0), (30, 1), dependency=dependency),
                begins_at=11,
                over_at=30,
                labels={**OF_INSTANCE, "dependency": dependency},
                summary=f"{INSTANCE} does without its {dependency}",
                description=f"{INSTANCE} cannot reach its {dependency}. Streams do not notice; dependency_away in the "
                "log says what waits or is lost meanwhile.",
            )
            for dependency in ("plan_cache", "usage_store", "database")
        ),
    ),
    "UsageDropping": Case(
        below=counter(USAGE_DROPPED, (30, 0)),
        faults=(
            Fault(
                series=counter(USAGE_DROPPED, (10, 0), (1, 200), (49, 0)),
                begins_at=10,
                over_at=20,
                labels=OF_JOB,
                summary=f"{JOB} loses usage",
                description="200 rows of usage were lost in the last 5 minutes: neither the queue nor the file could "
                "take them. Streams are not affected.",
            ),
        ),
    ),
    "TelemetryDropping": Case(
        below=counter(TELEMETRY_DROPPED, (30, 0), signal="logs"),
        faults=(
            Fault(
                series=[
                    *counter(TELEMETRY_DROPPED, (30, 3), (30, 0), signal="traces"),
                    *counter(TELEMETRY_DROPPED, (60, 0), signal="logs"),
                ],
                begins_at=6,
                over_at=45,
                labels={**OF_JOB, "signal": "traces"},
                summary=f"{JOB} loses traces",
                description="15 items of traces were lost in the last 5 minutes: "
                "whoever takes them is down or too slow. Streams are not affected.",
            ),
        ),
    ),
    "TelemetryFailing": Case(
        below=counter(TELEMETRY_ERRORS, (30, 0), sink="Metrics"),
        faults=(
            Fault(
                series=counter(TELEMETRY_ERRORS, (10, 0), (20, 3), (30, 0), sink="TraceSink"),
                begins_at=10,
                over_at=45,
                labels={**OF_JOB, "sink": "TraceSink"},
                summary=f"TraceSink of {JOB} fails",
                description="Errors of TraceSink in the last 5 minutes: 3. Its numbers, lines or spans have gaps. "
                "Streams are not affected.",
            ),
            Fault(  # one is too many
                series=counter(TELEMETRY_ERRORS, (10, 0), (1, 1), (49, 0), sink="Metrics"),
                begins_at=10,
                over_at=20,
                labels={**OF_JOB, "sink": "Metrics"},
                summary=f"Metrics of {JOB} fails",
                description="Errors of Metrics in the last 5 minutes: 1. Its numbers, lines or spans have gaps. "
                "Streams are not affected.",
            ),
        ),
    ),
    "Watchdog": Case(
        faults=(
            Fault(
                series=[],
                begins_at=0,
                over_at=None,
                summary="Alerts are delivered",
                description="This alert always fires. Whoever receives it must raise the alarm when it stops coming: "
                "then Prometheus, Alertmanager or the way between them is broken.",
            ),
        ),
    ),
}

"""The cases of ``alerts.symptoms``."""

from collections.abc import Mapping
from typing import Final

from alerts.links import JOB
from observability.registry.metrics import (
    CHUNKS,
    CONNECTION_ATTEMPTS,
    MEMORY_LIMIT,
    MEMORY_USAGE,
    PROCESSING_DURATION,
    REQUESTS,
)
from tests.ops.alerts.case import OF_INSTANCE, OF_JOB, Case, Fault, first_chunks, requests
from tests.ops.alerts.series import INSTANCE, Series, counter, gauge, histogram


def attempts(**outcomes: float) -> list[Series]:
    """Handshakes a minute over half an hour, by outcome; then all are accepted."""
    return [
        line
        for outcome, growth in outcomes.items()
        for line in counter(CONNECTION_ATTEMPTS, (30, growth), (30, 0), outcome=outcome)
    ]


SYMPTOM_CASES: Final[Mapping[str, Case]] = {
    "SlowProcessing": Case(
        below=histogram(PROCESSING_DURATION, (30, {0.05: 96, 0.25: 4}), content_type="text"),
        quiet=histogram(PROCESSING_DURATION, (30, {0.25: 3.8}), content_type="text"),
        enough=Fault(
            series=histogram(PROCESSING_DURATION, (30, {0.25: 4.2}), (30, {}), content_type="text"),
            begins_at=9,
            over_at=45,
            labels=OF_JOB,
            summary=f"Content work is slow in {JOB}",
            description="One stream in twenty waits at least 242.5ms for its content to be made safe and cut; "
            "the threshold is 100 ms.",
        ),
        faults=(
            Fault(
                series=histogram(
                    PROCESSING_DURATION, (30, {0.05: 94, 0.25: 6}), (30, {0.05: 100}), content_type="text"
                ),
                begins_at=6,
                over_at=45,
                labels=OF_JOB,
                summary=f"Content work is slow in {JOB}",
                description="One stream in twenty waits at least 125ms for its content to be made safe and cut; "
                "the threshold is 100 ms.",
            ),
        ),
    ),
    "LargeContent": Case(
        below=histogram(CHUNKS, (30, {100: 96, 500: 4}), content_type="html"),
        quiet=histogram(CHUNKS, (30, {500: 3.8}), content_type="html"),
        enough=Fault(
            series=histogram(CHUNKS, (30, {500: 4.2}), (30, {}), content_type="html"),
            begins_at=9,
            over_at=45,
            labels=OF_JOB,
            summary=f"Clients of {JOB} send large contents",
            description="One stream in twenty has at least 485 chunks; the threshold is 200. "
            "Such streams last long and hold memory.",
        ),
        faults=(
            Fault(
                series=histogram(CHUNKS, (30, {100: 94, 500: 6}), (30, {100: 100}), content_type="html"),
                begins_at=6,
                over_at=45,
                labels=OF_JOB,
                summary=f"Clients of {JOB} send large contents",
                description="One stream in twenty has at least 250 chunks; the threshold is 200. "
                "Such streams last long and hold memory.",
            ),
        ),
    ),
    "HighTraffic": Case(
        below=requests(completed=((30, 40),), rejected=((30, 9),)),
        faults=(
            Fault(
                series=[
                    line
                    for instance in ("one:8000", "two:8000")
                    for line in counter(
                        REQUESTS, (30, 30), (30, 20), instance=instance, content_type="text", outcome="completed"
                    )
                ],
                begins_at=9,
                over_at=45,
                labels=OF_JOB,
                summary=f"{JOB} gets many requests",
                description="60 stream requests a minute; the threshold is 50. Look whether capacity still has room.",
            ),
        ),
    ),
    "HighErrorRate": Case(
        below=requests(completed=((30, 90),), timeout=((30, 6),), error=((30, 4),)),
        quiet=requests(completed=((30, 1.9),), error=((30, 1.9),)),
        enough=Fault(
            series=requests(completed=((30, 2.1), (30, 0)), error=((30, 2.1), (30, 0))),
            begins_at=6,
            over_at=45,
            labels=OF_JOB,
            summary=f"Streams of {JOB} fail",
            description="50% of the requests failed by our own fault in the last 5 minutes; the threshold is 5 %. "
            "What clients send wrong, cancel or leave is not counted.",
        ),
        faults=(
            Fault(
                series=requests(
                    completed=((30, 94), (30, 100)),
                    error=((30, 6), (30, 0)),
                    rejected=((30, 100), (30, 100)),
                    cancelled=((30, 100), (30, 100)),
                    disconnected=((30, 100), (30, 100)),
                    shutdown=((30, 100), (30, 100)),
                ),
                begins_at=3,
                over_at=45,
                labels=OF_JOB,
                summary=f"Streams of {JOB} fail",
                description="6% of the requests failed by our own fault in the last 5 minutes; the threshold is 5 %. "
                "What clients send wrong, cancel or leave is not counted.",
            ),
        ),
    ),
    "SlowResponse": Case(
        below=first_chunks((30, {0.25: 96, 1: 4})),
        quiet=first_chunks((30, {1: 3.8})),
        enough=Fault(
            series=first_chunks((30, {1: 4.2}), (30, {})),
            begins_at=9,
            over_at=45,
            labels=OF_JOB,
            summary=f"Streams of {JOB} begin late",
            description="One stream in twenty shows nothing for at least 975ms; the threshold is 500 ms.",
        ),
        faults=(
            Fault(
                series=first_chunks((30, {0.25: 94, 1: 6}), (30, {0.25: 100})),
                begins_at=6,
                over_at=45,
                labels=OF_JOB,
                summary=f"Streams of {JOB} begin late",
                description="One stream in twenty shows nothing for at least 583.3ms; the threshold is 500 ms.",
            ),
        ),
    ),
    "HighMemory": Case(
        below=[*gauge(MEMORY_USAGE, (30, 800e6)), *gauge(MEMORY_LIMIT, (30, 1e9))],
        faults=(
            Fault(
                series=[*gauge(MEMORY_USAGE, (30, 900e6), (30, 500e6)), *gauge(MEMORY_LIMIT, (60, 1e9))],
                begins_at=5,
                over_at=45,
                labels=OF_INSTANCE,
                summary=f"{INSTANCE} is short of memory",
                description=f"{INSTANCE} uses 90% of its limit; the threshold is 80 %. "
                "At 100 % the system kills it, with all its connections.",
            ),
        ),
    ),
    "ConnectionFailures": Case(
        below=attempts(
            accepted=100, error=0.4, refused_capacity=0.4, refused_session=50, refused_origin=50, refused_draining=50
        ),
        quiet=attempts(error=0.4, refused_capacity=0.5),
        enough=Fault(
            series=attempts(error=0.6, refused_capacity=0.6),
            begins_at=9,
            over_at=45,
            labels=OF_JOB,
            summary=f"Clients cannot connect to {JOB}",
            description="6 handshakes failed or found no free seat in the last 5 minutes; the threshold is 5. "
            "What clients ask wrong is not counted, nor what an instance that goes away refuses.",
        ),
        faults=(
            Fault(
                series=attempts(accepted=100, error=1, refused_capacity=2),
                begins_at=6,
                over_at=45,
                labels=OF_JOB,
                summary=f"Clients cannot connect to {JOB}",
                description="15 handshakes failed or found no free seat in the last 5 minutes; the threshold is 5. "
                "What clients ask wrong is not counted, nor what an instance that goes away refuses.",
            ),
        ),
    ),
}

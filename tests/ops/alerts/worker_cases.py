"""The test cases of the alerts on workers."""

from collections.abc import Mapping
from typing import Final

from observability.registry.metrics import WORKER_DEATHS, WORKER_UP
from tests.ops.alerts.case import OF_INSTANCE, Case, Firing
from tests.ops.alerts.series import counter, gauge

WORKER_CASES: Final[Mapping[str, Case]] = {
    "WorkerHung": Case(
        below=[
            *gauge(WORKER_UP, (10, 1), (1, 0), (19, 1), worker="1"),
            *counter(WORKER_DEATHS, (10, 0), (1, 1), (19, 0), worker="1", reason="killed"),
            *counter(WORKER_DEATHS, (30, 0), worker="1", reason="hung"),
        ],
        firing=(
            Firing(
                counter(WORKER_DEATHS, (10, 0), (1, 1), (49, 0), worker="1", reason="hung"),
                10,
                30,
                labels=OF_INSTANCE | {"worker": "1"},
            ),
            Firing(
                [*gauge(WORKER_UP, (60, 1), worker="0"), *gauge(WORKER_UP, (10, 1), (20, 0), (30, 1), worker="1")],
                11,
                55,
                labels=OF_INSTANCE | {"worker": "1"},
            ),
        ),
    ),
    "WorkerDeaths": Case(
        below=[
            *counter(WORKER_DEATHS, (10, 0), (1, 1), (19, 0), worker="1", reason="hung"),
            *counter(WORKER_DEATHS, (30, 0), worker="1", reason="killed"),
        ],
        firing=tuple(
            Firing(
                [
                    *counter(WORKER_DEATHS, (10, 0), (1, 2), (49, 0), worker="0", reason=reason),
                    *counter(WORKER_DEATHS, (10, 0), (1, 1), (49, 0), worker="1", reason=reason),
                ],
                10,
                30,
                "3",
                OF_INSTANCE | {"reason": reason},
            )
            for reason in ("killed", "crashed")
        ),
    ),
}

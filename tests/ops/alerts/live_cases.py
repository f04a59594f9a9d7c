"""The cases of the alerts on live streams."""

from collections.abc import Mapping
from typing import Final

from observability.registry.metrics import LIVE_APPENDS, LIVE_DURABLE_LAG, LIVE_HELD_BACK, LIVE_PRODUCERS, LIVE_STREAMS
from tests.ops.alerts.case import OF_INSTANCE, TWO, Case, Firing
from tests.ops.alerts.series import INSTANCE, Observations, Series, Stretch, counter, gauge, histogram


def streams(instance: str = INSTANCE, **states: tuple[Stretch, ...]) -> list[Series]:
    """Live streams that have not ended, by state. Another worker of the instance counts the same ones."""
    return [
        line
        for state, stretches in states.items()
        for worker in ("0", "1")
        for line in gauge(LIVE_STREAMS, *stretches, instance=instance, state=state, worker=worker)
    ]


def lost(growth: float) -> list[Series]:
    """Producers per minute for half an hour that are lost; then none."""
    return [
        *counter(LIVE_PRODUCERS, (30, growth), (30, 0), change="lost"),
        *counter(LIVE_PRODUCERS, (60, 100), change="adopted"),
    ]


def held_back(*stretches: Observations) -> list[Series]:
    return histogram(LIVE_HELD_BACK, *stretches)


def stored(appends: float, *stretches: Observations) -> list[Series]:
    """Commits, and appends a minute for half an hour; then none."""
    return [*histogram(LIVE_DURABLE_LAG, *stretches), *counter(LIVE_APPENDS, (30, appends), (30, 0))]


SILENT: Final[tuple[Stretch, ...]] = ((10, 0), (20, 3), (30, 0))

LIVE_CASES: Final[Mapping[str, Case]] = {
    "LiveStreamsStalled": Case(
        below=streams(open=((30, 76),), stalled=((30, 12),), interrupted=((30, 12),)),
        low_traffic=streams(open=((30, 0),), stalled=((30, 8),), interrupted=((30, 0),)),
        firing=(
            Firing(
                streams(open=((60, 9),), stalled=SILENT, interrupted=SILENT),
                15,
                40,
                "40%",
            ),
            # Two instances that share their store.
            Firing(
                [
                    *streams(open=((60, 6),), stalled=((20, 4), (40, 0)), interrupted=((60, 0),)),
                    *streams(TWO, open=((60, 6),), stalled=((20, 4), (40, 0)), interrupted=((60, 0),)),
                ],
                5,
                40,
                "40%",
            ),
        ),
    ),
    "LiveProducersLost": Case(
        below=[
            *counter(LIVE_PRODUCERS, (30, 1.9), change="lost"),
            *counter(LIVE_PRODUCERS, (30, 50), change="stalled"),
        ],
        low_traffic=lost(1.9),
        firing=(Firing(lost(2.2), 9, 55, "11"), Firing(lost(3), 8, 55, "15")),
    ),
    "LiveHoldBackHigh": Case(
        below=held_back((30, {0.25: 992, 0.5: 8})),
        low_traffic=held_back((30, {0.5: 198})),
        firing=(
            Firing(held_back((30, {0.5: 202}), (30, {})), 9, 55, "100%", OF_INSTANCE),
            Firing(held_back((30, {0.3: 980, 1: 20}), (30, {0.3: 1000})), 6, 55, "2%", OF_INSTANCE),
        ),
    ),
    "LiveStoreLag": Case(
        below=stored(1000, (30, {0.1: 992, 1: 8})),
        low_traffic=stored(198, (30, {1: 198})),
        firing=(
            Firing(stored(202, (30, {1: 50}), (30, {})), 9, 55, "995ms", OF_INSTANCE),
            Firing(stored(1000, (30, {0.1: 980, 1: 20}), (30, {0.1: 1000})), 6, 55, "750ms", OF_INSTANCE),
        ),
    ),
}

"""The cases of the burn-rate alerts, which last hours to days."""

from collections.abc import Mapping
from typing import Final

from tests.ops.alerts.case import Case, Firing, first_chunks, requests
from tests.ops.alerts.series import Series

HOUR = 60
DAY = 24 * HOUR


def failed(good_minutes: int, bad_minutes: int, percent: float, after: float = 100) -> list[Series]:
    """100 requests per minute, all completed; then ``percent`` of them failed; then ``after`` completed ones."""
    end = 8 * HOUR
    return requests(
        completed=((good_minutes, 100), (bad_minutes, 100 - percent), (end, after)),
        error=((good_minutes, 0), (bad_minutes, percent), (end, 0)),
    )


def late(good_minutes: int, bad_minutes: int, percent: float, after: float = 100) -> list[Series]:
    """100 first chunks per minute, all in time; then ``percent`` of them late; then ``after`` in time."""
    return first_chunks(
        (good_minutes, {0.25: 100}), (bad_minutes, {0.25: 100 - percent, 1: percent}), (8 * HOUR, {0.25: after})
    )


# One case for each pair of windows, to the half hour, and one for the hold, to the minute.
BURN_CASES: Final[Mapping[str, Case]] = {
    "AvailabilityBurnFast": Case(
        below=failed(0, DAY, 2.9),
        low_traffic=requests(error=((DAY, 0.275),)),
        minutes=DAY,
        firing=(
            Firing(requests(error=((7 * HOUR, 0.28), (2 * HOUR, 0))), 390, 9 * HOUR, "100%"),
            Firing(failed(DAY, 2 * HOUR, 8), DAY + 90, DAY + 3 * HOUR, "8%"),
            Firing(failed(DAY, 7 * HOUR, 4), DAY + 300, DAY + 8 * HOUR, "3.344%"),
            Firing(failed(0, 30, 20), 3, 2 * HOUR, "20%"),
        ),
    ),
    "AvailabilityBurnSlow": Case(
        below=failed(0, 4 * DAY, 0.4),
        low_traffic=requests(error=((4 * DAY, 0.00115),)),
        minutes=4 * DAY,
        firing=(
            Firing(
                requests(error=((3 * DAY + 6 * HOUR, 0.00116), (8 * HOUR, 0))),
                3 * DAY + HOUR,
                3 * DAY + 14 * HOUR,
                "100%",
            ),
            Firing(failed(3 * DAY, 26 * HOUR, 2.2), 3 * DAY + 1050, 3 * DAY + 33 * HOUR, "1.606%"),
            Firing(failed(0, 4 * DAY, 0.6), 90, 4 * DAY + 7 * HOUR, "0.6%"),
            Firing(failed(0, 70, 2, after=1000), 62, 110, "2%"),
        ),
    ),
    "FirstChunkBurnFast": Case(
        below=late(0, DAY, 5.8),
        low_traffic=first_chunks((DAY, {1: 0.275})),
        minutes=DAY,
        firing=(
            Firing(first_chunks((7 * HOUR, {1: 0.28}), (2 * HOUR, {})), 390, 9 * HOUR, "100%"),
            Firing(late(DAY, 2 * HOUR, 16), DAY + 90, DAY + 3 * HOUR, "16%"),
            Firing(late(DAY, 7 * HOUR, 8), DAY + 300, DAY + 8 * HOUR, "6.689%"),
            Firing(late(0, 30, 20), 3, 2 * HOUR, "20%"),
        ),
    ),
    "FirstChunkBurnSlow": Case(
        below=late(0, 4 * DAY, 0.8),
        low_traffic=first_chunks((4 * DAY, {1: 0.00115})),
        minutes=4 * DAY,
        firing=(
            Firing(
                first_chunks((3 * DAY + 6 * HOUR, {1: 0.00116}), (8 * HOUR, {})),
                3 * DAY + HOUR,
                3 * DAY + 14 * HOUR,
                "100%",
            ),
            Firing(late(3 * DAY, 26 * HOUR, 4.4), 3 * DAY + 1050, 3 * DAY + 33 * HOUR, "3.211%"),
            Firing(late(0, 4 * DAY, 1.2), 90, 4 * DAY + 7 * HOUR, "1.2%"),
            Firing(late(0, 70, 4, after=1000), 61, 110, "4%"),
        ),
    ),
}

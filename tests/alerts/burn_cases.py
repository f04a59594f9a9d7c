"""The cases of ``alerts.objectives``: stories of hours and days."""

from collections.abc import Mapping
from typing import Final

from alerts.links import JOB
from tests.alerts.case import OF_JOB, Case, Fault, first_chunks, requests
from tests.alerts.series import Series

HOUR = 60
DAY = 24 * HOUR

THE_END = {
    "fast": "the budget of a month is gone in days",
    "slowly": "nothing of the budget will be left at the end of the month",
}


def failing(good_minutes: int, bad_minutes: int, percent: float) -> list[Series]:
    """A hundred requests a minute that all go well, then not all, then all again."""
    ends = 8 * HOUR
    return requests(
        completed=((good_minutes, 100), (bad_minutes, 100 - percent), (ends, 100)),
        error=((good_minutes, 0), (bad_minutes, percent), (ends, 0)),
    )


def late(good_minutes: int, bad_minutes: int, percent: float) -> list[Series]:
    """A hundred streams a minute that all begin in time, then not all, then all again."""
    return first_chunks(
        (good_minutes, {0.25: 100}), (bad_minutes, {0.25: 100 - percent, 1: percent}), (8 * HOUR, {0.25: 100})
    )


def availability_fault(good_minutes: int, bad_minutes: int, percent: float, over_after: int, pace: str) -> Fault:
    return Fault(
        series=failing(good_minutes, bad_minutes, percent),
        fires_at=good_minutes + bad_minutes - 10,
        over_at=good_minutes + bad_minutes + over_after,
        labels=OF_JOB,
        summary=f"{JOB} burns its budget of failed requests {pace}",
        description=f"{percent:g}% failed requests, where the objective allows 0.5 % over 30 days. "
        f"At this pace {THE_END[pace]}.",
    )


def first_chunk_fault(good_minutes: int, bad_minutes: int, percent: float, over_after: int, pace: str) -> Fault:
    return Fault(
        series=late(good_minutes, bad_minutes, percent),
        fires_at=good_minutes + bad_minutes - 10,
        over_at=good_minutes + bad_minutes + over_after,
        labels=OF_JOB,
        summary=f"{JOB} burns its budget of late first chunks {pace}",
        description=f"{percent:g}% late first chunks, where the objective allows 1 % over 30 days. "
        f"At this pace {THE_END[pace]}.",
    )


BURN_CASES: Final[Mapping[str, Case]] = {
    "AvailabilityBurnFast": Case(
        below=failing(0, DAY, 2.9),
        quiet=requests(error=((DAY, 0.25),)),
        minutes=DAY,
        every=HOUR,
        faults=(
            availability_fault(DAY, 2 * HOUR, 8, over_after=HOUR, pace="fast"),
            availability_fault(DAY, 7 * HOUR, 4, over_after=HOUR, pace="fast"),
        ),
    ),
    "AvailabilityBurnSlow": Case(
        below=failing(0, 4 * DAY, 0.4),
        quiet=requests(error=((4 * DAY, 0.02),)),
        minutes=4 * DAY,
        every=6 * HOUR,
        faults=(
            availability_fault(3 * DAY, 26 * HOUR, 2, over_after=7 * HOUR, pace="slowly"),
            availability_fault(0, 4 * DAY, 0.6, over_after=7 * HOUR, pace="slowly"),
        ),
    ),
    "FirstChunkBurnFast": Case(
        below=late(0, DAY, 5.8),
        quiet=first_chunks((DAY, {1: 0.25})),
        minutes=DAY,
        every=HOUR,
        faults=(
            first_chunk_fault(DAY, 2 * HOUR, 16, over_after=HOUR, pace="fast"),
            first_chunk_fault(DAY, 7 * HOUR, 8, over_after=HOUR, pace="fast"),
        ),
    ),
    "FirstChunkBurnSlow": Case(
        below=late(0, 4 * DAY, 0.8),
        quiet=first_chunks((4 * DAY, {1: 0.02})),
        minutes=4 * DAY,
        every=6 * HOUR,
        faults=(
            first_chunk_fault(3 * DAY, 26 * HOUR, 4, over_after=7 * HOUR, pace="slowly"),
            first_chunk_fault(0, 4 * DAY, 1.2, over_after=7 * HOUR, pace="slowly"),
        ),
    ),
}

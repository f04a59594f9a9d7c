"""The cases of ``alerts.objectives``: stories of hours and days."""

from collections.abc import Mapping
from typing import Final

from alerts.links import JOB
from tests.ops.alerts.case import OF_JOB, Case, Fault, first_chunks, requests
from tests.ops.alerts.series import Series

HOUR = 60
DAY = 24 * HOUR

THE_END = {
    "fast": "the budget of a month is gone in days",
    "slowly": "nothing of the budget will be left at the end of the month",
}


def failing(good_minutes: int, bad_minutes: int, percent: float, after: float = 100) -> list[Series]:
    """A hundred requests a minute that all go well, then not all; then so many that all do."""
    ends = 8 * HOUR
    return requests(
        completed=((good_minutes, 100), (bad_minutes, 100 - percent), (ends, after)),
        error=((good_minutes, 0), (bad_minutes, percent), (ends, 0)),
    )


def late(good_minutes: int, bad_minutes: int, percent: float, after: float = 100) -> list[Series]:
    """A hundred streams a minute that all begin in time, then not all; then so many that all do."""
    return first_chunks(
        (good_minutes, {0.25: 100}), (bad_minutes, {0.25: 100 - percent, 1: percent}), (8 * HOUR, {0.25: after})
    )


def availability_fault(series: list[Series], begins_at: int, over_at: int, *, shown: str, pace: str) -> Fault:
    return Fault(
        series=series,
        begins_at=begins_at,
        over_at=over_at,
        labels=OF_JOB,
        summary=f"{JOB} burns its budget of failed requests {pace}",
        description=f"{shown} failed requests, where the objective allows 0.5 % over 30 days. "
        f"At this pace {THE_END[pace]}.",
    )


def first_chunk_fault(series: list[Series], begins_at: int, over_at: int, *, shown: str, pace: str) -> Fault:
    return Fault(
        series=series,
        begins_at=begins_at,
        over_at=over_at,
        labels=OF_JOB,
        summary=f"{JOB} burns its budget of late first chunks {pace}",
        description=f"{shown} late first chunks, where the objective allows 1 % over 30 days. "
        f"At this pace {THE_END[pace]}.",
    )


# Of each: two pairs of windows, to the half hour; for how long it must hold, to the minute.
BURN_CASES: Final[Mapping[str, Case]] = {
    "AvailabilityBurnFast": Case(
        below=failing(0, DAY, 2.9),
        quiet=requests(error=((DAY, 0.275),)),
        enough=availability_fault(
            requests(error=((7 * HOUR, 0.28), (2 * HOUR, 0))), 390, 9 * HOUR, shown="100%", pace="fast"
        ),
        minutes=DAY,
        faults=(
            availability_fault(failing(DAY, 2 * HOUR, 8), DAY + 90, DAY + 3 * HOUR, shown="8%", pace="fast"),
            availability_fault(failing(DAY, 7 * HOUR, 4), DAY + 300, DAY + 8 * HOUR, shown="3.344%", pace="fast"),
            availability_fault(failing(0, 30, 20), 3, 2 * HOUR, shown="20%", pace="fast"),
        ),
    ),
    "AvailabilityBurnSlow": Case(
        below=failing(0, 4 * DAY, 0.4),
        quiet=requests(error=((4 * DAY, 0.023),)),
        enough=availability_fault(
            requests(error=((3 * DAY + 6 * HOUR, 0.0232), (8 * HOUR, 0))),
            3 * DAY + HOUR,
            3 * DAY + 14 * HOUR,
            shown="100%",
            pace="slowly",
        ),
        minutes=4 * DAY,
        faults=(
            availability_fault(
                failing(3 * DAY, 26 * HOUR, 2.2), 3 * DAY + 1050, 3 * DAY + 33 * HOUR, shown="1.606%", pace="slowly"
            ),
            availability_fault(failing(0, 4 * DAY, 0.6), 90, 4 * DAY + 7 * HOUR, shown="0.6%", pace="slowly"),
            availability_fault(failing(0, 70, 2, after=1000), 61, 110, shown="2%", pace="slowly"),
        ),
    ),
    "FirstChunkBurnFast": Case(
        below=late(0, DAY, 5.8),
        quiet=first_chunks((DAY, {1: 0.275})),
        enough=first_chunk_fault(
            first_chunks((7 * HOUR, {1: 0.28}), (2 * HOUR, {})), 390, 9 * HOUR, shown="100%", pace="fast"
        ),
        minutes=DAY,
        faults=(
            first_chunk_fault(late(DAY, 2 * HOUR, 16), DAY + 90, DAY + 3 * HOUR, shown="16%", pace="fast"),
            first_chunk_fault(late(DAY, 7 * HOUR, 8), DAY + 300, DAY + 8 * HOUR, shown="6.689%", pace="fast"),
            first_chunk_fault(late(0, 30, 20), 3, 2 * HOUR, shown="20%", pace="fast"),
        ),
    ),
    "FirstChunkBurnSlow": Case(
        below=late(0, 4 * DAY, 0.8),
        quiet=first_chunks((4 * DAY, {1: 0.023})),
        enough=first_chunk_fault(
            first_chunks((3 * DAY + 6 * HOUR, {1: 0.0232}), (8 * HOUR, {})),
            3 * DAY + HOUR,
            3 * DAY + 14 * HOUR,
            shown="100%",
            pace="slowly",
        ),
        minutes=4 * DAY,
        faults=(
            first_chunk_fault(
                late(3 * DAY, 26 * HOUR, 4.4), 3 * DAY + 1050, 3 * DAY + 33 * HOUR, shown="3.211%", pace="slowly"
            ),
            first_chunk_fault(late(0, 4 * DAY, 1.2), 90, 4 * DAY + 7 * HOUR, shown="1.2%", pace="slowly"),
            first_chunk_fault(late(0, 70, 4, after=1000), 61, 110, shown="4%", pace="slowly"),
        ),
    ),
}

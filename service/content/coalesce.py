"""Coalescing: chunks joined so that a stream ends before its session does."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from service.content.chunk import within
from service.content.plan import Plan

USABLE_SHARE = 0.95
"""Of the time that is left: a stream may be late now and then, and is shifted instead of hurried."""
RESERVED_SECONDS = 1.0
"""Of the rest: for what comes before the first chunk and after the last."""


def fits(plan: Plan, seconds_left: float) -> bool:
    """Whether ``plan`` can be streamed as it is in the time that is left."""
    return len(plan.chunks) <= _fitting(plan, seconds_left)


def coalesced(plan: Plan, seconds_left: float) -> Plan:
    """``plan`` as it is if it can be streamed in the time that is left, else with neighbouring chunks joined.

    As many chunks remain as the time allows, and each is made of about as many. The chunk limit holds whatever the
    time: what cannot be streamed even in the fewest chunks that it allows stays too long. Depends on nothing but the
    arguments. Linear in time.
    """
    if fits(plan, seconds_left):
        return plan
    fitting = _fitting(plan, seconds_left)
    places = _places(plan, fitting)
    cuts = [0, *(bisect_left(plan.ends, place) + 1 for place in places)]
    return replace(
        plan,
        chunks=["".join(plan.chunks[start:end]) for start, end in pairwise(cuts)],
        closes=None if plan.closes is None else [plan.closes[end - 1] for end in cuts[1:]],
    )


def _fitting(plan: Plan, seconds_left: float) -> int:
    """How many chunks the time allows; one always."""
    return 1 + max(0, int((seconds_left * USABLE_SHARE - RESERVED_SECONDS) / plan.gap_seconds))


def _places(plan: Plan, fitting: int) -> Sequence[int]:
    """Where the joined chunks end."""
    ends = plan.ends
    wanted = fitting
    while True:
        even = [ends[number * len(ends) // wanted - 1] for number in range(1, wanted + 1)]
        places = within(plan.max_chunk_characters, even, [lambda: ends])
        if len(places) <= fitting or wanted == 1:
            return places
        # Some were too long together and had to be parted again: join more of the others.
        wanted = max(1, wanted - max(len(places) - fitting, wanted // 8))

"""Coalescing: chunks merged so that a stream ends before its session does."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec.structs import replace

from service.content.chunking.chunk import refine_boundaries
from service.content.chunks import Chunks, CloseTexts
from service.content.plan import Plan


def coalesce(plan: Plan, seconds_left: float) -> Plan:
    """Return ``plan`` unchanged if it can be streamed in the remaining time, else with neighbouring chunks merged.

    The result has as many chunks as the time allows, each merged from about the same number. The chunk limit takes
    precedence over the time, so the result may still be too long. Linear in time.
    """
    if plan.fits(seconds_left):
        return plan
    fitting = plan.chunks_in(seconds_left)
    ends = _ends(plan, fitting)
    closes = plan.closes
    if closes is not None:
        last_chunks = (bisect_left(plan.chunks.bounds, end) - 1 for end in ends)
        closes = CloseTexts(closes.tags, closes.parents, map(closes.indices.__getitem__, last_chunks))
    return replace(plan, chunks=Chunks(plan.chunks.text, ends), closes=closes)


def _ends(plan: Plan, fitting: int) -> Sequence[int]:
    """Return the ends of the merged chunks."""
    ends = plan.chunks.bounds[1:]
    wanted = fitting
    while True:
        even = [ends[number * len(ends) // wanted - 1] for number in range(1, wanted + 1)]
        boundaries = refine_boundaries(
            plan.max_chunk_characters,
            even,
            [lambda start, end: ends[bisect_right(ends, start) : bisect_left(ends, end)]],
        )
        if len(boundaries) <= fitting or wanted == 1:
            return boundaries
        # Some merged chunks exceeded the limit and were split again: merge more of the others.
        wanted = max(1, wanted - max(len(boundaries) - fitting, wanted // 8))

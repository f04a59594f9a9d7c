"""The pace of a stream as a client sees it. All times in seconds."""

import math
from collections.abc import Sequence
from itertools import pairwise

GAP_SECONDS = {"slow": 0.3, "normal": 0.1, "fast": 0.05, "superfast": 0.03}
"""The protocol's gap between two chunks, by the speed used."""

_USUAL = 0.25


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` of them, 0 to 1, do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def gaps(arrivals: Sequence[float]) -> list[float]:
    """From each arrival to the next."""
    return [after - before for before, after in pairwise(arrivals)]


def deviations(arrivals: Sequence[float], gap_seconds: float) -> list[float]:
    """How much later (+) or earlier (-) than its place on the pace each chunk came.

    The pace's origin is not known, and the network delays each chunk a little differently. A stream that was held up
    may go on later from then on, but never earlier: so a chunk's place is counted from where the pace stood, by the
    lower quartile, before it or over all, whichever is earlier. One late chunk then makes no other look early, and
    neither one early chunk nor a pace that is too fast can hide.
    """
    origins = [arrival - index * gap_seconds for index, arrival in enumerate(arrivals)]
    overall = percentile(origins, _USUAL)
    return [origin - min(overall, percentile(origins[: max(index, 1)], _USUAL)) for index, origin in enumerate(origins)]

"""Measures of the pace of a stream as a client receives it. All times in seconds."""

import math
from collections.abc import Sequence
from itertools import pairwise

GAP_SECONDS = {"slow": 0.3, "normal": 0.1, "fast": 0.05, "superfast": 0.03}
"""The protocol's gap between two chunks, by the speed used."""

_LOWER_QUARTILE = 0.25


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` of them, 0 to 1, do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def gaps(arrivals: Sequence[float]) -> list[float]:
    """From each arrival to the next."""
    return [after - before for before, after in pairwise(arrivals)]


def deviations(arrivals: Sequence[float], gap_seconds: float) -> list[float]:
    """How much later (+) or earlier (-) than its place on the pace each chunk arrived.

    The origin of the pace is unknown, and the network delays each chunk differently. A delayed stream may continue
    later from then on, but never earlier. So the origin for a chunk is the lower quartile of the origins before it or
    of all origins, whichever is earlier: one late chunk makes no other appear early, and neither one early chunk nor a
    pace that is too fast remains undetected.
    """
    origins = [arrival - index * gap_seconds for index, arrival in enumerate(arrivals)]
    overall = percentile(origins, _LOWER_QUARTILE)
    return [
        origin - min(overall, percentile(origins[: max(index, 1)], _LOWER_QUARTILE))
        for index, origin in enumerate(origins)
    ]

"""The attempts of clients to connect, as moments in seconds."""

from bisect import bisect_right
from collections.abc import Iterable


def most_within_100_ms(attempts: Iterable[float]) -> int:
    """The largest number of attempts in any 100 ms."""
    moments = sorted(attempts)
    return max((bisect_right(moments, moment + 0.1) - index for index, moment in enumerate(moments)), default=0)

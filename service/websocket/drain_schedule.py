"""When the connections of a process close in a drain, and when their clients connect again. Pure.

Clients that were closed together would connect again together, to a process that has just started.
"""

import math
from typing import Self

from msgspec import Struct

CLOSE_INTERVAL_SECONDS = 0.005
"""The longest interval between two closes of all workers: a few idle connections do not delay the end."""

RETURN_INTERVAL_SECONDS = 1 / 300
"""The shortest interval between two returns to all workers, under the rate of an ordinary burst of handshakes."""

INTERRUPTED_RETURN_SECONDS = 0.25
"""After an interrupted stream, whose reader waits, a client connects again this soon: another process may continue."""

LONGEST_WAIT_SECONDS = 15.0
"""A drain may end long before its limit: a client must not wait for the limit, but try."""


class DrainSchedule(Struct, frozen=True):
    """The schedule of the connections by their index; all times are seconds since the drain began."""

    close_interval: float
    first_return: float
    return_interval: float

    @classmethod
    def of(cls, idle: int, drain_seconds: float, restart_seconds: float, *, streaming: bool, workers: int = 1) -> Self:
        """``idle`` connections close within ``drain_seconds``; ``streaming`` is whether others have a stream.

        ``workers`` is how many processes drain at the same time, each with about as many connections.

        The clients return when the process has ended and ``restart_seconds`` have passed, in the order of their closes.
        With ``restart_seconds`` 0 another process serves them, and each returns at once.
        """
        close_interval = min(workers * CLOSE_INTERVAL_SECONDS, drain_seconds / max(1, idle))
        ends = drain_seconds if streaming else idle * close_interval
        first_return = min(ends + restart_seconds, LONGEST_WAIT_SECONDS) if restart_seconds else 0.0
        return cls(close_interval, first_return, max(close_interval, workers * RETURN_INTERVAL_SECONDS))

    def closes(self, index: int) -> float:
        return index * self.close_interval

    def returns(self, index: int) -> float:
        """Not before ``closes(index)``."""
        return self.first_return + index * self.return_interval


def interrupted_return(index: int, workers: int = 1) -> float:
    """Seconds from the end of the drain until the client of an interrupted stream returns."""
    return INTERRUPTED_RETURN_SECONDS + index * workers * RETURN_INTERVAL_SECONDS


def handshake_retry_seconds(drain_seconds: float, restart_seconds: float) -> int:
    """How long a client waits whose handshake is refused during the drain.

    It is the same for all, so that clients that come one after the other also return so.
    """
    return math.ceil(min(drain_seconds + restart_seconds, LONGEST_WAIT_SECONDS))

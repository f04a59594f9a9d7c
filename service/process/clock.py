"""The clock of the process."""

import time

from service.protocol.instant import Instant


def now() -> Instant:
    """Return the current time. ``loop.time()`` of uvloop stands still within a pass of the loop and counts whole ms."""
    return Instant(time.monotonic(), time.time())

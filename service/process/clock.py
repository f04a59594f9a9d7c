"""The clock of the process."""

import time

from service.protocol.instant import Instant


def now() -> Instant:
    """The present instant. ``loop.time()`` of uvloop stands still within a pass of the loop and counts whole ms."""
    return Instant(time.monotonic(), time.time())

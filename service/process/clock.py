"""The clock of the process."""

import time

from service.protocol.instant import Instant


def now() -> Instant:
    """This moment. Not ``loop.time()``: uvloop's stands still within a pass of the loop and counts whole ms."""
    return Instant(time.monotonic(), time.time())

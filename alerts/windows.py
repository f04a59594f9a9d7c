"""Durations: the windows over which an error budget is watched, and how to shorten any of them.

The windows are those of the multiwindow alerts of Google's SRE workbook.
"""

from datetime import timedelta
from typing import Final

import promql_parser
from msgspec import Struct


class Burn(Struct, frozen=True):
    """The budget burns ``rate`` times as fast as it may, over the long window and still over the short one."""

    rate: float
    long: str
    short: str


FAST: Final = (Burn(14.4, "1h", "5m"), Burn(6, "6h", "30m"))
"""2 % of the budget of 30 days gone in an hour, or 5 % in six: somebody must look now."""
SLOW: Final = (Burn(3, "1d", "2h"), Burn(1, "3d", "6h"))
"""10 % gone in a day, or in three: somebody must look this week."""

BURN_WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""Each window once, the shortest first."""


def scaled(duration: str, scale: float) -> str:
    """A duration of Prometheus, shortened: half of ``5m`` is ``2m30s``."""
    if duration == "0s" or scale == 1:
        return duration
    span = promql_parser.parse_duration(duration) * scale
    return promql_parser.display_duration(timedelta(milliseconds=round(span / timedelta(milliseconds=1))))

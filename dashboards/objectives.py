"""The service level objectives, and the burn rates at which alerts fire. A test compares them with the rules."""

from typing import Final

from msgspec import Struct


class Objective(Struct, frozen=True):
    """Over 30 days, at least ``share`` of the events are good."""

    name: str
    """The beginning of the names of its alerts."""
    share: float
    description: str

    @property
    def budget(self) -> float:
        """The share of events that may be bad."""
        return round(1 - self.share, 6)  # 0.005, not 0.0050000000000000044


AVAILABILITY: Final = Objective(
    "Availability", 0.995, "99.5 % of the eligible requests can be made and do not fail with a server error"
)
FIRST_CHUNK: Final = Objective("FirstChunk", 0.99, "99 % of the first chunks are sent within 500 ms")
FIRST_CHUNK_SECONDS: Final = 0.5
"""Until when a first chunk is in time: a bucket boundary of its histogram."""
OBJECTIVES: Final = (AVAILABILITY, FIRST_CHUNK)


class Burn(Struct, frozen=True):
    """The budget is spent ``rate`` times too fast, over the long window and over the short one."""

    rate: float
    long: str
    short: str


FAST: Final = (Burn(14.4, "1h", "5m"), Burn(6, "6h", "30m"))
"""2 % of the budget of 30 days spent in an hour, or 5 % in six hours."""
SLOW: Final = (Burn(3, "1d", "2h"), Burn(1, "3d", "6h"))
"""10 % of the budget of 30 days spent in a day, or in three days."""

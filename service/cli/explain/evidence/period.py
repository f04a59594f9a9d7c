"""The time that is explained."""

from msgspec import Struct

_RECENT_SHARE = 6
"""The default period of 30 minutes has the window of the alerts as its recent part: 5 minutes."""


class Period(Struct, frozen=True):
    """From ``start`` to ``end``, in seconds of the epoch. A cause is present if it acts after ``recent``."""

    start: float
    recent: float
    end: float

    @classmethod
    def before(cls, end: float, seconds: float) -> "Period":
        """The ``seconds`` before ``end``."""
        return cls(end - seconds, end - seconds / _RECENT_SHARE, end)

    @classmethod
    def around(cls, start: float, end: float, seconds: float) -> "Period":
        """A stream or session from ``start`` to ``end``, with the ``seconds`` before it."""
        margin = seconds / _RECENT_SHARE / 2
        return cls(start - seconds, start - margin, end + margin)

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def quiet_seconds(self) -> float:
        """A pause of this length separates two occurrences."""
        return self.end - self.recent

    def contains(self, at: float) -> bool:
        return self.start <= at <= self.end

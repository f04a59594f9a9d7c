"""Instants: the core's only idea of time, always handed in."""

from datetime import UTC, datetime


def iso(wall: float) -> str:
    """Epoch seconds as ISO 8601 in UTC with milliseconds and ``Z``."""
    seconds, milliseconds = divmod(int(wall * 1000), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


class Instant:
    """A point in time: ``seconds`` on a monotonic clock for deadlines, ``wall`` epoch seconds for people."""

    __slots__ = ("_timestamp", "seconds", "wall")

    def __init__(self, seconds: float, wall: float) -> None:
        self.seconds = seconds
        self.wall = wall
        self._timestamp: str | None = None

    @property
    def timestamp(self) -> str:
        """The wall time as it stands in messages; made once, so that a whole sweep of the ticker shares it."""
        if self._timestamp is None:
            self._timestamp = iso(self.wall)
        return self._timestamp

    def __repr__(self) -> str:
        return f"Instant(seconds={self.seconds!r}, wall={self.wall!r})"

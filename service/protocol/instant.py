"""Points in time, which the core receives as arguments."""

from datetime import UTC, datetime
from functools import lru_cache

JSON_TIMESTAMP_BYTES = len('"2026-11-23T21:27:23.612Z"')


def iso(wall: float) -> str:
    """Epoch seconds as ISO 8601 in UTC with milliseconds and ``Z``."""
    seconds, milliseconds = divmod(int(wall * 1000), 1000)
    return f"{_iso_seconds(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4)
def _iso_seconds(seconds: int) -> str:
    """All messages of a second share it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


class Instant:
    """A point in time: ``seconds`` on a monotonic clock for deadlines, ``wall`` in epoch seconds for timestamps."""

    __slots__ = ("_json_timestamp", "_timestamp", "seconds", "wall")

    def __init__(self, seconds: float, wall: float) -> None:
        self.seconds = seconds
        self.wall = wall
        self._timestamp: str | None = None
        self._json_timestamp: bytes | None = None

    @property
    def timestamp(self) -> str:
        """The wall time in the format of messages; formatted once for all messages of a sweep of the ticker."""
        if self._timestamp is None:
            self._timestamp = iso(self.wall)
        return self._timestamp

    @property
    def json_timestamp(self) -> bytes:
        """``timestamp`` as JSON: ``JSON_TIMESTAMP_BYTES`` with its quotes."""
        if self._json_timestamp is None:
            self._json_timestamp = f'"{self.timestamp}"'.encode()
        return self._json_timestamp

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instant) and (self.seconds, self.wall) == (other.seconds, other.wall)

    def __hash__(self) -> int:
        return hash((self.seconds, self.wall))

    def __repr__(self) -> str:
        return f"Instant(seconds={self.seconds!r}, wall={self.wall!r})"

"""When chunks are due."""

LATE_GAPS = 3
"""A stream later than this many gaps is shifted instead of bursting to catch up."""


class Pace:
    """Chunk k is due at ``origin + k · gap``, so that a stream does not drift. All times in monotonic seconds."""

    __slots__ = ("_gap_seconds", "_origin")

    def __init__(self, gap_seconds: float, origin: float) -> None:
        self._gap_seconds = gap_seconds
        self._origin = origin

    def due(self, index: int) -> float:
        return self._origin + index * self._gap_seconds

    def shift(self, seconds: float) -> None:
        """Put off all that is to come: a pause, send."""
        self._origin += seconds

    def forgive(self, index: int, now: float) -> None:
        """If chunk ``index`` is later than ``LATE_GAPS``, let it be due now and the rest after it."""
        late = now - self.due(index)
        if late > LATE_GAPS * self._gap_seconds:
            self._origin += late

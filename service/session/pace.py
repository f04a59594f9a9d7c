"""When the chunks of a stream are due."""

LATE_GAPS = 3
"""A stream that is late by more than this number of gaps is rebased instead of sending a burst."""


class Pace:
    """Chunk k is due at ``origin + k · gap``, so that a stream does not drift. All times are monotonic seconds."""

    __slots__ = ("gap_seconds", "late_seconds", "origin")

    def __init__(self, gap_seconds: float, origin: float) -> None:
        self.gap_seconds = gap_seconds
        self.late_seconds = LATE_GAPS * gap_seconds
        self.origin = origin

    def due(self, index: int) -> float:
        return self.origin + index * self.gap_seconds

    def shift(self, seconds: float) -> None:
        """Delay all chunks that are not sent."""
        self.origin += seconds

    def rebase(self, index: int, now: float) -> None:
        """Let the next chunk, at ``index``, be due now if it is too late."""
        late_seconds = now - self.due(index)
        if late_seconds > self.late_seconds:
            self.shift(late_seconds)

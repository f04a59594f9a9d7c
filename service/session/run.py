"""The middle of a stream, which needs no decision of the machine."""

from msgspec import Struct

from service.content.chunk_frames import ChunkFrames
from service.session.pace import Pace


class Run(Struct, frozen=True):
    """Chunks that a driver may send without ``tick``, each when it is due, and rebases if it is too late.

    Before every other input, even that the connection is blocked, ``advance`` takes the number of chunks that were
    sent.
    """

    frames: ChunkFrames
    start: int
    end: int
    """After the last chunk of the run. More chunks follow."""
    pace: Pace
    """That of the stream."""
    until: float
    """The next deadline of the connection, in monotonic seconds."""

    def ends_in_time(self, index: int, now: float) -> bool:
        """Whether the rest, from the chunk at ``index`` on, can be sent before the deadline if that is due now."""
        pace = self.pace
        return now + (self.end - index) * pace.gap_seconds + pace.late_seconds <= self.until

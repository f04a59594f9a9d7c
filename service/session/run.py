"""The middle of a stream, which needs no decision of the machine."""

from msgspec import Struct

from service.content.chunk_frames import ChunkFrames


class Run(Struct, frozen=True):
    """Chunks that a driver may send without ``tick``, each when it is due.

    Chunk k is due at ``origin + k · gap_seconds``, in monotonic seconds. If it is late by more than ``late_seconds``,
    the machine decides by ``tick`` what follows. Before that and every other input, even that the connection is
    blocked, ``advance`` takes the number of chunks that were sent.
    """

    frames: ChunkFrames
    start: int
    end: int
    """After the last chunk of the run. More chunks follow."""
    origin: float
    gap_seconds: float
    late_seconds: float

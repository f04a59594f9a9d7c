"""Loads on a server, and the figures that the load client returns."""

from msgspec import Struct

from service.protocol.messages import GAP_SECONDS as GAPS
from service.protocol.messages import Speed

GAP_SECONDS = GAPS[Speed.SUPERFAST]
"""Between two chunks at ``superfast``."""
CHUNK_CHARACTERS = 60


class StreamLoad(Struct, frozen=True):
    """Concurrent streams that begin one after the other; measured over a window, or from first request to last end.

    Whole streams are preceded by a few shorter ones, so that the server is warm.
    """

    streams: int
    spread_seconds: float
    """The time over which the streams begin, so that their phases differ."""
    settle_seconds: float
    """Before the window; for whole streams after the last end, for the work that the server does then."""
    window_seconds: float = 0
    """0 for whole streams."""
    whole_chunks: int = 0
    """The chunks of a whole stream."""
    repeats: int = 1
    """Whole streams on each connection, one after the other."""
    chunk_characters: int = CHUNK_CHARACTERS
    speed: Speed = Speed.SUPERFAST

    @property
    def gap_seconds(self) -> float:
        return GAPS[self.speed]

    @property
    def chunks(self) -> int:
        """Of one stream; for a window, enough that no stream ends in it even if the beginning is slow."""
        seconds = 2 * self.spread_seconds + self.settle_seconds + self.window_seconds + 5
        return self.whole_chunks or round(seconds / self.gap_seconds)


class StreamFigures(Struct, frozen=True):
    """Of the window, or of whole streams. Times are as the client measured them."""

    chunk_cpu_us: float
    """CPU of the server for a chunk that arrived."""
    stream_cpu_us: float
    """CPU of the server for a stream."""
    delivered_percent: float
    """The chunks that arrived, of those due in the time."""
    server_core_percent: float
    client_core_percent: float
    deviation_p50_ms: float
    """Of |gap between two chunks of a stream - the gap of the protocol|."""
    deviation_p99_ms: float
    message_bytes: float
    """The mean of the last messages."""
    start_p50_ms: float
    """From a request to its ``stream_start``; 0 if the server sends none."""
    start_p99_ms: float
    whole_p50_seconds: float
    """From a request to its ``stream_complete``; 0 if no stream ended."""

"""What the clients of a load have experienced."""

from collections import Counter
from dataclasses import dataclass, field

from service.protocol.messages import GAP_SECONDS, Speed
from streaming_content import Stream


@dataclass
class Tally:
    """Counts of all clients of a load. Moments are those of ``time.monotonic``."""

    connected: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Handshakes that failed, by HTTP status or the code of the error; ``none`` without an answer."""
    closed: Counter[int] = field(default_factory=Counter)
    """Connections that did not end by the client, by close code; 1006 without a close frame."""
    requested: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    """Streams by their last message: ``stream_complete``, or the code of the error."""
    broken: int = 0
    """Streams whose connection ended before them."""
    lasting: int = 0
    """Streams that the service stored, so that they could be recovered."""
    first_chunks: list[tuple[float, float]] = field(default_factory=list)
    """Of each stream: when its first chunk arrived, and how many seconds after the request."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """Of each later chunk: when it arrived, and how many seconds later than the one before it and its pace allow."""

    def add(self, stream: Stream) -> None:
        """Count a stream that has ended, or whose connection has."""
        match stream.end.get("type"):
            case None:
                self.broken += 1
            case "error":
                self.ended[stream.end["code"]] += 1
            case kind:
                self.ended[kind] += 1
        self.lasting += stream.resumable
        if stream.chunks:
            first, *later = stream.arrivals
            self.first_chunks.append((first, first - stream.requested_at))
            gap = GAP_SECONDS[Speed(stream.speed)]
            self.gaps += [(at, at - before - gap) for before, at in zip(stream.arrivals, later, strict=False)]

    def p95_first_chunk(self, since: float) -> float:
        """Seconds, of the streams that began to arrive since then; 0 without any."""
        values = sorted(seconds for at, seconds in self.first_chunks if at >= since)
        return values[int(0.95 * len(values))] if values else 0

    def visible_gaps(self, since: float, seconds: float) -> int:
        """The chunks that arrived later by more than ``seconds``."""
        return sum(at >= since and late > seconds for at, late in self.gaps)

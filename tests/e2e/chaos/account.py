"""What a storm has done to clients."""

from dataclasses import dataclass, field

from streaming_content_client import Message
from tests.clients.recovering import CountedStream


@dataclass
class Account:
    """Counts over all clients."""

    kills: int = 0
    streams: int = 0
    breaks: int = 0
    """Connections that ended in the middle of a stream."""
    exact: int = 0
    """Streams whose content has the digest of the same request, undisturbed."""
    lost: int = 0
    double: int = 0
    """Chunks, by their index."""
    sessions: int = 0
    charged: int = 0
    """Sessions that were charged for each of their streams once, and for nothing else."""
    gaps: list[float] = field(default_factory=list)
    """Seconds from the notice of a break to the next chunk."""
    oddities: list[Message] = field(default_factory=list)
    """How streams ended that are not exact."""

    @property
    def spotless(self) -> bool:
        """Whether no chunk was lost or repeated and no request was charged twice."""
        return (
            (self.exact, self.lost, self.double, self.charged) == (self.streams, 0, 0, self.sessions)
            and self.streams > 0
            and self.breaks > 0
        )

    def add(self, stream: CountedStream, digest: str) -> None:
        """``digest`` is what it should be."""
        self.streams += 1
        self.breaks += stream.breaks
        self.lost += stream.lost
        self.double += stream.double
        self.gaps += stream.gaps
        if stream.end["type"] == "stream_complete" and stream.digest == digest:
            self.exact += 1
        else:
            self.oddities.append(stream.end | {"broken": stream.breaks, "chunks": len(stream.chunks)})

    def add_session(self, *, asked: int, used: int) -> None:
        self.sessions += 1
        self.charged += asked == used

    def figures(self) -> dict[str, object]:
        """What to report, by name."""
        gaps = sorted(self.gaps) or [0.0]
        return {
            "kills": self.kills,
            "streams": self.streams,
            "broken off": self.breaks,
            "exact": self.exact,
            "lost": self.lost,
            "double": self.double,
            "charged once": f"{self.charged} of {self.sessions}",
            "gap p50": _milliseconds(gaps[len(gaps) // 2]),
            "gap p95": _milliseconds(gaps[len(gaps) * 95 // 100]),
            "gap max": _milliseconds(gaps[-1]),
        }

    def table(self) -> str:
        """The figures, one per line."""
        figures = self.figures()
        width = max(map(len, figures))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in figures.items())


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

"""The results of a storm for its clients."""

from dataclasses import dataclass, field

from streaming_content import Message
from tests.clients.recovering import CountedStream


@dataclass
class Account:
    """Counts of all clients."""

    kills: int = 0
    streams: int = 0
    breaks: int = 0
    """Connections that ended in the middle of a stream."""
    exact: int = 0
    """Streams whose content has the digest of the same request without kills."""
    lost: int = 0
    double: int = 0
    """Chunks that were received twice, by index."""
    sessions: int = 0
    charged: int = 0
    """Sessions that were charged exactly once for each of their streams."""
    gaps: list[float] = field(default_factory=list)
    """Seconds from a broken connection to the next chunk."""
    deviations: list[Message] = field(default_factory=list)
    """The last messages of streams that are not exact."""

    @property
    def spotless(self) -> bool:
        """Whether no chunk was lost or repeated and no request was charged twice."""
        return (
            (self.exact, self.lost, self.double, self.charged) == (self.streams, 0, 0, self.sessions)
            and self.streams > 0
            and self.breaks > 0
        )

    def add(self, stream: CountedStream, digest: str) -> None:
        """Count a stream whose content should have this digest."""
        self.streams += 1
        self.breaks += stream.breaks
        self.lost += stream.lost
        self.double += stream.double
        self.gaps += stream.gaps
        if stream.end["type"] == "stream_complete" and stream.digest == digest:
            self.exact += 1
        else:
            self.deviations.append(stream.end | {"broken": stream.breaks, "chunks": len(stream.chunks)})

    def add_session(self, *, requested: int, used: int) -> None:
        self.sessions += 1
        self.charged += requested == used

    def figures(self) -> dict[str, object]:
        """The counts and the gaps, by name."""
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

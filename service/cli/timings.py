"""The measurements of one stream, as the client received it."""

from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Self

from service.cli.pace import GAP_SECONDS, gaps, percentile
from streaming_content import Stream

_OUTCOMES = {"stream_complete": "complete", "stream_cancelled": "cancelled", "error": "error"}


@dataclass(frozen=True)
class Timings:
    """``None`` if the value did not arrive."""

    outcome: str
    """``complete``, ``cancelled``, ``error``, or ``broken off`` without a terminal message."""
    chunks: int
    total_chunks: int | None
    """As planned."""
    bytes: int
    """UTF-8 bytes of all data that arrived."""
    time_to_first_chunk_ms: float | None
    """From the request."""
    duration_ms: float | None
    """From the request to the terminal message, or to the last chunk without one."""
    pace_ms: float | None
    """The protocol's gap for the speed used."""
    gap_mean_ms: float | None
    gap_p50_ms: float | None
    gap_p99_ms: float | None
    processing_ms: float | None
    """As the server reported it."""
    speed: str | None
    complexity: str | None
    session_id: str
    stream_id: str | None
    trace_id: str | None

    @classmethod
    def of(cls, stream: Stream, session_id: str) -> Self:
        arrivals, requested_at = stream.arrivals, stream.requested_at
        between = gaps(arrivals)
        last = stream.ended_at or (arrivals[-1] if arrivals else None)
        pace = GAP_SECONDS.get(stream.speed)
        return cls(
            outcome=_OUTCOMES.get(stream.end.get("type", ""), "broken off"),
            chunks=len(arrivals),
            total_chunks=stream.start.get("total_chunks"),
            bytes=len(stream.data.encode(errors="replace")),
            time_to_first_chunk_ms=_ms(arrivals[0] - requested_at) if arrivals else None,
            duration_ms=_ms(last - requested_at) if last else None,
            pace_ms=_ms(pace) if pace else None,
            gap_mean_ms=_ms(fmean(between)) if between else None,
            gap_p50_ms=_ms(percentile(between, 0.5)) if between else None,
            gap_p99_ms=_ms(percentile(between, 0.99)) if between else None,
            processing_ms=stream.metadata.get("processing_time_ms"),
            speed=stream.speed or None,
            complexity=stream.metadata.get("complexity"),
            session_id=session_id,
            stream_id=stream.start.get("stream_id"),
            trace_id=stream.start.get("trace_id"),
        )

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def figures(self) -> list[tuple[str, str]]:
        """Names and values for people, without unknown values."""
        total = f" of {self.total_chunks}" if self.outcome != "complete" and self.total_chunks is not None else ""
        pace = f", pace {self.pace_ms:g} ms" if self.pace_ms is not None else ""
        figures = {
            "outcome": self.outcome,
            "first chunk": _shown(self.time_to_first_chunk_ms),
            "duration": _shown(self.duration_ms),
            "chunks": f"{self.chunks}{total}",
            "bytes": str(self.bytes),
            "gap": self.gap_mean_ms is not None
            and f"mean {self.gap_mean_ms} ms, p50 {self.gap_p50_ms} ms, p99 {self.gap_p99_ms} ms{pace}",
            "processing": _shown(self.processing_ms),
            "speed": self.speed,
            "complexity": self.complexity,
            "session": self.session_id,
            "stream": self.stream_id,
            "trace": self.trace_id,
        }
        return [(name, figure) for name, figure in figures.items() if figure]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _shown(milliseconds: float | None) -> str | None:
    return None if milliseconds is None else f"{milliseconds:.1f} ms"

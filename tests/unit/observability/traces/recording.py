"""A trace sink with a clock that the test moves, and the spans that it emits."""

from msgspec.structs import replace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from observability.registry.spans import HTTP, SPANS
from observability.traces.finished_spans import Attributes, FinishedSpans
from observability.traces.trace_sink import TraceSink
from service.content.html.removal import Removal
from service.content.stage import Stage, StageTime
from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ConnectionAttempted,
    ConnectionOpened,
    DataSystem,
    Dependency,
    DependencyCalled,
    FirstChunkSent,
    Operation,
    Outcome,
    RequestAdmitted,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
    StreamTimes,
)
from service.protocol.errors import ErrorCode
from service.protocol.instant import Instant
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, Speed
from service.protocol.trace import Trace, TraceContext

CANARY = "canary-4711"
NOW = 1_800_000_000_000_000_000
MS = 1_000_000
OF_SOCKETS = [span for span in SPANS if span is not HTTP]
SAMPLED = Trace("ab" * 16, "cd" * 8, sampled=True)
UNSAMPLED = Trace("ab" * 16, "cd" * 8, sampled=False)
FIRST = TraceContext(SAMPLED.trace_id, SAMPLED.span_id, sampled=True)
SECOND = Trace("ab" * 16, "12" * 8, sampled=True, parent=FIRST)
"""``SAMPLED`` after its recovery on another connection."""
MARKUP = ContentType.MARKDOWN
SYSTEMS: dict[DataSystem, Attributes] = {
    DataSystem.REDIS: {"db.namespace": "0", "server.address": "redis.internal", "server.port": 6379}
}


class Recording:
    """A trace sink, its clocks, and its spans. ``handshakes`` is the sampling decision for handshakes."""

    def __init__(self, *, handshakes: bool = False) -> None:
        self.wall_ns = NOW
        self._steady = 5.0
        self._times: dict[str, StreamTimes] = {}
        """By span."""
        self.queried: list[str] = []
        self._exporter = InMemorySpanExporter()
        self._handshakes = handshakes
        finished = FinishedSpans(SimpleSpanProcessor(self._exporter), Resource({"service.name": "test"}))
        self._sink = TraceSink(finished, self._samples, SYSTEMS, lambda: self.wall_ns, lambda: self._steady)
        self.record = self._sink.record

    def _samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        assert parent is None
        self.queried.append(trace_id)
        return self._handshakes

    def wait(self, milliseconds: int) -> None:
        self.wall_ns += milliseconds * MS
        self._steady += milliseconds / 1000

    def ago(self, milliseconds: float) -> float:
        """A monotonic time."""
        return self._steady - milliseconds / 1000

    def _received(self, trace: Trace, milliseconds: int) -> StreamTimes:
        received = Instant(self.ago(milliseconds), self.wall_ns / 1e9 - milliseconds / 1000)
        self._times[trace.span_id] = StreamTimes(received=received)
        return self._times[trace.span_id]

    def happened(self, trace: Trace, **times: float) -> StreamTimes:
        self._times[trace.span_id] = replace(self._times[trace.span_id], **times)
        return self._times[trace.span_id]

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    @property
    def named(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.spans}

    def connect(self, connection_id: str = "c1") -> None:
        self.record(ConnectionAttempted(AttemptOutcome.ACCEPTED, "s1", 0.003))
        self.record(ConnectionOpened(connection_id, "s1", 0, subject="u1"))

    def admit(self, trace: Trace) -> None:
        """It arrived 3 ms ago, and the store was called 1 ms ago."""
        self._received(trace, 3)
        times = self.happened(trace, called=self.ago(1), admitted=self.ago(0))
        self.record(
            RequestAdmitted(
                "c1",
                "s1",
                "st1",
                trace,
                MARKUP,
                Speed.NORMAL,
                ChunkBy.WORD,
                HtmlMode.FRAGMENT,
                has_request_id=True,
                content_bytes=11,
                number=7,
                times=times,
            )
        )

    def start(self, trace: Trace) -> None:
        """It left the queue 40 ms ago, and the plan was ready 15 ms ago."""
        stages = (
            StageTime(Stage.WAIT, self.ago(40), 0.005),
            StageTime(Stage.CONVERT, self.ago(35), 0.010),
            StageTime(Stage.SANITISE, self.ago(25), 0.005),
            StageTime(Stage.ANALYSE, self.ago(20), 0.004),
            StageTime(Stage.CHUNK, self.ago(16), 0.001),
        )
        times = self.happened(trace, dequeued=self.ago(40), prepared=self.ago(15), started=self.ago(0))
        self.record(
            StreamStarted(
                connection_id="c1",
                session_id="s1",
                stream_id="st1",
                trace=trace,
                content_type=MARKUP,
                complexity=Complexity.MEDIUM,
                speed=Speed.FAST,
                adaptive=True,
                word_count=2,
                removed={Removal.SUBTREE: 1, Removal.STYLE: 2},
                chunks=40,
                times=times,
                processing_seconds=0.020,
                stages=stages,
                paused=False,
            )
        )

    def end(
        self,
        trace: Trace,
        outcome: Outcome,
        error: ErrorCode | None = None,
        *,
        work: tuple[float | None, tuple[StageTime, ...]] = (None, ()),
    ) -> None:
        """``work`` is the time and the stages of a failed preparation."""
        seconds, stages = work
        self.record(
            StreamEnded(
                connection_id="c2" if trace is SECOND else "c1",
                session_id="s1",
                stream_id="st1",
                trace=trace,
                content_type=MARKUP,
                outcome=outcome,
                paused=False,
                chunks=30,
                bytes=900,
                paused_seconds=0.25,
                times=self.happened(trace, ended=self.ago(0)),
                error=error,
                processing_seconds=seconds,
                stages=stages,
                subject="u1",
            )
        )

    def recover(self, trace: Trace, *, repeated: bool = False) -> None:
        """On another connection, 20 ms after its request."""
        self._received(trace, 20)
        self.record(
            StreamRecovered(
                connection_id="c2",
                session_id="s1",
                stream_id="st1",
                trace=trace,
                content_type=MARKUP,
                next_index=12,
                chunks=40,
                takeovers=1,
                repeated=repeated,
                times=self.happened(trace, started=self.ago(0)),
                paused=False,
            )
        )


def called(
    operation: Operation,
    at_ms: float,
    *,
    trace: Trace | None = None,
    connection_id: str = "c1",
    session_id: str = "s1",
    error_type: str = "",
    system: DataSystem = DataSystem.REDIS,
) -> DependencyCalled:
    """A call of 2 ms that began this long after the start of the test."""
    dependency = Dependency.DATABASE if system is DataSystem.POSTGRESQL else Dependency.SESSION_STORE
    started = Instant(at_ms / 1000, NOW / 1e9 + at_ms / 1000)
    return DependencyCalled(
        dependency, system, operation, started, 0.002, error_type, connection_id, session_id, "", trace
    )


def context(span: ReadableSpan) -> tuple[str, str]:
    assert span.context is not None
    return format_trace_id(span.context.trace_id), format_span_id(span.context.span_id)


def times(span: ReadableSpan) -> tuple[float, float]:
    """In milliseconds since the start of the test."""
    assert span.start_time is not None
    assert span.end_time is not None
    return round((span.start_time - NOW) / MS, 2), round((span.end_time - NOW) / MS, 2)


def record_skipped_stream(recording: Recording, trace: Trace) -> None:
    """A stream that is admitted at 100 ms, started at 150, skipped at 500 and ended at 700."""
    recording.connect()
    recording.wait(100)
    recording.admit(trace)
    recording.wait(50)
    recording.start(trace)
    recording.wait(10)
    recording.record(FirstChunkSent("st1", trace, MARKUP, 0.06))
    recording.wait(40)
    recording.record(BackpressureApplied("c1", "s1", "st1", trace))
    recording.wait(50)
    recording.record(BackpressureReleased("c1", "s1", "st1", trace, 0.05))
    recording.wait(50)
    recording.record(StreamPauseChanged("s1", "st1", trace, paused=True))
    recording.wait(100)
    recording.record(StreamPauseChanged("s1", "st1", trace, paused=False))
    recording.wait(100)
    recording.record(StreamSkipRequested("s1", "st1", trace))
    recording.wait(200)
    recording.end(trace, Outcome.SKIPPED)

"""What becomes of the core's events as spans."""

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

from observability.registry.spans import HTTP, SPANS
from observability.traces.finished_spans import FinishedSpans
from observability.traces.trace_sink import TraceSink
from service.content.removal import Removal
from service.content.stage import Stage, StageTime
from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    FaultRaised,
    FaultSource,
    FirstChunkSent,
    Outcome,
    RequestAdmitted,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
)
from service.protocol.errors import ChunkingFailed, ErrorCode
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, Speed
from service.protocol.trace import Trace, TraceContext

CANARY = "canary-4711"
NOW = 1_800_000_000_000_000_000
MS = 1_000_000
OF_SOCKETS = [span for span in SPANS if span is not HTTP]
KEPT = Trace("ab" * 16, "cd" * 8, sampled=True)
NOT_KEPT = Trace("ab" * 16, "cd" * 8, sampled=False)
FIRST = TraceContext(KEPT.trace_id, KEPT.span_id, sampled=True)
SECOND = Trace("ab" * 16, "12" * 8, sampled=True, parent=FIRST)
"""Where ``KEPT`` goes on, on another connection."""
MARKUP = ContentType.MARKDOWN


class Studio:
    """A sink, a clock that only the test moves, and the spans that came out; handshakes are sampled if asked for."""

    def __init__(self, *, handshakes: bool = False) -> None:
        self.wall_ns = NOW
        self.steady_ns = 5
        self.asked: list[str] = []
        self._exporter = InMemorySpanExporter()
        self._handshakes = handshakes
        finished = FinishedSpans(SimpleSpanProcessor(self._exporter), Resource({"service.name": "test"}))
        self._sink = TraceSink(finished, self._samples, lambda: self.wall_ns, lambda: self.steady_ns)
        self.record = self._sink.record

    def _samples(self, trace_id: str, parent: TraceContext | None) -> bool:
        assert parent is None
        self.asked.append(trace_id)
        return self._handshakes

    def wait(self, milliseconds: int) -> None:
        self.wall_ns += milliseconds * MS
        self.steady_ns += milliseconds * MS

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    @property
    def named(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.spans}

    def connect(self, connection_id: str = "c1") -> None:
        self.record(ConnectionAttempted(AttemptOutcome.ACCEPTED, "s1", 0.003))
        self.record(ConnectionOpened(connection_id, "s1", 0))

    def admit(self, trace: Trace) -> None:
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
                validation_seconds=0.002,
                rate_limit_seconds=0.001,
            )
        )

    def start(self, trace: Trace, queued_seconds: float = 0.0) -> None:
        stages = (
            StageTime(Stage.CONVERT, 0.0, 0.010),
            StageTime(Stage.SANITISE, 0.010, 0.005),
            StageTime(Stage.ANALYSE, 0.015, 0.004),
            StageTime(Stage.CHUNK, 0.019, 0.001),
        )
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
                queued_seconds=queued_seconds,
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
        started: bool = True,
        work: tuple[float | None, tuple[StageTime, ...]] = (None, ()),
    ) -> None:
        """``work`` is the time and the stages of content work that broke off."""
        seconds, stages = work
        self.record(
            StreamEnded(
                connection_id="c2" if trace is SECOND else "c1",
                session_id="s1",
                stream_id="st1",
                trace=trace,
                content_type=MARKUP,
                outcome=outcome,
                started=started,
                paused=False,
                chunks=30,
                bytes=900,
                duration_seconds=1.0,
                paused_seconds=0.25,
                error=error,
                processing_seconds=seconds,
                stages=stages,
            )
        )

    def recover(self, trace: Trace, *, repeated: bool = False) -> None:
        """On another connection, which had asked 20 ms before."""
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
                waited_seconds=0.020,
                paused=False,
            )
        )


def context(span: ReadableSpan) -> tuple[str, str]:
    assert span.context is not None
    return format_trace_id(span.context.trace_id), format_span_id(span.context.span_id)


def times(span: ReadableSpan) -> tuple[float, float]:
    """In milliseconds since the beginning of the test."""
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.start_time - NOW) / MS, (span.end_time - NOW) / MS


def a_whole_life(studio: Studio, trace: Trace) -> None:
    """Admitted at 100 ms, started at 150, skipped at last, over at 700."""
    studio.connect()
    studio.wait(100)
    studio.admit(trace)
    studio.wait(50)
    studio.start(trace, queued_seconds=0.020)
    studio.wait(10)
    studio.record(FirstChunkSent("st1", trace, MARKUP, 0.06))
    studio.wait(40)
    studio.record(BackpressureApplied("c1", "s1", "st1", trace))
    studio.wait(50)
    studio.record(BackpressureReleased("c1", "s1", "st1", trace, 0.05))
    studio.wait(50)
    studio.record(StreamPauseChanged("s1", "st1", trace, paused=True))
    studio.wait(100)
    studio.record(StreamPauseChanged("s1", "st1", trace, paused=False))
    studio.wait(100)
    studio.record(StreamSkipRequested("s1", "st1", trace))
    studio.wait(200)
    studio.end(trace, Outcome.SKIPPED)


def test_a_stream_is_told_as_a_root_span_and_its_stages() -> None:
    studio = Studio(handshakes=True)
    parent = TraceContext("ab" * 16, "ef" * 8, sampled=True, tracestate="vendor=1,other=2")
    a_whole_life(studio, Trace("ab" * 16, "cd" * 8, sampled=True, parent=parent))
    root = studio.named["stream"]
    assert context(root) == ("ab" * 16, "cd" * 8)
    assert root.parent is not None
    assert (format_span_id(root.parent.span_id), root.parent.is_remote) == ("ef" * 8, True)
    assert root.context is not None
    assert root.context.trace_state.to_header() == "vendor=1,other=2"
    assert [link.context for link in root.links] == [studio.named["ws.connect"].context]
    assert {name: times(span) for name, span in studio.named.items()} == {
        "ws.connect": (-3, 0),
        "stream": (97, 700),
        "validate": (97, 99),
        "rate_limit": (99, 100),
        "queue": (100, 120),
        "convert": (130, 140),
        "sanitise": (140, 145),
        "analyse": (145, 149),
        "chunk": (149, 150),
        "deliver": (150, 700),
    }
    stages = [span for span in studio.spans if span.name not in ("stream", "ws.connect")]
    assert all(span.parent == root.context for span in stages)
    assert len({context(span) for span in stages}) == len(stages) == 8
    assert [(event.name, (event.timestamp - NOW) / MS) for event in root.events] == [
        ("first_chunk", 160),
        ("backpressure_applied", 200),
        ("backpressure_released", 250),
        ("paused", 300),
        ("resumed", 400),
        ("skipped", 500),
        ("last_chunk", 700),
    ]
    assert root.attributes == {
        "session.id": "s1",
        "connection.id": "c1",
        "stream.id": "st1",
        "stream.number": 7,
        "stream.content_type": "markdown",
        "stream.content_bytes": 11,
        "stream.outcome": "skipped",
        "stream.complexity": "medium",
        "stream.words": 2,
        "stream.removed": 3,
        "stream.speed": "fast",
        "stream.adaptive": True,
        "stream.chunks_planned": 40,
        "stream.chunks_sent": 30,
        "stream.bytes_sent": 900,
        "stream.time_to_first_chunk": 0.06,
        "stream.paused_time": 0.25,
    }
    assert root.status.status_code is StatusCode.UNSET


def test_nothing_is_told_that_is_not_declared_and_nothing_declared_that_is_never_told() -> None:
    studio = Studio(handshakes=True)
    a_whole_life(studio, KEPT)
    studio.admit(KEPT)
    studio.record(FaultRaised("e1", FaultSource.CONTENT, ValueError(), "c1", "s1", "st1", KEPT))
    studio.end(KEPT, Outcome.ERROR, ErrorCode.PROCESSING_ERROR, started=False)
    studio.recover(SECOND)
    studio.end(SECOND, Outcome.COMPLETED)
    told: dict[str, tuple[set[str], dict[str, set[str]]]] = {}
    for span in studio.spans:
        attributes, events = told.setdefault(span.name, (set(), {}))
        attributes |= set(span.attributes or {})
        for event in span.events:
            events.setdefault(event.name, set()).update(event.attributes or {})
    assert told == {
        span.name: (
            {attribute.name for attribute in span.attributes},
            {event.name: {attribute.name for attribute in event.attributes} for event in span.events},
        )
        for span in OF_SOCKETS
    }
    assert {(span.name, span.kind) for span in studio.spans} == {(span.name, span.kind) for span in OF_SOCKETS}


def test_an_unsampled_stream_makes_no_span() -> None:
    studio = Studio()
    a_whole_life(studio, NOT_KEPT)
    studio.record(ConnectionClosed("c1", "s1", CloseReason.CLIENT, 1000, 1.0, 1))
    assert studio.spans == []


def test_a_stream_that_was_recovered_goes_on_in_its_trace() -> None:
    studio = Studio(handshakes=True)
    studio.connect()
    studio.admit(KEPT)
    studio.start(KEPT)
    studio.end(KEPT, Outcome.DISCONNECTED)
    studio.wait(500)
    studio.connect("c2")
    studio.wait(100)
    studio.recover(SECOND)
    studio.wait(300)
    studio.end(SECOND, Outcome.COMPLETED)
    first, second = (span for span in studio.spans if span.name == "stream")
    assert (context(first), context(second)) == (("ab" * 16, "cd" * 8), ("ab" * 16, "12" * 8))
    assert second.parent is not None
    assert format_span_id(second.parent.span_id) == KEPT.span_id
    assert second.links[0].context == [span for span in studio.spans if span.name == "ws.connect"][1].context
    assert times(second) == (580, 900)
    inside = [span for span in studio.spans if span.parent and span.parent.span_id == int(SECOND.span_id, 16)]
    assert {span.name: times(span) for span in inside} == {"recover": (580, 600), "deliver": (600, 900)}
    assert [(event.name, dict(event.attributes or {})) for event in second.events] == [
        ("recovered", {"stream.next_index": 12}),
        ("last_chunk", {}),
    ]
    assert second.attributes == {
        "session.id": "s1",
        "connection.id": "c2",
        "stream.id": "st1",
        "stream.content_type": "markdown",
        "stream.outcome": "completed",
        "stream.recovery": "recovered",
        "stream.next_index": 12,
        "stream.takeovers": 1,
        "stream.chunks_planned": 40,
        "stream.chunks_sent": 30,
        "stream.bytes_sent": 900,
        "stream.paused_time": 0.25,
    }


def test_a_stream_that_was_taken_over_is_told_beside_the_one_that_goes_on() -> None:
    """For up to a second both are under way, perhaps in one process."""
    studio = Studio()
    studio.admit(KEPT)
    studio.start(KEPT)
    studio.recover(SECOND, repeated=True)
    studio.record(StreamPauseChanged("s1", "st1", KEPT, paused=True))
    studio.end(KEPT, Outcome.TAKEN_OVER, ErrorCode.STREAM_TAKEN_OVER)
    studio.end(SECOND, Outcome.COMPLETED)
    told = {
        (span.attributes or {})["stream.outcome"]: [event.name for event in span.events]
        for span in studio.spans
        if span.name == "stream"
    }
    assert told == {"taken_over": ["paused"], "completed": ["recovered", "last_chunk"]}
    assert all(span.status.status_code is StatusCode.UNSET for span in studio.spans)


def test_a_fault_of_ours_is_told_sampled_or_not_and_without_its_words() -> None:
    studio = Studio()
    studio.connect()
    studio.admit(NOT_KEPT)
    fault = ChunkingFailed(CANARY)
    fault.__cause__ = RecursionError(CANARY)
    studio.record(FaultRaised("e1", FaultSource.CONTENT, fault, "c1", "s1", "st1", NOT_KEPT))
    studio.end(NOT_KEPT, Outcome.ERROR, ErrorCode.CHUNKING_ERROR, started=False)
    root = studio.named["stream"]
    assert root.status.status_code is StatusCode.ERROR
    assert root.attributes is not None
    assert root.attributes["stream.error_code"] == "CHUNKING_ERROR"
    assert [(event.name, dict(event.attributes or {})) for event in root.events] == [
        ("exception", {"exception.type": "RecursionError", "error.id": "e1", "error.source": "content"})
    ]
    assert root.links[0].context == studio.named["ws.connect"].context
    assert [name for name in studio.named if name not in ("stream", "ws.connect")] == ["validate", "rate_limit"]
    assert CANARY not in "".join(span.to_json() for span in studio.spans)


def test_a_fault_of_ours_is_told_though_the_stream_ended_as_if_the_client_had_left() -> None:
    studio = Studio()
    studio.admit(NOT_KEPT)
    studio.record(FaultRaised("e1", FaultSource.CONNECTION, ValueError(), "c1", "s1", "st1", NOT_KEPT))
    studio.end(NOT_KEPT, Outcome.DISCONNECTED, started=False)
    assert studio.named["stream"].status.status_code is StatusCode.ERROR


def test_the_stages_of_content_work_that_broke_off_are_told() -> None:
    studio = Studio()
    studio.admit(NOT_KEPT)
    studio.wait(100)
    stages = (StageTime(Stage.CONVERT, 0.0, 0.010), StageTime(Stage.SANITISE, 0.010, 0.030))
    studio.end(NOT_KEPT, Outcome.ERROR, ErrorCode.PROCESSING_ERROR, started=False, work=(0.040, stages))
    assert {name: times(span) for name, span in studio.named.items() if name not in ("validate", "rate_limit")} == {
        "stream": (-3, 100),
        "convert": (60, 70),
        "sanitise": (70, 100),
    }


def test_a_mistake_of_the_client_is_no_error_of_the_span() -> None:
    studio = Studio()
    studio.admit(KEPT)
    studio.end(KEPT, Outcome.REJECTED, ErrorCode.EMPTY_CONTENT, started=False)
    root = studio.named["stream"]
    assert root.attributes is not None
    assert (root.status.status_code, root.attributes["stream.error_code"]) == (StatusCode.UNSET, "EMPTY_CONTENT")


def test_a_handshake_that_a_stream_links_to_is_told_once_whatever_its_own_chance() -> None:
    studio = Studio(handshakes=False)
    studio.connect()
    assert studio.spans == []
    for _ in range(2):
        studio.wait(1000)
        studio.admit(KEPT)
        studio.start(KEPT)
        studio.end(KEPT, Outcome.COMPLETED)
    [handshake] = [span for span in studio.spans if span.name == "ws.connect"]
    assert times(handshake) == (-3, 0)
    assert [span.links[0].context for span in studio.spans if span.name == "stream"] == [handshake.context] * 2


def test_refused_handshakes_have_their_chance_and_failed_ones_are_always_told() -> None:
    for handshakes in (False, True):
        studio = Studio(handshakes=handshakes)
        studio.record(ConnectionAttempted(AttemptOutcome.REFUSED_SESSION, seconds=0.001))
        studio.record(ConnectionAttempted(AttemptOutcome.ERROR, "s1", 0.002))
        told = [(span.attributes or {}, span.status.status_code, times(span)) for span in studio.spans]
        refused = ({"connection.outcome": "refused_session"}, StatusCode.UNSET, (-1, 0))
        failed = ({"connection.outcome": "error", "session.id": "s1"}, StatusCode.ERROR, (-2, 0))
        assert told == ([refused, failed] if handshakes else [failed])
        assert len(studio.asked[0]) == 32


def test_the_events_of_a_span_stay_under_the_limit_and_its_end_is_among_them() -> None:
    studio = Studio()
    studio.admit(KEPT)
    studio.start(KEPT)
    for index in range(500):
        studio.record(StreamPauseChanged("s1", "st1", KEPT, paused=index % 2 == 0))
    studio.record(FaultRaised("e1", FaultSource.CONNECTION, ValueError(), "c1", "s1", "st1", KEPT))
    studio.end(KEPT, Outcome.COMPLETED)
    root = studio.named["stream"]
    assert [event.name for event in root.events][-2:] == ["exception", "last_chunk"]
    assert len(root.events) < 128
    assert len(root.events) + root.dropped_events == 502


def test_no_span_ends_before_it_began_though_the_clock_is_set_back() -> None:
    studio = Studio()
    studio.admit(KEPT)
    studio.wall_ns -= 3_600_000 * MS
    studio.steady_ns += 50 * MS
    studio.start(KEPT)
    studio.steady_ns += 50 * MS
    studio.end(KEPT, Outcome.COMPLETED)
    assert times(studio.named["deliver"]) == (50, 100)
    assert times(studio.named["stream"]) == (-3, 100)


def test_what_befalls_a_socket_between_streams_is_no_ones() -> None:
    studio = Studio(handshakes=True)
    studio.connect()
    studio.record(BackpressureApplied("c1", "s1", "", None))
    studio.record(BackpressureReleased("c1", "s1", "", None, 0.1))
    studio.record(FaultRaised("e1", FaultSource.ADMISSION, ValueError(CANARY), "c1", "s1"))
    assert [span.name for span in studio.spans] == ["ws.connect"]

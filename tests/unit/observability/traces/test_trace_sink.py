"""The trace sink: the spans of streams."""

from opentelemetry.trace import StatusCode, format_span_id

from observability.registry.spans import CALL
from service.content.stage import Stage, StageTime
from service.events import (
    AttemptOutcome,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    FaultRaised,
    FaultSource,
    Operation,
    Outcome,
    StreamPauseChanged,
)
from service.protocol.errors import ChunkingFailed, ErrorCode
from service.protocol.trace import Trace, TraceContext
from tests.unit.observability.traces.recording import (
    CANARY,
    MS,
    NOW,
    OF_SOCKETS,
    SAMPLED,
    SECOND,
    UNSAMPLED,
    Recording,
    called,
    context,
    record_skipped_stream,
    times,
)
from tests.unit.sample_live import live_events


def test_a_stream_has_a_root_span_and_spans_of_its_stages() -> None:
    recording = Recording(handshakes=True)
    parent = TraceContext("ab" * 16, "ef" * 8, sampled=True, tracestate="vendor=1,other=2")
    record_skipped_stream(recording, Trace("ab" * 16, "cd" * 8, sampled=True, parent=parent))
    root = recording.named["stream"]
    assert context(root) == ("ab" * 16, "cd" * 8)
    assert root.parent is not None
    assert (format_span_id(root.parent.span_id), root.parent.is_remote) == ("ef" * 8, True)
    assert root.context is not None
    assert root.context.trace_state.to_header() == "vendor=1,other=2"
    assert [link.context for link in root.links] == [recording.named["ws.connect"].context]
    assert {name: times(span) for name, span in recording.named.items()} == {
        "ws.connect": (-3, 0),
        "stream": (97, 700),
        "validate": (97, 99),
        "rate_limit": (99, 100),
        "queue": (100, 110),
        "content_wait": (110, 115),
        "convert": (115, 125),
        "sanitise": (125, 130),
        "analyse": (130, 134),
        "chunk": (134, 135),
        "store": (135, 150),
        "deliver": (150, 700),
    }
    stages = [span for span in recording.spans if span.name not in ("stream", "ws.connect")]
    assert all(span.parent == root.context for span in stages)
    assert len({context(span) for span in stages}) == len(stages) == 10
    assert [(event.name, round((event.timestamp - NOW) / MS, 2)) for event in root.events] == [
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
        "enduser.id": "u1",
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


def test_spans_have_exactly_the_declared_attributes_and_events() -> None:
    recording = Recording(handshakes=True)
    recording.record(ConnectionAttempted(AttemptOutcome.ERROR, "s1", exception=ValueError()))
    record_skipped_stream(recording, SAMPLED)
    recording.record(called(Operation.ADMIT, 700, trace=SAMPLED, error_type="NoAnswer"))
    recording.admit(SAMPLED)
    recording.record(FaultRaised("e1", FaultSource.CONTENT, ValueError(), "c1", "s1", "st1", SAMPLED))
    recording.end(SAMPLED, Outcome.ERROR, ErrorCode.PROCESSING_ERROR)
    recording.recover(SECOND)
    recording.end(SECOND, Outcome.COMPLETED)
    for event in live_events(SAMPLED, "s1", "st1", "u1"):
        recording.record(event)
    emitted: dict[str, tuple[set[str], dict[str, set[str]]]] = {}
    for span in recording.spans:
        attributes, events = emitted.setdefault(CALL.name if span.kind is CALL.kind else span.name, (set(), {}))
        attributes |= set(span.attributes or {})
        for happened in span.events:
            events.setdefault(happened.name, set()).update(happened.attributes or {})
    assert emitted == {
        span.name: (
            {attribute.name for attribute in span.attributes},
            {event.name: {attribute.name for attribute in event.attributes} for event in span.events},
        )
        for span in OF_SOCKETS
    }
    kinds = {(span.name, span.kind) for span in recording.spans if span.kind is not CALL.kind}
    assert kinds == {(span.name, span.kind) for span in OF_SOCKETS if span is not CALL}


def test_an_unsampled_stream_has_no_span() -> None:
    recording = Recording()
    record_skipped_stream(recording, UNSAMPLED)
    recording.record(ConnectionClosed("c1", "s1", CloseReason.CLIENT, 1000, 1.0, 1))
    assert recording.spans == []


def test_a_recovered_stream_continues_its_trace() -> None:
    recording = Recording(handshakes=True)
    recording.connect()
    recording.admit(SAMPLED)
    recording.start(SAMPLED)
    recording.end(SAMPLED, Outcome.DISCONNECTED)
    recording.wait(500)
    recording.connect("c2")
    recording.wait(100)
    recording.recover(SECOND)
    recording.wait(300)
    recording.end(SECOND, Outcome.COMPLETED)
    first, second = (span for span in recording.spans if span.name == "stream")
    assert (context(first), context(second)) == (("ab" * 16, "cd" * 8), ("ab" * 16, "12" * 8))
    assert second.parent is not None
    assert format_span_id(second.parent.span_id) == SAMPLED.span_id
    assert second.links[0].context == [span for span in recording.spans if span.name == "ws.connect"][1].context
    assert times(second) == (580, 900)
    inside = [span for span in recording.spans if span.parent and span.parent.span_id == int(SECOND.span_id, 16)]
    assert {span.name: times(span) for span in inside} == {"recover": (580, 600), "deliver": (600, 900)}
    assert [(event.name, dict(event.attributes or {})) for event in second.events] == [
        ("recovered", {"stream.next_index": 12}),
        ("last_chunk", {}),
    ]
    assert second.attributes == {
        "session.id": "s1",
        "enduser.id": "u1",
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


def test_a_stream_that_was_taken_over_has_a_span_beside_the_recovered_one() -> None:
    """Both may be active in one process for up to a second."""
    recording = Recording()
    recording.admit(SAMPLED)
    recording.start(SAMPLED)
    recording.recover(SECOND, repeated=True)
    recording.record(StreamPauseChanged("s1", "st1", SAMPLED, paused=True))
    recording.end(SAMPLED, Outcome.TAKEN_OVER, ErrorCode.STREAM_TAKEN_OVER)
    recording.end(SECOND, Outcome.COMPLETED)
    events = {
        (span.attributes or {})["stream.outcome"]: [event.name for event in span.events]
        for span in recording.spans
        if span.name == "stream"
    }
    assert events == {"taken_over": ["paused"], "completed": ["recovered", "last_chunk"]}
    assert all(span.status.status_code is StatusCode.UNSET for span in recording.spans)


def test_a_fault_is_exported_regardless_of_sampling_and_without_its_text() -> None:
    recording = Recording()
    recording.connect()
    recording.admit(UNSAMPLED)
    fault = ChunkingFailed(CANARY)
    fault.__cause__ = RecursionError(CANARY)
    recording.record(FaultRaised("e1", FaultSource.CONTENT, fault, "c1", "s1", "st1", UNSAMPLED))
    recording.end(UNSAMPLED, Outcome.ERROR, ErrorCode.CHUNKING_ERROR)
    root = recording.named["stream"]
    assert root.status.status_code is StatusCode.ERROR
    assert root.attributes is not None
    assert root.attributes["stream.error_code"] == "CHUNKING_ERROR"
    assert [(event.name, dict(event.attributes or {})) for event in root.events] == [
        ("exception", {"exception.type": "RecursionError", "error.id": "e1", "error.source": "content"})
    ]
    assert root.links[0].context == recording.named["ws.connect"].context
    assert [name for name in recording.named if name not in ("stream", "ws.connect")] == ["validate", "rate_limit"]
    assert CANARY not in "".join(span.to_json() for span in recording.spans)


def test_a_fault_is_exported_although_the_outcome_is_disconnected() -> None:
    recording = Recording()
    recording.admit(UNSAMPLED)
    recording.record(FaultRaised("e1", FaultSource.CONNECTION, ValueError(), "c1", "s1", "st1", UNSAMPLED))
    recording.end(UNSAMPLED, Outcome.DISCONNECTED)
    assert recording.named["stream"].status.status_code is StatusCode.ERROR


def test_the_stages_of_a_failed_preparation_have_spans() -> None:
    recording = Recording()
    recording.admit(UNSAMPLED)
    recording.happened(UNSAMPLED, dequeued=recording.ago(0))
    recording.wait(100)
    stages = (
        StageTime(Stage.CONVERT, recording.ago(40), 0.010),
        StageTime(Stage.SANITISE, recording.ago(30), 0.030),
    )
    recording.end(UNSAMPLED, Outcome.ERROR, ErrorCode.PROCESSING_ERROR, work=(0.040, stages))
    assert {name: times(span) for name, span in recording.named.items() if name not in ("validate", "rate_limit")} == {
        "stream": (-3, 100),
        "convert": (60, 70),
        "sanitise": (70, 100),
    }


def test_an_error_of_the_client_is_no_error_of_the_span() -> None:
    recording = Recording()
    recording.admit(SAMPLED)
    recording.end(SAMPLED, Outcome.REJECTED, ErrorCode.EMPTY_CONTENT)
    root = recording.named["stream"]
    assert root.attributes is not None
    assert (root.status.status_code, root.attributes["stream.error_code"]) == (StatusCode.UNSET, "EMPTY_CONTENT")


def test_the_events_of_a_span_are_limited_and_include_its_end() -> None:
    recording = Recording()
    recording.admit(SAMPLED)
    recording.start(SAMPLED)
    for index in range(500):
        recording.record(StreamPauseChanged("s1", "st1", SAMPLED, paused=index % 2 == 0))
    recording.record(FaultRaised("e1", FaultSource.CONNECTION, ValueError(), "c1", "s1", "st1", SAMPLED))
    recording.end(SAMPLED, Outcome.COMPLETED)
    root = recording.named["stream"]
    assert [event.name for event in root.events][-2:] == ["exception", "last_chunk"]
    assert len(root.events) < 128
    assert len(root.events) + root.dropped_events == 502


def test_no_span_ends_before_its_start_when_the_clock_is_set_back() -> None:
    recording = Recording()
    recording.admit(SAMPLED)
    recording.wait(50)
    recording.wall_ns -= 3_600_000 * MS
    recording.start(SAMPLED)
    recording.wait(50)
    recording.end(SAMPLED, Outcome.COMPLETED)
    assert times(recording.named["deliver"]) == (50, 100)
    assert times(recording.named["stream"]) == (-3, 100)

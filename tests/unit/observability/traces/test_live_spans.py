"""The spans of live streams."""

from opentelemetry.trace import StatusCode, format_span_id

from service.events import LiveOutcome, ProducerStalled
from service.protocol.trace import Trace, TraceContext
from tests.unit.observability.traces.recording import MS, NOW, SAMPLED, UNSAMPLED, Recording, context, times
from tests.unit.sample_live import CREATED_AT, live_ended, live_events

PRODUCER = TraceContext("ab" * 16, "ef" * 8, sampled=True, tracestate="vendor=1")
JOINED = Trace("ab" * 16, "cd" * 8, sampled=True, parent=PRODUCER)


def test_a_stream_is_a_child_of_its_producer_and_readers_are_its_children() -> None:
    recording = Recording()
    recording.connect()
    recording.wait(30_000)
    for event in live_events(JOINED, "s1", "st1", "u1"):
        recording.record(event)
    publish = recording.named["publish"]
    assert context(publish) == ("ab" * 16, "cd" * 8)
    assert publish.parent is not None
    assert (format_span_id(publish.parent.span_id), publish.parent.is_remote) == ("ef" * 8, True)
    assert publish.context is not None
    assert publish.context.trace_state.to_header() == "vendor=1"
    began = (CREATED_AT * 1e9 - NOW) / MS
    assert times(publish) == (began, began + 30_000)
    assert publish.status.status_code is StatusCode.UNSET
    assert publish.attributes == {
        "session.id": "s1",
        "enduser.id": "u1",
        "stream.id": "st1",
        "stream.content_type": "markdown",
        "stream.content_bytes": 1000,
        "stream.speed": "adaptive",
        "stream.live.outcome": "complete",
        "stream.takeovers": 1,
    }
    assert [(event.name, dict(event.attributes or {})) for event in publish.events] == [
        ("producer_stalled", {}),
        ("producer_continued", {"stream.live.silent_time": 7.5}),
        ("producer_lost", {}),
        ("adopted", {"stream.live.silent_time": 16.0}),
    ]
    unasked, watch = (span for span in recording.spans if span.name == "read")
    assert unasked.parent == watch.parent
    assert unasked.parent is not None
    assert format_span_id(unasked.parent.span_id) == "cd" * 8
    assert context(unasked)[0] == context(watch)[0] == "ab" * 16
    assert context(unasked)[1] != context(watch)[1]
    assert times(unasked) == (500, 30_000)
    assert [link.context for link in unasked.links] == [recording.named["ws.connect"].context]
    assert unasked.attributes == {
        "session.id": "s1",
        "connection.id": "c1",
        "stream.id": "st1",
        "stream.content_type": "markdown",
        "stream.live.way": "unasked",
        "stream.live.end": "complete",
        "stream.chunks_sent": 12,
        "stream.bytes_sent": 900,
        "stream.live.replacements": 1,
        "stream.live.longest_gap": 16.5,
        "stream.live.longest_wait": 0.25,
        "stream.paused_time": 1.5,
        "gen_ai.response.time_to_first_chunk": 0.5,
    }
    assert watch.attributes is not None
    assert "gen_ai.response.time_to_first_chunk" not in watch.attributes


def test_a_stream_whose_producer_was_lost_for_good_is_an_error() -> None:
    recording = Recording()
    recording.record(live_ended(SAMPLED, "s1", "st1", "", LiveOutcome.ABANDONED))
    [span] = recording.spans
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert "enduser.id" not in span.attributes


def test_an_unsampled_stream_has_no_span() -> None:
    recording = Recording()
    for event in live_events(UNSAMPLED, "s1", "st1", "u1"):
        recording.record(event)
    assert recording.spans == []


def test_a_stream_that_stalls_for_ever_has_a_bounded_number_of_events() -> None:
    recording = Recording()
    for _ in range(1000):
        recording.record(ProducerStalled("s1", "st1", SAMPLED))
    recording.record(live_ended(SAMPLED, "s1", "st1", "", LiveOutcome.COMPLETE))
    [span] = recording.spans
    assert len(span.events) == 100

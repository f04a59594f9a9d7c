"""What happened to a stream, from lines alone, from spans alone, and from both."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from service.cli.explain.evidence import LogLine, Span
from service.cli.explain.evidence.span_lines import SpanEvent
from service.cli.explain.subjects.stream_story import story_of
from tests.unit.cli.explain.given import END, evidence, line

IDS = {"stream_id": "s-1", "trace_id": "t-1", "session_id": "editor", "connection_id": "c-1"}
BEGIN = END - 100
ROOT = Span(
    "stream",
    "t-1",
    "root",
    "",
    BEGIN - 0.9,
    BEGIN + 2,
    {"stream.id": "s-1", "session.id": "editor", "stream.outcome": "completed"},
    (SpanEvent("first_chunk", BEGIN + 0.02, {}), SpanEvent("last_chunk", BEGIN + 2, {})),
)
SPANS = [
    ROOT,
    Span("validate", "t-1", "1", "root", BEGIN - 0.9, BEGIN - 0.899),
    Span("rate_limit", "t-1", "2", "root", BEGIN - 0.899, BEGIN),
    Span("sanitise", "t-1", "3", "root", BEGIN, BEGIN + 0.01),
    Span("deliver", "t-1", "4", "root", BEGIN + 0.02, BEGIN + 2),
    Span("stream", "t-1", "another", "", BEGIN, BEGIN + 1, {"stream.id": "s-2"}),
    Span("rate_limit", "t-1", "5", "another", BEGIN, BEGIN + 30),
]
LINES = [
    line("stream_requested", 100, bytes=405, content_type="markdown", number=5, **IDS),
    line("content_analysed", 99.98, queued_ms=2.0, processing_ms=12.0, chunks=11, **IDS),
    line("adaptive_speed_selected", 99.98, speed="fast", **IDS),
    line("first_chunk_sent", 99.97, ms=14.5, trace_id="t-1", stream_id="s-1"),
    line("stream_completed", 98, outcome="completed", chunks=11, resumable=True, **IDS),
    line("connection_closed", 97.5, reason="client", code=1000, session_id="editor", connection_id="c-1"),
    line("dependency_unavailable", 99, "ERROR", "The session_store is unavailable", dependency="session_store"),
    line("stream_requested", 99, stream_id="s-2", connection_id="c-2"),
]


def test_the_story_of_the_log() -> None:
    story = story_of("s-1", evidence(lines=LINES))
    assert (story.session_id, story.trace_id, story.outcome, story.resumable) == ("editor", "t-1", "completed", True)
    assert story.content == "405 bytes of markdown"
    assert story.close_reason == "client"
    assert story.phases == {"queue": 0.002, "work": 0.012}
    assert story.first_chunk_seconds == pytest.approx(0.03)
    assert [moment.what for moment in story.moments] == [
        "stream requested",
        "content prepared in 12 ms after 2.0 ms in the queue: 11 chunks",
        "first chunk sent",
        "process: The session_store is unavailable",
        "stream completed",
        "connection closed: client, code 1000",
    ]


def test_the_story_of_the_spans() -> None:
    story = story_of("s-1", evidence(spans=SPANS))
    assert (story.session_id, story.trace_id, story.outcome) == ("editor", "t-1", "completed")
    assert {name: round(spent, 3) for name, spent in story.phases.items()} == {"admission": 0.899, "work": 0.01}
    assert story.longest_phase == "admission"
    assert story.first_chunk_seconds == pytest.approx(0.92)
    assert [moment.what for moment in story.moments] == [
        "request arrived",
        "validate for 1.0 ms",
        "rate_limit for 899 ms",
        "sanitise for 10 ms",
        "first chunk",
        "ended: completed",
        "last chunk",
    ]


def test_both_together() -> None:
    story = story_of("s-1", evidence(lines=LINES, spans=SPANS))
    assert story.sources == ("log", "traces")
    assert story.phases["admission"] == pytest.approx(0.899)
    assert story.first_chunk_seconds == pytest.approx(0.92)
    assert [moment.what for moment in story.moments if "chunk" in moment.what] == [
        "content prepared in 12 ms after 2.0 ms in the queue: 11 chunks",
        "first chunk sent",
    ]


def test_a_fault_has_its_id_and_the_last_line_of_its_traceback() -> None:
    fault = line("fault_raised", 99, "ERROR", "Fault", error_id="e-1", exception="Traceback\n  x\nKeyError: 'a'", **IDS)
    ended = line("stream_ended", 98, outcome="error", code="INTERNAL_ERROR", **IDS)
    story = story_of("s-1", evidence(lines=[LINES[0], fault, ended]))
    assert (story.error_id, story.exception, story.code) == ("e-1", "KeyError: 'a'", "INTERNAL_ERROR")


def test_a_stream_on_two_connections() -> None:
    second = IDS | {"connection_id": "c-2"}
    lines = [
        LINES[0],
        line("stream_ended", 99, outcome="disconnected", **IDS),
        line("stream_recovered", 95, next_index=4, chunks=11, **second),
        line("stream_completed", 90, outcome="completed", **second),
    ]
    story = story_of("s-1", evidence(lines=lines))
    assert (story.outcome, story.recovered) == ("completed", 1)


@for_all(st.permutations(LINES), st.permutations(SPANS))
def test_the_order_does_not_matter(lines: list[LogLine], spans: list[Span]) -> None:
    assert story_of("s-1", evidence(lines=lines, spans=spans)) == story_of("s-1", evidence(lines=LINES, spans=SPANS))


@pytest.mark.parametrize(
    ("ended", "outcome", "code"),
    [
        ("complete", "completed", ""),
        ("cancelled", "cancelled", ""),
        ("error", "error", "PRODUCER_FAILED"),
        ("abandoned", "error", "PRODUCER_FAILED"),
    ],
)
def test_a_live_stream_ends_as_its_producer_ended_it(ended: str, outcome: str, code: str) -> None:
    lines = [
        line("live_stream_created", 100, **IDS),
        line("producer_lost", 60, "WARNING", **IDS),
        line("live_stream_ended", 20, outcome=ended, **IDS),
    ]
    story = story_of("s-1", evidence(lines=lines))
    assert (story.outcome, story.code) == (outcome, code)
    assert [moment.what for moment in story.moments] == ["live stream created", "producer lost", "live stream ended"]

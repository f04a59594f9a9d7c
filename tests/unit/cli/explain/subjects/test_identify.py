"""An id is found by what has it, also by its beginning."""

import pytest
from msgspec.structs import replace

from service.cli.explain.evidence import Span
from service.cli.explain.evidence.span_lines import SpanEvent
from service.cli.explain.subjects.identify import Kind, Subject, identify, streams_of
from tests.unit.cli.explain.given import evidence, line

STREAM, TRACE, CONNECTION = "a90dea9e2f6b4c0d", "722e3051c5a94b4e", "c06e5d1f8f0b4d4c"
LINES = [
    line("stream_requested", stream_id=STREAM, trace_id=TRACE, session_id="editor-1", connection_id=CONNECTION),
    line("stream_requested", 50, stream_id="a90dea00", trace_id="ffffff", session_id="editor-1"),
    line("fault_raised", error_id="3dd75976", stream_id=STREAM, session_id="editor-1"),
]
SPAN = Span("stream", "beefbeef", "1", "", 1.0, 2.0, {"stream.id": "d00dd00d", "session.id": "phone"})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (STREAM, Kind.STREAM),
        (TRACE, Kind.TRACE),
        (CONNECTION, Kind.CONNECTION),
        ("editor-1", Kind.SESSION),
        ("3dd75976", Kind.FAULT),
        ("beefbeef", Kind.TRACE),
        ("d00dd00d", Kind.STREAM),
        ("phone", Kind.SESSION),
    ],
)
def test_an_id_is_what_has_it(text: str, kind: Kind) -> None:
    assert identify(text, evidence(lines=LINES, spans=[SPAN])) == [Subject(kind, text)]


def test_the_beginning_of_an_id_is_enough() -> None:
    assert identify("a90dea9e", evidence(lines=LINES)) == [Subject(Kind.STREAM, STREAM)]


def test_an_ambiguous_beginning_names_all() -> None:
    assert [subject.id for subject in identify("a90dea", evidence(lines=LINES))] == ["a90dea00", STREAM]


@pytest.mark.parametrize("text", ["", "a90d", "editor", "unknown", "0" * 32])
def test_an_unknown_id_is_nothing(text: str) -> None:
    assert identify(text, evidence(lines=LINES, spans=[SPAN])) == []


def test_the_streams_of_a_session_in_order() -> None:
    assert streams_of(Subject(Kind.SESSION, "editor-1"), evidence(lines=LINES)) == [STREAM, "a90dea00"]
    assert streams_of(Subject(Kind.SESSION, "phone"), evidence(spans=[SPAN])) == ["d00dd00d"]
    assert streams_of(Subject(Kind.TRACE, "beefbeef"), evidence(spans=[SPAN])) == ["d00dd00d"]


def test_the_stream_of_a_fault_that_only_a_span_has() -> None:
    failed = replace(SPAN, events=(SpanEvent("exception", 1.5, {"error.id": "3dd75976"}),))
    assert identify("3dd75976", evidence(spans=[failed])) == [Subject(Kind.FAULT, "3dd75976")]
    assert streams_of(Subject(Kind.FAULT, "3dd75976"), evidence(spans=[SPAN, failed])) == ["d00dd00d"]

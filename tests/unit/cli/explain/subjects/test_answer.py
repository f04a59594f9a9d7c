"""The answers to each kind of question."""

import pytest

from service.cli.explain.evidence import Span
from service.cli.explain.evidence.span_lines import SpanEvent
from service.cli.explain.subjects.answer import ALERTS, answer_alert, answer_now, answer_subject
from service.cli.explain.subjects.identify import Kind, Subject
from service.cli.explain.subjects.report import Status
from tests.unit.cli.explain.given import END, alert, counter, evidence, gauge, healthy, healthy_lines, histogram, line

DOWN = gauge("stream_dependency_up", 0, before=1, dependency="database")
SLOW = [
    *histogram("stream_time_to_first_chunk_seconds", {0.5: 1.0, 1.0: 60.0}, content_type="html"),
    *histogram("stream_dependency_call_seconds", {0.25: 1, 0.5: 60}, dependency="session_store", operation="admit"),
]
IDS = {"stream_id": "s-1", "session_id": "editor", "connection_id": "c-1"}


def test_nothing_is_wrong_now() -> None:
    report = answer_now(evidence(healthy(), healthy_lines()))
    assert (report.status, report.findings) == (Status.WELL, ())
    assert report.answer.startswith("Nothing wrong found")
    assert "480 open connections" in report.state
    assert "240 completed" in report.state


def test_what_is_wrong_now_is_the_first_cause() -> None:
    report = answer_now(evidence([*SLOW, DOWN]))
    assert report.status is Status.CAUSE
    assert [finding.cause for finding in report.findings] == ["session_store_slow", "database_down"]
    assert report.answer == report.findings[0].what


def test_the_slowest_recent_stream_is_an_example() -> None:
    def root(name: str, seconds: float) -> Span:
        begin = END - 30
        return Span(
            "stream",
            "t",
            name,
            "",
            begin,
            begin + 5,
            {"stream.id": name},
            (SpanEvent("first_chunk", begin + seconds, {}),),
        )

    report = answer_now(evidence([DOWN], spans=[root("s-1", 0.9), root("s-2", 0.4)]))
    assert report.example.startswith("stream s-1: first chunk after 900 ms")


def test_an_alert_that_fires_has_its_root_cause_first() -> None:
    fires = alert("SlowResponse", job="streaming-content-api")
    report = answer_alert("SlowResponse", evidence([*SLOW, DOWN], alerts=[fires]))
    assert report.status is Status.CAUSE
    assert [finding.cause for finding in report.findings] == ["session_store_slow", "slow_responses"]
    assert report.answer.startswith(
        "SlowResponse fires (job streaming-content-api, severity warning). The session store is slow"
    )


def test_an_alert_whose_cause_is_not_in_sight_fires_all_the_same() -> None:
    report = answer_alert("HighMemory", evidence(healthy(), alerts=[alert("HighMemory")]))
    assert (report.status, report.findings[0].runbook) == (Status.CAUSE, "some-file.md")
    assert report.findings[0].what == "HighMemory fires: HighMemory of the service."
    assert "No cause of it was found" in report.answer


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_that_does_not_fire_is_well(name: str) -> None:
    alerts = [alert("Watchdog", "none")]
    report = answer_alert(name, evidence(healthy(), alerts=alerts))
    assert (report.status, report.findings) == (Status.WELL, ())


def test_a_stream_that_went_well() -> None:
    lines = [
        line("stream_requested", 10, bytes=405, content_type="markdown", **IDS),
        line("content_analysed", 9.99, processing_ms=5.0, queued_ms=0.0, chunks=4, **IDS),
        line("stream_completed", 9, outcome="completed", **IDS),
    ]
    report = answer_subject(Subject(Kind.STREAM, "s-1"), evidence(lines=lines))
    assert report.status is Status.WELL
    assert report.answer == "The stream was completed. First chunk after 10 ms. Nothing wrong found."
    assert "405 bytes of markdown, session editor" in report.question
    assert len(report.timeline) == 3


def test_a_stream_that_failed() -> None:
    lines = [
        line("stream_requested", 10, bytes=405, content_type="markdown", **IDS),
        line("fault_raised", 9.5, "ERROR", source="content", error_id="e-1", exception="x\nKeyError: 1", **IDS),
        line("stream_ended", 9, outcome="error", code="PROCESSING_ERROR", **IDS),
    ]
    report = answer_subject(Subject(Kind.FAULT, "e-1"), evidence(lines=lines))
    assert report.status is Status.CAUSE
    assert "PROCESSING_ERROR" in report.answer
    assert "log: error id e-1: KeyError: 1" in report.findings[0].facts
    assert report.findings[0].runbook == "high-error-rate.md"


def test_a_session_with_mistakes() -> None:
    lines = [
        line("connection_opened", 20, session_id="editor", connection_id="c-1"),
        line("stream_requested", 10, **IDS),
        line("stream_completed", 9, outcome="completed", **IDS),
        *(
            line("error_sent", 8 - number, code="INVALID_SPEED", session_id="editor", connection_id="c-1")
            for number in range(5)
        ),
        line("connection_closed", 1, reason="client", code=1000, session_id="editor", connection_id="c-1"),
    ]
    report = answer_subject(Subject(Kind.SESSION, "editor"), evidence(lines=lines))
    assert report.answer.startswith(
        "1 connection; 1 stream: 1 completed; errors: 5 INVALID_SPEED. It received 5 INVALID_SPEED"
    )
    assert [finding.cause for finding in report.findings] == ["error_invalid_speed"]
    assert [moment.what for moment in report.timeline].count("error sent") == 1


def test_a_session_that_went_well() -> None:
    lines = [
        line("connection_opened", 20, session_id="editor", connection_id="c-1"),
        line("connection_closed", 1, reason="client", code=1000, session_id="editor", connection_id="c-1"),
    ]
    report = answer_subject(Subject(Kind.SESSION, "editor"), evidence(lines=lines))
    assert (report.status, report.answer) == (Status.WELL, "1 connection; 0 streams. Nothing wrong found.")


def test_the_service_at_that_time_is_in_the_background() -> None:
    lines = [line("stream_requested", 10, **IDS), line("stream_completed", 9, outcome="completed", **IDS)]
    series = [counter("stream_usage_dropped_total", 7)]
    report = answer_subject(Subject(Kind.STREAM, "s-1"), evidence(series, lines))
    assert report.status is Status.WELL
    assert [finding.cause for finding in report.background.causes] == ["usage_dropped"]

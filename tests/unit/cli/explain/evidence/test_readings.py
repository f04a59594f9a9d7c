"""Evidence is in order, has each line and span once, and covers a part of the period."""

from service.cli.explain.evidence import Span
from tests.unit.cli.explain.given import END, PERIOD, evidence, gauge, line

ONE, TWO = line("error_sent", 20, code="A"), line("error_sent", 20, code="B")


def test_a_line_of_two_sources_is_there_once() -> None:
    assert evidence(lines=[TWO, ONE, TWO, ONE]).lines == (ONE, TWO)


def test_a_span_of_two_sources_is_there_once() -> None:
    one, two = (Span("store", "t", name, "", 1.0, 2.0) for name in ("1", "2"))
    assert evidence(spans=[two, one, two, one]).spans == (one, two)


def test_lines_are_selected_by_event_time_and_field() -> None:
    old, end = line("error_sent", 1000, code="A"), line("stream_ended", 5)
    found = evidence(lines=[end, old, ONE, TWO, line("error_sent", -5, code="A")])
    assert found.logged("error_sent", code="A") == [old, ONE]
    assert found.recent("stream_ended", "error_sent") == [ONE, TWO, end]
    assert found.logged("error_sent", after=END - 20) == [ONE, TWO]


def test_the_recent_time_that_was_seen() -> None:
    assert evidence([gauge("up", 1)]).recent_seconds == PERIOD.quiet_seconds
    assert evidence(lines=[ONE]).recent_seconds == 20
    assert evidence().recent_seconds == 1

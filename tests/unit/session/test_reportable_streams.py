"""Reports of clients about streams that have ended."""

import pytest

from service.events import ClientReported, MessageReceived
from service.session.options import SessionOptions
from tests.unit.session.conversation import TRACE, Conversation

ON = SessionOptions(client_reports=True)


def stream_whole(conversation: Conversation, count: int = 1) -> None:
    for _ in range(count):
        conversation.stream("a ", "b")
        conversation.sleep_until(conversation.now + 1)


def report(conversation: Conversation, stream_id: str = "stream-1", **fields: object) -> list[str]:
    """Send a report; return the ids of the streams of which there is one so far."""
    assert conversation.send(type="client_report", stream_id=stream_id, **fields) == [], "a report has no reply"
    return [event.stream_id for event in conversation.event(ClientReported)]


def test_a_report_is_recorded_with_the_trace_of_its_stream() -> None:
    conversation = Conversation(options=ON)
    stream_whole(conversation)
    report(conversation, first_chunk_ms=250, longest_gap_ms=600_000, breaks=100)
    assert conversation.event(ClientReported) == [
        ClientReported("s-1", "stream-1", TRACE, first_chunk_seconds=0.25, gap_seconds=600.0, breaks=100)
    ]


def test_what_was_not_measured_is_absent() -> None:
    conversation = Conversation(options=ON)
    stream_whole(conversation)
    report(conversation)
    assert conversation.event(ClientReported) == [ClientReported("s-1", "stream-1", TRACE, None, None, 0)]


def test_only_the_first_report_of_a_stream_that_ended_here_counts() -> None:
    conversation = Conversation(options=ON)
    conversation.stream("a ", "b")
    assert report(conversation) == [], "it has not ended"
    assert report(conversation, "another") == []
    conversation.sleep_until(1)
    assert report(conversation) == ["stream-1"]
    assert report(conversation) == ["stream-1"]


def test_a_cancelled_stream_may_be_reported_and_one_that_had_not_started_not() -> None:
    conversation = Conversation(options=ON)
    conversation.stream("a ", "b")
    conversation.request()
    conversation.control("cancel")
    conversation.control("cancel")
    assert report(conversation, "stream-1") == ["stream-1"]
    assert report(conversation, "stream-2") == ["stream-1"]


def test_a_report_may_be_about_one_of_the_last_ten_streams() -> None:
    conversation = Conversation(options=ON)
    stream_whole(conversation, 11)
    assert report(conversation, "stream-1") == []
    assert report(conversation, "stream-2") == ["stream-2"]


def test_reports_are_announced_where_they_are_evaluated_and_ignored_elsewhere() -> None:
    on, off = Conversation(options=ON), Conversation()
    assert on.last()["client_reports"] is True
    assert "client_reports" not in off.last()
    stream_whole(off)
    assert report(off) == []
    assert off.event(MessageReceived)[-1].type == "client_report"


def test_a_report_costs_no_request_and_restarts_the_idle_time() -> None:
    conversation = Conversation(options=ON)
    stream_whole(conversation)
    conversation.now += conversation.limits.idle_timeout_seconds - 2
    report(conversation)
    conversation.sleep_until(conversation.now + conversation.limits.idle_timeout_seconds - 1)
    assert (conversation.close, conversation.used) == (None, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"stream_id": 1},
        {"stream_id": "x" * 65},
        *({"stream_id": "stream-1", "first_chunk_ms": value} for value in (-1, 600_001, 1.5, "1", None)),
        *({"stream_id": "stream-1", "longest_gap_ms": value} for value in (-1, 600_001, 1.5, "1", None)),
        *({"stream_id": "stream-1", "breaks": value} for value in (-1, 101, 0.5, True, None)),
        {},
    ],
)
def test_values_out_of_bounds_are_refused_and_the_connection_stays_open(fields: dict[str, object]) -> None:
    conversation = Conversation(options=ON)
    stream_whole(conversation)
    [error] = conversation.send(type="client_report", **fields)
    assert (error["code"], error["fatal"]) == ("INVALID_MESSAGE", False)
    assert (conversation.event(ClientReported), conversation.close) == ([], None)
    assert report(conversation) == ["stream-1"], "a correct report may follow"

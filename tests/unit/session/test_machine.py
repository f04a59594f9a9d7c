"""The whole connection: its first message, its errors and its end."""

import pytest

from service.events import (
    CloseReason,
    ConnectionClosed,
    ErrorSent,
    Outcome,
)
from service.protocol.close_codes import CloseCode
from service.protocol.errors import ErrorCode, InternalError
from service.protocol.limits import Limits
from service.protocol.messages import Speed
from service.session.effects import Admit
from service.session.step import Close
from tests.unit.session.conversation import Conversation, at, plan_of


def test_connected_has_the_limits_in_force_and_what_is_left_of_them() -> None:
    limits = Limits(max_requests=7, idle_timeout_seconds=0.5, max_session_seconds=60)
    conversation = Conversation(limits, requests_used=3, seconds_left=30)
    assert conversation.last() == {
        "type": "connected",
        "session_id": "s-1",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "limits": {
            "max_requests": 7,
            "max_content_size": 100_000,
            "max_session_duration": 60,
            "idle_timeout": 0.5,
            "chunk_timeout": 5,
            "max_chunk_size": 1000,
            "resume_ttl": 300,
        },
        "version": "2.4.1",
        "requests_left": 4,
        "session_expires_at": "2023-11-14T22:13:50.000Z",
    }


def test_ping_and_heartbeat_are_answered_at_once_also_during_a_stream() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", "c")
    assert conversation.send(type="ping") == [{"type": "pong", "timestamp": "2023-11-14T22:13:20.000Z"}]
    assert conversation.send(type="heartbeat") == [
        {"type": "heartbeat_ack", "timestamp": "2023-11-14T22:13:20.000Z", "session_id": "s-1"}
    ]


def test_an_invalid_message_gets_an_error_and_the_stream_continues() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    [error] = conversation.receive("nonsense")
    assert (error["code"], error["fatal"]) == ("INVALID_MESSAGE", False)
    conversation.sleep_until(1)
    assert conversation.outcomes == [Outcome.COMPLETED]


def test_a_fault_ends_all_streams_and_closes_with_1011() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.execute(conversation.machine.fail(InternalError("Report id 7."), at(0.0)))
    assert (conversation.last()["code"], conversation.last()["fatal"], conversation.close_code) == (
        "INTERNAL_ERROR",
        True,
        1011,
    )
    assert conversation.outcomes == [Outcome.ERROR]


@pytest.mark.parametrize(
    ("code", "failure", "reason"),
    [
        (1000, None, CloseReason.CLIENT),
        (1001, None, CloseReason.CLIENT),
        (1006, None, CloseReason.ABNORMAL),
        (1002, None, CloseReason.ABNORMAL),
        (1002, CloseReason.PROTOCOL_ERROR, CloseReason.PROTOCOL_ERROR),
        (1011, CloseReason.KEEPALIVE_TIMEOUT, CloseReason.KEEPALIVE_TIMEOUT),
    ],
)
def test_a_disconnect_ends_all_streams(code: int, failure: CloseReason | None, reason: CloseReason) -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.now = 3.0
    conversation.execute(conversation.machine.disconnect(code, failure, at(3.0)))
    assert conversation.outcomes == [Outcome.DISCONNECTED]
    [closed] = conversation.event(ConnectionClosed)
    assert (closed.reason, closed.code, closed.duration_seconds, closed.requests) == (reason, code, 3.0, 1)


def test_the_close_reason_is_that_of_the_service_if_it_closed_first() -> None:
    conversation = Conversation(seconds_left=1)
    conversation.sleep_until(1)
    conversation.execute(conversation.machine.disconnect(1006, None, at(1.0)))
    [closed] = conversation.event(ConnectionClosed)
    assert closed.reason is CloseReason.SESSION_TIMEOUT


def test_a_drain_finishes_the_active_stream_starts_no_other_and_closes_with_1012() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.request("waiting")
    conversation.run_effects()
    conversation.execute(conversation.machine.drain(9.0, at(0.0)))
    assert conversation.close is None
    conversation.sleep_until(0.03)
    assert conversation.types()[-2:] == ["chunk", "stream_complete"]
    assert conversation.close == Close(CloseCode.RESTART)  # without a wait: the client has a request
    assert conversation.outcomes == [Outcome.COMPLETED, Outcome.SHUTDOWN]


def test_after_the_last_stream_of_a_drain_the_client_waits_for_its_time() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.execute(conversation.machine.drain(9.0, at(0.0)))
    conversation.sleep_until(0.03)
    assert conversation.close is not None
    assert conversation.close.retry_after_ms == round(1000 * (9.0 - conversation.now))


def test_a_request_that_waits_for_its_admission_closes_the_connection_at_the_drain() -> None:
    conversation = Conversation()
    conversation.request("waiting")
    conversation.execute(conversation.machine.drain(9.0, at(0.0)))
    assert conversation.close == Close(CloseCode.RESTART)


def test_an_idle_connection_stays_in_a_drain_until_its_shutdown() -> None:
    conversation = Conversation()
    conversation.execute(conversation.machine.drain(9.0, at(0.0)))
    conversation.receive('{"type": "ping"}')
    assert (conversation.last()["type"], conversation.close) == ("pong", None)
    conversation.execute(conversation.machine.shutdown(9.0, at(1.5)))
    assert conversation.close == Close(CloseCode.RESTART, retry_after_ms=7500)


@pytest.mark.parametrize(
    "request_",
    [
        '{"type": "stream_request", "content": "x"}',
        '{"type": "recover", "stream_id": "x", "last_index": 1, "token": "t"}',
    ],
)
def test_a_request_on_an_idle_connection_in_a_drain_closes_it_unanswered_and_uncharged(request_: str) -> None:
    conversation = Conversation()
    conversation.execute(conversation.machine.drain(9.0, at(0.0)))
    conversation.receive(request_)
    assert conversation.close == Close(CloseCode.RESTART)
    assert (conversation.types(), conversation.outcomes) == (["connected"], [])
    assert not conversation.pending(Admit)


def test_a_shutdown_ends_all_streams_at_once() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    conversation.execute(conversation.machine.shutdown(0.0, at(0.0)))
    assert conversation.close_code == 1012
    assert conversation.outcomes == [Outcome.SHUTDOWN]


def test_every_error_message_is_an_event() -> None:
    conversation = Conversation()
    conversation.receive("{}")
    conversation.request("")
    conversation.control("pause")
    assert [event.code for event in conversation.event(ErrorSent)] == [
        ErrorCode.UNKNOWN_MESSAGE_TYPE,
        ErrorCode.EMPTY_CONTENT,
        ErrorCode.NO_ACTIVE_STREAM,
    ]


def test_an_hour_of_streaming_needs_no_more_wake_ups_than_chunks() -> None:
    conversation = Conversation(Limits(max_requests=1000))
    wake_ups = 0
    while conversation.close is None:
        if conversation.last()["type"] in {"connected", "stream_complete"}:
            conversation.request()
            conversation.run_effects(plan_of(["word "] * 200, Speed.NORMAL))
        assert conversation.wake_at is not None
        conversation.now = conversation.wake_at
        conversation.tick()
        wake_ups += 1
    assert conversation.close_code == 4010
    assert conversation.now == 3600.0
    chunks = len(conversation.all("chunk"))
    assert chunks > 35_000
    assert wake_ups <= chunks + 1

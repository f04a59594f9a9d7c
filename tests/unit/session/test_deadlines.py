"""The session, idle and stalled deadlines of a connection."""

import pytest

from service.events import (
    Outcome,
)
from service.protocol.limits import Limits
from service.protocol.messages import Speed
from tests.unit.session.conversation import Conversation, at


def test_the_session_ends_at_its_deadline_also_during_a_stream() -> None:
    conversation = Conversation(seconds_left=0.1)
    conversation.stream(*"abcdefgh")
    conversation.request("waiting")
    conversation.run_effects()
    conversation.sleep_until(0.0999)
    assert conversation.close is None
    conversation.sleep_until(0.1)
    assert (conversation.last()["code"], conversation.last()["fatal"]) == ("SESSION_TIMEOUT", True)
    assert conversation.close_code == 4010
    assert conversation.outcomes == [Outcome.TIMEOUT] * 2
    assert conversation.send(type="ping") == [], "nothing is sent after the end"


def test_a_message_at_the_deadline_is_too_late() -> None:
    conversation = Conversation(seconds_left=5)
    conversation.now = 5.0
    [error] = conversation.request()
    assert error["code"] == "SESSION_TIMEOUT"
    assert not conversation.effects


def test_idle_time_starts_at_the_accept_at_each_message_and_at_the_end_of_a_stream() -> None:
    limits = Limits(idle_timeout_seconds=10)
    from_accept = Conversation(limits)
    assert from_accept.wake_at == 10.0
    from_accept.now = 9.0
    from_accept.receive("not even JSON")
    assert from_accept.wake_at == 19.0
    from_accept.sleep_until(19.0)
    assert (from_accept.last()["code"], from_accept.close_code) == ("IDLE_TIMEOUT", 4111)

    from_stream = Conversation(limits)
    from_stream.stream(*(f"{k}" for k in range(101)), speed=Speed.SLOW)
    from_stream.sleep_until(30.5)
    assert from_stream.outcomes == [Outcome.COMPLETED], "an active stream suspends the idle timeout"
    assert from_stream.wake_at == pytest.approx(40.0)


def test_a_paused_stream_does_not_suspend_the_idle_timeout() -> None:
    conversation = Conversation(Limits(idle_timeout_seconds=10))
    conversation.stream("a", "b")
    conversation.control("pause")
    conversation.sleep_until(10.0)
    assert conversation.close_code == 4111
    assert conversation.outcomes == [Outcome.TIMEOUT]


def test_a_client_that_receives_nothing_for_the_chunk_timeout_is_disconnected() -> None:
    conversation = Conversation(Limits(chunk_timeout_seconds=5))
    conversation.stream("a", "b")
    conversation.set_blocked(True)
    conversation.sleep_until(4.999)
    assert conversation.close is None
    conversation.sleep_until(5.0)
    assert conversation.close is not None
    assert (conversation.close.code, conversation.close.abort) == (4102, True)
    assert conversation.outcomes == [Outcome.SLOW_CLIENT]


def test_progress_of_a_blocked_connection_restarts_the_chunk_timeout() -> None:
    conversation = Conversation(Limits(chunk_timeout_seconds=5))
    conversation.stream("a", "b")
    conversation.set_blocked(True)
    for seconds in (5.0, 10.0, 15.0):
        assert not conversation.machine.stalled(at(seconds - 0.1))
        assert conversation.machine.stalled(at(seconds))
        conversation.machine.progress(at(seconds))
    conversation.sleep_until(19.9)
    assert conversation.close is None
    conversation.sleep_until(20.0)
    assert conversation.close_code == 4102

"""How readers control live streams, and how these end."""

import pytest

from service.access.scope import Grant, Scope
from service.events import (
    LiveReaderDetached,
    ReadingEnd,
)
from service.live.records import LiveState
from service.protocol.messages import Speed
from service.session.effects import Admit, Prepare
from service.session.live_effects import AttachLive
from tests.unit.session.conversation import at, user
from tests.unit.session.live_stream import LiveConversation, Stream
from tests.unit.session.test_watches import started


def test_a_lost_producer_is_reported_and_so_is_its_return() -> None:
    conversation = started()
    stream = conversation.streams["live-1"]
    for seconds, state in ((5.0, LiveState.STALLED), (15.0, LiveState.INTERRUPTED), (20.0, LiveState.OPEN)):
        conversation.sleep_until(seconds)
        stream.state = state
        conversation.change()
        conversation.change()
    stalled, interrupted, continued = conversation.sent[-3:]
    assert (stalled[1]["type"], stalled[1]["seconds"]) == ("stream_stalled", 5)
    assert interrupted[1]["type"] == "stream_interrupted"
    assert interrupted[1]["until"] == at(315.0).timestamp
    assert (continued[1]["type"], continued[1]["stream_id"]) == ("stream_continued", "live-1")
    conversation.append("back ")
    conversation.append("again")
    assert conversation.last()["data"] == "back "


def test_an_error_of_the_producer_ends_it_after_the_rest() -> None:
    conversation = started()
    conversation.append("The first half")
    conversation.request("next")
    conversation.end(LiveState.ERROR)
    conversation.sleep_until(1.0)
    assert conversation.shown == "The first half"
    error = conversation.last()
    assert (error["code"], error["stream_id"], error["fatal"]) == ("PRODUCER_FAILED", "live-1", False)
    assert [event.end for event in conversation.event(LiveReaderDetached)] == [ReadingEnd.ERROR]
    conversation.decide(conversation.pending(Admit)[0])
    assert len(conversation.pending(Prepare)) == 1


def test_a_cancelled_stream_ends_at_once() -> None:
    conversation = started()
    conversation.append("The first half, and more that is not sent ")
    conversation.end(LiveState.CANCELLED)
    assert conversation.last()["type"] == "stream_cancelled"
    assert conversation.last()["stream_id"] == "live-1"
    assert conversation.cancelled == []


def test_a_reader_cancels_it_for_all() -> None:
    conversation = started(text="one ")
    [message] = conversation.control("cancel")
    assert (message["type"], message["stream_id"]) == ("stream_cancelled", "live-1")
    assert conversation.cancelled == ["live-1"]
    assert conversation.detached == conversation.attached
    assert [event.end for event in conversation.event(LiveReaderDetached)] == [ReadingEnd.CANCELLED]


def test_a_stream_of_another_session_cannot_be_cancelled() -> None:
    conversation = LiveConversation(Stream("live-2", session_key="another"), Stream())
    conversation.watch("live-2")
    assert conversation.control("cancel") == []
    conversation.attach()
    assert (conversation.last()["code"], conversation.cancelled) == ("UNKNOWN_STREAM", [])
    conversation.watch("live-1")
    conversation.control("cancel")
    conversation.attach()
    assert (conversation.types()[-2:], conversation.cancelled) == (["stream_start", "stream_cancelled"], ["live-1"])


def test_a_cancellation_before_the_start_outlives_a_replacement() -> None:
    conversation = LiveConversation(Stream())
    conversation.watch()
    conversation.control("cancel")
    conversation.watch(request_id="w")
    conversation.attach()
    conversation.attach()
    assert (conversation.types()[-2:], conversation.cancelled) == (["stream_start", "stream_cancelled"], ["live-1"])
    assert conversation.detached == conversation.attached


def test_a_reader_leaves_and_comes_back() -> None:
    conversation = started(text="one ")
    [left] = conversation.control("leave")
    assert (left["type"], left["stream_id"]) == ("stream_left", "live-1")
    assert (conversation.cancelled, conversation.detached) == ([], conversation.attached)
    conversation.append("two ")
    conversation.watch(settled=4)
    conversation.attach()
    assert conversation.shown == "two "
    assert conversation.control("leave")[0]["type"] == "stream_left"
    assert conversation.control("leave")[0]["code"] == "NO_ACTIVE_STREAM"


def test_leave_and_a_waiting_reading() -> None:
    conversation = LiveConversation(Stream())
    conversation.watch()
    assert conversation.control("leave")[0]["type"] == "stream_left"
    conversation.attach()
    assert conversation.detached == conversation.attached
    conversation.stream("a ", "b ")
    assert conversation.control("leave")[0]["code"] == "NO_ACTIVE_STREAM"


@pytest.mark.parametrize("scopes", [{Scope.WATCH}, {Scope.STREAM}, {Scope.WATCH, Scope.CONTROL}])
def test_reading_takes_no_scope_and_cancelling_control(scopes: set[Scope]) -> None:
    conversation = LiveConversation(
        Stream(session_key="u-1/s-1"), principal=user(None, grant=Grant(frozenset(scopes))), space="u-1"
    )
    conversation.watch()
    effect = conversation.pending(AttachLive)[0]
    conversation.streams["live-1"] = Stream(session_key=effect.target.session_key)
    conversation.attach()
    for action in ("pause", "resume", "skip"):
        assert conversation.control(action)[0]["type"] != "error"
    [message] = conversation.control("cancel")
    assert message["type" if Scope.CONTROL in scopes else "code"] == (
        "stream_cancelled" if Scope.CONTROL in scopes else "FORBIDDEN"
    )
    assert conversation.machine.idle == (Scope.CONTROL in scopes)


def test_a_paused_reader_receives_no_chunk_and_no_end() -> None:
    conversation = started()
    conversation.control("pause")
    conversation.append("one two ")
    conversation.end()
    conversation.sleep_until(3.0)
    assert conversation.types()[-1] == "stream_paused"
    conversation.control("resume")
    assert conversation.types()[-2:] == ["chunk", "stream_complete"]
    assert conversation.event(LiveReaderDetached)[0].paused_seconds == 3.0


def test_a_skip_and_a_pause_before_the_start_hold_from_it_on() -> None:
    conversation = LiveConversation(Stream(speed=Speed.SLOW))
    conversation.watch()
    conversation.control("skip")
    conversation.control("pause")
    conversation.attach()
    conversation.append("one two ")
    assert conversation.types()[-1] == "stream_start"
    conversation.control("resume")
    conversation.append("three ")
    conversation.append("four ")
    assert conversation.shown == "one two three four "
    conversation.end()
    assert conversation.last()["metadata"]["skipped"]

"""The queue of a connection and its limit."""

from msgspec.structs import replace

from service.protocol.limits import QUEUE_LENGTH, Limits
from service.protocol.messages import Speed
from service.session.effects import GetStream
from tests.unit.session.conversation import Conversation
from tests.unit.session.memory_store import MemoryStore
from tests.unit.session.recovery import OTHER, STREAM, TOKEN, start_stream


def test_the_queue_holds_ten_requests_behind_the_current_one() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    for _ in range(QUEUE_LENGTH):
        assert conversation.request() == []
    [error] = conversation.request(request_id="late")
    assert (error["code"], error["retryable"], error["request_id"]) == ("QUEUE_FULL", True, "late")
    conversation.run_effects()
    conversation.sleep_until(0.03)
    assert conversation.request() == [], "one has left, so one may come"


def test_a_request_that_is_refused_while_it_waits_leaves_the_queue() -> None:
    conversation = Conversation(Limits(max_requests=1))
    conversation.request("a", request_id="a")
    conversation.request("b", request_id="b")
    conversation.run_effects()
    assert conversation.all("error")[0]["request_id"] == "b"
    assert conversation.all("stream_complete")[0]["request_id"] == "a"


def test_a_recovery_waits_in_the_queue_and_controls_act_on_it() -> None:
    store = MemoryStore()
    start_stream(store)
    store.records["old"] = replace(store.records[STREAM], stream_id="old")
    second = Conversation(token=OTHER, store=store)
    second.stream("a ", "b ", speed=Speed.SLOW)
    second.recover("old", 17, TOKEN)
    second.run_effects()
    assert second.pending(GetStream) == []
    second.sleep_until(0.3)
    second.run_effects()
    second.control("cancel")
    assert [message["type"] for _, message in second.sent[-5:]] == [
        "chunk",
        "stream_complete",
        "stream_recovered",
        "chunk",
        "stream_cancelled",
    ]
    assert "old" not in store.records, "a cancelled stream is deleted"


def test_a_recovery_counts_in_the_queue() -> None:
    conversation = Conversation(token=OTHER)
    for _ in range(11):
        conversation.request()
    conversation.recover(STREAM, 0, TOKEN)
    assert conversation.last()["code"] == "QUEUE_FULL"

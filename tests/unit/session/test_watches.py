"""Live streams on a connection: offered and watched, in their turn, with their controls and ends."""

from typing import Any

import pytest

from service.events import (
    ChunkSent,
    ClientReported,
    LiveFirstChunkSent,
    LiveReaderAttached,
    LiveReaderDetached,
    ReadingEnd,
    ReadingWay,
)
from service.live.records import LiveState
from service.protocol.errors import ProcessingFailed
from service.protocol.limits import QUEUE_LENGTH, Limits
from service.protocol.messages import HtmlMode, Speed
from service.session.effects import Admit, EffectFailed, Prepare
from service.session.live_effects import AttachLive, ListLive
from service.session.options import SessionOptions
from tests.unit.session.conversation import at, plan_of
from tests.unit.session.live_stream import LiveConversation, Stream


def started(*, text: str = "", **fields: Any) -> LiveConversation:  # noqa: ANN401 - those of a conversation
    """A conversation to which a live stream with some text was offered, and which has started."""
    conversation = LiveConversation(Stream(), **fields)
    if text:
        conversation.append(text)
    conversation.offer()
    conversation.attach()
    return conversation


def test_a_stream_is_offered_when_the_connection_opens_and_sent_as_it_arrives() -> None:
    conversation = LiveConversation(Stream(request_id="r-1"))
    conversation.list_streams()
    [start] = conversation.attach()
    assert start["type"] == "stream_start"
    assert (start["live"], start["settled"], start["total_chunks"], start["resumable"]) == (True, 0, 0, False)
    assert (start["request_id"], start["stream_id"]) == ("r-1", "live-1")
    assert start["metadata"]["speed_used"] == "adaptive"
    [chunk] = conversation.append("Hello, wor")
    assert (chunk["data"], chunk["index"], chunk["settled"]) == ("Hello, ", 0, 7)
    assert "from" not in chunk
    assert "close" not in chunk
    conversation.sleep_until(1.0)
    conversation.append("ld!")
    conversation.end()
    conversation.sleep_until(2.0)
    assert conversation.shown == "Hello, world!"
    complete = conversation.last()
    assert (complete["type"], complete["live"], complete["metadata"]["bytes"]) == ("stream_complete", True, 13)
    assert complete["total_chunks"] == len(conversation.all("chunk"))
    assert conversation.detached == conversation.attached


def test_nothing_is_listed_and_nothing_known_without_live_streams() -> None:
    conversation = LiveConversation(Stream(), options=SessionOptions())
    assert conversation.pending(ListLive) == []
    [error] = conversation.watch(request_id="w")
    assert (error["code"], error["request_id"], error["stream_id"]) == ("UNKNOWN_STREAM", "w", "live-1")
    assert conversation.offer() == []
    assert conversation.pending(AttachLive) == []


def test_a_stream_is_offered_once() -> None:
    conversation = started()
    conversation.offer()
    conversation.list_streams()
    assert conversation.pending(AttachLive) == []
    conversation.control("leave")
    conversation.offer()
    assert conversation.pending(AttachLive) == []
    conversation.watch()
    assert len(conversation.pending(AttachLive)) == 1


def test_a_watch_starts_where_the_reader_left_and_has_its_options() -> None:
    conversation = LiveConversation(Stream())
    conversation.append("Hello, world! ")
    conversation.watch(settled=7, html_mode="incremental", chunk_by="sentence", speed="slow", request_id="w")
    [effect] = conversation.pending(AttachLive)
    assert (effect.target.settled, effect.target.html_mode, effect.target.chunk_by) == (7, "incremental", "sentence")
    start, chunk = conversation.attach()
    assert (start["settled"], start["request_id"], start["metadata"]["speed_used"]) == (7, "w", "slow")
    assert (chunk["index"], chunk["data"]) == (0, "world! ")
    [attached] = conversation.event(LiveReaderAttached)
    assert (attached.way, attached.late, attached.settled) == (ReadingWay.WATCH, True, 7)


def test_the_html_mode_is_that_of_the_last_request_or_watch() -> None:
    conversation = LiveConversation(Stream(), Stream("live-2"), Stream("live-3"))
    conversation.offer()
    assert conversation.pending(AttachLive)[0].target.html_mode is HtmlMode.FRAGMENT
    conversation.attach()
    conversation.request(html_mode="incremental")
    conversation.watch("live-2")
    conversation.watch("live-3", html_mode="fragment")
    conversation.control("leave")
    for effect in conversation.pending(Admit):
        conversation.decide(effect)
    conversation.prepare(conversation.pending(Prepare)[0], plan_of(["a"]))
    conversation.sleep_until(1.0)
    assert conversation.pending(AttachLive)[0].target.html_mode is HtmlMode.INCREMENTAL


def test_it_takes_its_turn_in_the_queue() -> None:
    conversation = LiveConversation(Stream())
    conversation.stream("a ", "b ", "c ", speed=Speed.NORMAL)
    conversation.watch()
    assert conversation.pending(AttachLive) == []
    conversation.request("later")
    conversation.decide(conversation.pending(Admit)[0])
    conversation.sleep_until(1.0)
    assert conversation.types()[-1] == "stream_complete"
    conversation.attach()
    assert conversation.pending(Prepare) == []
    conversation.end()
    assert conversation.types()[-1] == "stream_complete"
    assert len(conversation.pending(Prepare)) == 1


def test_it_needs_a_place_in_the_queue() -> None:
    conversation = started()
    for number in range(QUEUE_LENGTH):
        conversation.request(f"{number}")
    [error] = conversation.watch("live-2", request_id="w")
    assert (error["code"], error["stream_id"], error["request_id"]) == ("QUEUE_FULL", "live-2", "w")
    assert conversation.offer("live-3") == []
    assert conversation.watch() == []  # it replaces
    assert len(conversation.pending(AttachLive)) == 1


def test_a_second_watch_replaces_the_first_while_it_runs() -> None:
    conversation = started(text="one two three ")
    conversation.request("waits")
    conversation.watch(settled=4, request_id="w")
    assert conversation.detached == conversation.attached
    start, chunk = conversation.attach()
    assert (start["request_id"], start["settled"], chunk["index"], chunk["data"]) == ("w", 4, 0, "two three ")
    assert [event.end for event in conversation.event(LiveReaderDetached)] == [ReadingEnd.LEFT]
    conversation.end()
    assert conversation.types().count("stream_complete") == 1


def test_a_reading_that_was_replaced_while_it_was_attached_is_detached() -> None:
    conversation = LiveConversation(Stream())
    conversation.offer()
    conversation.watch(request_id="w")
    assert len(conversation.pending(AttachLive)) == 2
    conversation.attach()
    assert conversation.detached == conversation.attached
    assert conversation.types() == ["connected"]
    conversation.attach()
    assert conversation.last()["request_id"] == "w"


def test_a_pause_outlives_a_replacement() -> None:
    conversation = started(text="one two ")
    conversation.control("pause")
    conversation.watch()
    assert [message["type"] for message in conversation.attach()] == ["stream_start"]
    conversation.append("three ")
    conversation.sleep_until(2.0)
    assert conversation.types()[-1] == "stream_start"
    conversation.control("resume")
    assert conversation.shown == "one two three "


@pytest.mark.parametrize("asked", [True, False])
def test_an_unknown_stream_is_an_error_for_those_who_asked(asked: bool) -> None:
    conversation = LiveConversation(Stream("live-2", session_key="another"))
    if asked:
        conversation.watch("live-2", request_id="w")
    else:
        conversation.offer("live-2")
    conversation.watch("unheard-of")
    messages = conversation.attach()
    assert [message["code"] for message in messages] == ["UNKNOWN_STREAM"] * asked
    [message] = conversation.attach()
    assert (message["code"], message["stream_id"]) == ("UNKNOWN_STREAM", "unheard-of")
    assert conversation.machine.idle


def test_a_store_that_is_unavailable_is_an_error_that_can_be_repeated() -> None:
    conversation = LiveConversation(Stream())
    conversation.watch(request_id="w")
    [error] = conversation.attach(failing=True)
    assert (error["code"], error["retry_after_ms"], error["request_id"]) == ("SERVER_BUSY", 1000, "w")
    conversation.watch()
    [error] = conversation.resolve(
        EffectFailed(conversation.pending(AttachLive)[0].ticket, ProcessingFailed("It failed."))
    )
    assert error["code"] == "PROCESSING_ERROR"
    assert conversation.machine.idle


def test_a_pause_ends_with_an_offer_that_cannot_be_read() -> None:
    """The next stream is not paused, so the client must not take its chunks for a mistake."""
    conversation = LiveConversation(Stream())
    conversation.list_streams()
    conversation.control("pause")
    assert [message["type"] for message in conversation.attach(failing=True)] == ["stream_resumed"]


def test_a_blocked_connection_receives_nothing_and_then_all_at_once() -> None:
    conversation = started()
    conversation.append("one ")
    conversation.set_blocked(True)
    for _ in range(10):
        conversation.now += 0.3
        conversation.append("more and more ")
    before = len(conversation.all("chunk"))
    conversation.set_blocked(False)
    assert len(conversation.all("chunk")) == before + 1
    assert conversation.shown == "one " + "more and more " * 10


def test_the_idle_time_passes_only_during_a_pause() -> None:
    limits = Limits(idle_timeout_seconds=30)
    conversation = started(limits=limits)
    conversation.streams["live-1"].state = LiveState.INTERRUPTED
    conversation.change()
    conversation.sleep_until(100.0)
    assert conversation.close is None
    conversation.control("pause")
    conversation.sleep_until(200.0)
    assert conversation.close_code == 4111


def test_every_end_of_the_connection_detaches_the_reading() -> None:
    conversation = started()
    conversation.watch("live-2")
    conversation.execute(conversation.machine.disconnect(1006, None, at(1.0)))
    assert conversation.detached == conversation.attached
    [event] = conversation.event(LiveReaderDetached)
    assert (event.end, event.seconds) == (ReadingEnd.DISCONNECTED, 1.0)
    assert conversation.machine.notice_live(at(2.0)) is None


def test_a_drain_lets_it_go_on_until_the_shutdown() -> None:
    conversation = started()
    conversation.execute(conversation.machine.drain(10.0, at(0.0)))
    conversation.offer("live-2")
    conversation.append("one ")
    assert conversation.append("two ")[-1]["type"] == "chunk"
    assert conversation.close is None
    conversation.execute(conversation.machine.shutdown(10.0, at(1.0)))
    assert (conversation.close_code, conversation.detached) == (1012, conversation.attached)


def test_a_drain_ends_with_the_stream_and_a_watch_is_for_the_next_server() -> None:
    conversation = started()
    conversation.execute(conversation.machine.drain(10.0, at(0.0)))
    conversation.end()
    assert conversation.close_code == 1012
    idle = LiveConversation(Stream())
    idle.execute(idle.machine.drain(10.0, at(0.0)))
    idle.watch()
    assert idle.close_code == 1012


def test_its_ack_has_no_effect_and_a_recover_is_refused() -> None:
    conversation = started(token="t" * 43)
    conversation.append("one ")
    conversation.append("two ")
    assert conversation.send(type="ack", stream_id="live-1", index=0) == []
    conversation.end()
    conversation.sleep_until(1.0)
    assert conversation.send(type="ack", stream_id="live-1", index=1) == []
    conversation.recover("live-1", 0, "t" * 43)
    conversation.run_effects()
    assert (conversation.last()["type"], conversation.last()["reason"]) == ("stream_recovered", "unknown")


def test_what_a_client_measured_of_it_is_accepted() -> None:
    conversation = started(options=SessionOptions(client_reports=True, resume_seconds=1.0))
    conversation.end()
    conversation.send(type="client_report", stream_id="live-1", first_chunk_ms=5)
    [event] = conversation.event(ClientReported)
    assert event.stream_id == "live-1"


def test_events_of_a_reading() -> None:
    conversation = started(options=SessionOptions(records_content=True, resume_seconds=1.0))
    conversation.sleep_until(1.0)
    conversation.append("one two")
    conversation.sleep_until(2.0)
    conversation.end()
    [attached] = conversation.event(LiveReaderAttached)
    assert (attached.way, attached.late, attached.connection_id) == (ReadingWay.UNASKED, False, "c-1")
    [first] = conversation.event(LiveFirstChunkSent)
    assert first.seconds == 1.0
    [detached] = conversation.event(LiveReaderDetached)
    assert (detached.end, detached.chunks, detached.bytes) == (ReadingEnd.COMPLETE, 2, 7)
    assert detached.first_chunk_seconds == 1.0
    assert [(event.index, event.data) for event in conversation.event(ChunkSent)] == [(0, "one "), (1, "two")]


def test_a_late_reader_has_no_first_chunk_to_measure() -> None:
    conversation = started(text="one two three ")
    assert len(conversation.all("chunk")) == 1
    assert conversation.event(LiveFirstChunkSent) == []

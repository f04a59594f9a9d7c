"""Pause, skip and backpressure of one stream."""

import pytest
from msgspec.structs import replace

from service.events import (
    BackpressureApplied,
    Outcome,
    StreamEnded,
)
from service.protocol.messages import Speed
from service.session.effects import (
    Admit,
    MarkSkip,
    Prepare,
    PutStream,
    StoreFailed,
)
from tests.unit.session.conversation import Conversation, plan_of
from tests.unit.session.memory_store import MemoryStore
from tests.unit.session.recovery import CHUNKS, STREAM, TOKEN, answer_of, chunks_of, start_recovery, start_stream


def test_a_pause_holds_back_chunks_and_a_resume_continues_after_the_last_one() -> None:
    conversation = Conversation()
    conversation.stream("a", "b")
    assert conversation.control("pause")[0]["type"] == "stream_paused"
    assert conversation.control("pause")[0]["type"] == "stream_paused", "a repeated pause is acknowledged again"
    conversation.sleep_until(100)
    assert len(conversation.all("chunk")) == 1
    assert conversation.control("resume")[0]["type"] == "stream_resumed"
    conversation.sleep_until(100.031)
    assert conversation.types()[-2:] == ["chunk", "stream_complete"]
    [ended] = conversation.event(StreamEnded)
    assert ended.paused_seconds == pytest.approx(100)


def test_a_skip_sends_the_remaining_chunks_at_once_merged() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", "c", "d")
    messages = conversation.control("skip")
    assert [message["type"] for message in messages] == ["stream_skipped", "chunk", "stream_complete"]
    assert (messages[1]["data"], messages[1]["index"]) == ("bcd", 1)
    assert messages[2]["total_chunks"] == 2
    assert messages[2]["metadata"]["skipped"]
    assert conversation.outcomes == [Outcome.SKIPPED]


def test_only_incremental_chunks_have_a_close_text_and_a_merged_chunk_that_of_its_last() -> None:
    conversation = Conversation()
    chunks, closes = ["<p>a ", "<b>b ", "c</b></p>", "<p>d</p>"], ["</p>", "</b></p>", "", ""]
    conversation.request("<p>a <b>b c</b></p><p>d</p>", content_type="html", html_mode="incremental")
    conversation.run_effects(plan_of(chunks, closes=closes, max_chunk_characters=16))
    conversation.control("skip")
    assert [(chunk["data"], chunk["close"]) for chunk in conversation.all("chunk")] == [
        ("<p>a ", "</p>"),
        ("<b>b c</b></p>", ""),
        ("<p>d</p>", ""),
    ]
    conversation.stream("<p>a</p>")
    assert set(conversation.all("chunk")[-1]) == {"type", "data", "index", "timestamp"}


def test_a_skip_of_a_paused_stream_resumes_it_first() -> None:
    conversation = Conversation()
    conversation.stream("a", "b", "c")
    conversation.control("pause")
    types = [message["type"] for message in conversation.control("skip")]
    assert types == ["stream_skipped", "stream_resumed", "chunk", "stream_complete"]


def test_a_skip_before_the_start_merges_all_chunks() -> None:
    conversation = Conversation()
    conversation.request("content")
    conversation.control("skip")
    conversation.run_effects(plan_of(["a", "b"]))
    assert conversation.types()[1:] == ["stream_skipped", "stream_start", "chunk", "stream_complete"]
    assert conversation.all("chunk")[0]["data"] == "ab"


def test_a_blocked_connection_gets_no_chunk_and_no_burst_afterwards() -> None:
    conversation = Conversation()
    conversation.stream(*"abcdefghij")
    conversation.set_blocked(True)
    conversation.sleep_until(4.0)
    assert len(conversation.all("chunk")) == 1
    conversation.set_blocked(False)
    assert len(conversation.all("chunk")) == 2
    assert len(conversation.event(BackpressureApplied)) == 1
    conversation.sleep_until(10)
    assert conversation.outcomes == [Outcome.COMPLETED]


def test_no_merged_chunk_is_sent_before_both_phases_of_the_skip_are_stored() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.control("skip")
    first.sleep_until(5)
    assert (first.last()["type"], chunks_of(first)) == ("stream_skipped", [(0, "0 ")])
    for settled in (False, True):
        (mark,) = first.pending(MarkSkip)
        assert (mark.index, mark.settled, len(chunks_of(first))) == (1, settled, 1)
        first.perform(mark)
    assert first.last()["type"] == "stream_complete"
    assert store.records[STREAM].skip_at == 1
    assert store.records[STREAM].skip_settled


@pytest.mark.parametrize("performs_failed_calls", [False, True])
def test_a_skip_that_cannot_be_stored_sends_unmerged_chunks(performs_failed_calls: bool) -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.sleep_until(0.07)
    store.unavailable, store.performs_failed_calls = True, performs_failed_calls
    first.control("skip")
    first.run_effects()
    assert chunks_of(first) == list(enumerate(CHUNKS)), "all at once, unmerged"
    store.unavailable = False
    assert answer_of(start_recovery(store, 2))["recovered"] is True, "the client has no chunk after the skip"
    store.records[STREAM] = replace(store.records[STREAM], skip_settled=False)
    later = start_recovery(store, 10)
    if performs_failed_calls:
        assert answer_of(later)["reason"] == "position", "the store may have the skip"
    else:
        assert chunks_of(later)[:1] == [(11, "11 ")]


def test_a_skip_of_a_stream_whose_storage_failed_sends_unmerged_chunks() -> None:
    store = MemoryStore()
    first = Conversation(token=TOKEN, store=store)
    first.request()
    first.perform(first.pending(Admit)[0])
    (prepare,), plan = first.pending(Prepare), plan_of(CHUNKS, Speed.SUPERFAST, max_chunk_characters=9)
    first.prepare(prepare, plan)
    (put,) = first.pending(PutStream)
    store.perform(put)
    first.resolve(StoreFailed(put.ticket))
    first.control("skip")
    assert not first.all("stream_start")[0]["resumable"]
    later = start_recovery(store, 4)
    later.sleep_until(2)
    assert chunks_of(first)[:5] + chunks_of(later) == list(enumerate(CHUNKS))


def test_a_skip_after_another_connection_acquired_the_stream_sends_unmerged_chunks() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.sleep_until(0.07)
    start_recovery(store, 2)
    first.control("skip")
    first.run_effects()
    sent = chunks_of(first)
    third = start_recovery(store, 4)
    third.sleep_until(2)
    assert sent[:5] + chunks_of(third) == list(enumerate(CHUNKS)), "unmerged, as the store has it"


def test_a_stream_whose_record_is_gone_can_be_skipped() -> None:
    store = MemoryStore()
    first = start_stream(store)
    store.records.clear()
    first.control("skip")
    first.run_effects()
    assert first.types()[-1] == "stream_complete"
    assert first.machine.leased_stream is None

"""Streams that go on elsewhere: exactly where they stopped, or not at all."""

import pytest
from msgspec.structs import replace

from service.events import (
    CloseReason,
    ConnectionClosed,
    FirstChunkSent,
    Outcome,
    RecoveryRefused,
    RequestAdmitted,
    StreamEnded,
    StreamRecovered,
)
from service.protocol.messages import Speed
from service.session.effects import Admit, GetStream, MarkSkip, Prepare, PutStream, StoreFailed
from service.session.records import Admission, StreamStatus
from tests.unit.session.conversation import Conversation, Message, at, plan_of
from tests.unit.session.memory_store import MemoryStore

TOKEN = "first token"
OTHER = "second token"
CHUNKS = [f"{k} " for k in range(20)]
STREAM = "stream-1"


def begun(store: MemoryStore, token: str = TOKEN, **fields: str) -> Conversation:
    """A connection with a stream of ``CHUNKS`` of which the first is out."""
    conversation = Conversation(token=token, store=store)
    conversation.request(**fields)
    conversation.run_effects(plan_of(CHUNKS, Speed.SUPERFAST, max_chunk_characters=9))
    return conversation


def recovering(store: MemoryStore, last_index: int, token: str = TOKEN, own: str = OTHER) -> Conversation:
    """A connection that has asked to go on."""
    conversation = Conversation(token=own, store=store)
    conversation.recover(STREAM, last_index, token)
    conversation.run_effects()
    return conversation


def chunks(*conversations: Conversation) -> list[tuple[int, str]]:
    return [
        (message["index"], message["data"]) for conversation in conversations for message in conversation.all("chunk")
    ]


def answer(conversation: Conversation) -> Message:
    (recovered,) = conversation.all("stream_recovered")
    return recovered


def test_a_connection_gets_a_token_and_its_streams_say_that_they_can_be_recovered() -> None:
    store = MemoryStore()
    conversation = begun(store)
    assert conversation.all("connected")[0]["resume_token"] == TOKEN
    assert conversation.all("stream_start")[0]["resumable"] is True
    assert TOKEN.encode() not in repr(store.records).encode(), "only its hash is stored"


def test_where_content_is_not_stored_nothing_is_offered() -> None:
    conversation = Conversation()
    conversation.stream(*CHUNKS)
    assert "resume_token" not in conversation.all("connected")[0]
    assert conversation.all("stream_start")[0]["resumable"] is False
    conversation.recover("any", -1, TOKEN)
    assert answer(conversation)["reason"] == "unavailable"


def test_a_stream_that_the_store_did_not_take_says_so_and_goes_on() -> None:
    store = MemoryStore()
    store.unavailable = True
    conversation = begun(store)
    assert conversation.all("stream_start")[0]["resumable"] is False
    conversation.sleep_until(2)
    assert [data for _, data in chunks(conversation)] == CHUNKS


def test_a_stream_goes_on_after_the_last_chunk_that_the_client_has_at_its_pace() -> None:
    store = MemoryStore()
    first = begun(store)
    first.sleep_until(0.1)
    second = recovering(store, last_index=2)
    assert answer(second) == {
        "type": "stream_recovered",
        "stream_id": STREAM,
        "recovered": True,
        "timestamp": "2023-11-14T22:13:20.000Z",
        "next_index": 3,
        "paused": False,
        "total_chunks": 20,
        "trace_id": "f" * 32,
    }
    second.sleep_until(2)
    assert chunks(second) == list(enumerate(CHUNKS))[3:]
    times = [when for when, message in second.sent if message["type"] == "chunk"]
    assert times == pytest.approx([0.03 * k for k in range(17)])
    (complete,) = second.all("stream_complete")
    assert (complete["total_chunks"], complete["metadata"]["bytes"]) == (20, len("".join(CHUNKS)))
    (recovered,), (ended,) = second.event(StreamRecovered), second.event(StreamEnded)
    assert (recovered.next_index, recovered.takeovers, recovered.repeated) == (3, 1, False)
    assert (ended.outcome, ended.chunks, ended.counted) == (Outcome.COMPLETED, 17, False)
    assert second.event(RequestAdmitted) == [], "charged once"
    assert second.event(FirstChunkSent) == [], "nobody has waited for a first chunk"


@pytest.mark.parametrize("last_index", [-1, 0, 18, 19])
def test_from_before_the_first_chunk_to_after_the_last(last_index: int) -> None:
    store = MemoryStore()
    begun(store).sleep_until(2)
    second = recovering(store, last_index)
    second.sleep_until(2)
    assert answer(second)["next_index"] == last_index + 1
    assert chunks(second) == list(enumerate(CHUNKS))[last_index + 1 :]
    assert second.types()[-1] == "stream_complete"
    (ended,) = second.event(StreamEnded)
    assert ended.counted, "it was counted when it ended for the first time"


def test_an_index_that_there_is_not_is_refused() -> None:
    store = MemoryStore()
    begun(store)
    second = recovering(store, last_index=20)
    assert answer(second) == {
        "type": "stream_recovered",
        "stream_id": STREAM,
        "recovered": False,
        "timestamp": "2023-11-14T22:13:20.000Z",
        "reason": "position",
    }
    assert [event.reason for event in second.event(RecoveryRefused)] == ["position"]
    assert second.event(StreamEnded) == []
    second.request()
    assert second.pending(Admit), "the connection goes on"


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "x", "x" * 43, OTHER])
def test_only_the_token_of_its_connection_opens_a_stream(token: str) -> None:
    store = MemoryStore()
    begun(store)
    assert answer(recovering(store, 0, token))["reason"] == "unknown"


def test_a_token_opens_the_streams_of_its_own_connection_only() -> None:
    store = MemoryStore()
    begun(store)
    begun(MemoryStore(), token="stranger")
    assert answer(recovering(store, 0, token="stranger"))["reason"] == "unknown"


def test_a_stream_of_another_session_is_unknown_and_of_the_one_before_over() -> None:
    store = MemoryStore()
    begun(store)
    store.records["elsewhere"] = replace(store.records[STREAM], stream_id="elsewhere", session_id="s-2")
    second = Conversation(token=OTHER, store=store, incarnation="2")
    for stream_id in ("elsewhere", STREAM):
        second.recover(stream_id, 0, TOKEN)
        second.run_effects()
    assert [message["reason"] for message in second.all("stream_recovered")] == ["unknown", "session_over"]


def test_either_token_opens_a_stream_that_was_recovered() -> None:
    store = MemoryStore()
    begun(store)
    recovering(store, 2)
    third = recovering(store, 5, token=OTHER, own="third")
    fourth = recovering(store, 7, token=TOKEN, own="fourth")
    assert (answer(third)["recovered"], answer(fourth)["recovered"]) == (True, True)
    assert fourth.event(StreamRecovered)[0].takeovers == 3


def test_of_two_recoveries_the_last_wins_and_the_other_learns_of_it() -> None:
    store = MemoryStore()
    begun(store)
    second, third = recovering(store, 2), recovering(store, 2)
    assert (second.machine.leased_stream, third.machine.leased_stream) == ((STREAM, 1), (STREAM, 2))
    second.execute(second.machine.lose_lease(STREAM, 1, at(second.now)))
    error = second.last()
    assert (error["code"], error["fatal"], error["retryable"]) == ("STREAM_TAKEN_OVER", True, False)
    assert second.close is not None
    assert second.close.code == 4103
    second.execute(second.machine.disconnect(4103, at(second.now)))
    assert [event.outcome for event in second.event(StreamEnded)] == [Outcome.TAKEN_OVER]
    assert [event.reason for event in second.event(ConnectionClosed)] == [CloseReason.TAKEN_OVER]
    third.sleep_until(2)
    assert chunks(third) == list(enumerate(CHUNKS))[3:]
    assert not third.event(StreamEnded)[0].counted, "the one that lost it has not counted it"


def test_a_connection_that_has_let_go_of_a_stream_is_not_disturbed() -> None:
    store = MemoryStore()
    first = begun(store)
    first.sleep_until(2)
    first.execute(first.machine.lose_lease(STREAM, 0, at(first.now)))
    assert first.close is None


def test_what_runs_or_waits_here_is_not_recovered_here() -> None:
    store = MemoryStore()
    first = begun(store)
    first.recover(STREAM, 0, TOKEN)
    assert answer(first)["reason"] == "running"
    first.sleep_until(2)
    first.recover(STREAM, 10, TOKEN)
    first.run_effects()
    first.sleep_until(4)
    assert chunks(first)[20:] == list(enumerate(CHUNKS))[11:], "once it is over, it is"


def test_a_paused_stream_stays_paused_until_it_is_resumed() -> None:
    store = MemoryStore()
    first = begun(store)
    first.control("pause")
    second = recovering(store, 0)
    assert answer(second)["paused"] is True
    second.sleep_until(5)
    assert chunks(second) == []
    second.control("resume")
    second.sleep_until(10)
    assert chunks(second) == list(enumerate(CHUNKS))[1:]


def test_a_pause_before_the_beginning_is_one_too() -> None:
    store = MemoryStore()
    first = Conversation(token=TOKEN, store=store)
    first.request()
    first.control("pause")
    first.run_effects(plan_of(CHUNKS))
    second = Conversation(token=OTHER, store=store)
    second.recover(STREAM, -1, TOKEN)
    second.run_effects()
    assert answer(second)["paused"] is True
    second.control("resume")
    third = Conversation(token="third", store=store)
    third.recover(STREAM, -1, OTHER)
    third.control("pause")
    third.run_effects()
    assert store.records[STREAM].paused


def test_no_merged_chunk_goes_out_before_the_store_knows_of_the_skip() -> None:
    store = MemoryStore()
    first = begun(store)
    first.control("skip")
    first.sleep_until(5)
    assert (first.last()["type"], chunks(first)) == ("stream_skipped", [(0, "0 ")])
    for settled in (False, True):
        (mark,) = first.pending(MarkSkip)
        assert (mark.index, mark.settled, len(chunks(first))) == (1, settled, 1)
        first.perform(mark)
    assert first.last()["type"] == "stream_complete"
    assert store.records[STREAM].skip_at == 1
    assert store.records[STREAM].skip_settled


@pytest.mark.parametrize("last_index", range(-1, 6))
def test_a_skipped_stream_is_cut_the_same_again(last_index: int) -> None:
    store = MemoryStore()
    first = begun(store)
    first.control("skip")
    first.run_effects()
    whole = chunks(first)
    assert len(whole) < len(CHUNKS)
    second = recovering(store, last_index)
    assert chunks(second) == whole[last_index + 1 :]
    assert second.last()["metadata"] == first.last()["metadata"] | {"duration_ms": 0}


def test_after_the_last_merged_chunk_there_is_no_other() -> None:
    store = MemoryStore()
    first = begun(store)
    first.control("skip")
    first.run_effects()
    assert answer(recovering(store, len(chunks(first))))["reason"] == "position"


@pytest.mark.parametrize("performs_failed_calls", [False, True])
def test_a_store_that_is_away_at_a_skip_makes_nobody_guess(performs_failed_calls: bool) -> None:
    store = MemoryStore()
    first = begun(store)
    first.sleep_until(0.07)
    store.unavailable, store.performs_failed_calls = True, performs_failed_calls
    first.control("skip")
    first.run_effects()
    assert chunks(first) == list(enumerate(CHUNKS)), "all at once, but cut as they were"
    store.unavailable = False
    assert answer(recovering(store, 2))["recovered"] is True, "nothing after it was skipped has come"
    store.records[STREAM] = replace(store.records[STREAM], skip_settled=False)
    later = recovering(store, 10)
    if performs_failed_calls:
        assert answer(later)["reason"] == "position", "for all the store knows it was merged"
    else:
        assert chunks(later)[:1] == [(11, "11 ")]


def test_what_the_store_has_though_it_did_not_answer_is_not_guessed_at_either() -> None:
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
    later = recovering(store, 4)
    later.sleep_until(2)
    assert chunks(first)[:5] + chunks(later) == list(enumerate(CHUNKS))


def test_who_skips_what_another_has_taken_makes_nobody_guess() -> None:
    store = MemoryStore()
    first = begun(store)
    first.sleep_until(0.07)
    recovering(store, 2)
    first.control("skip")
    first.run_effects()
    sent = chunks(first)
    third = recovering(store, 4)
    third.sleep_until(2)
    assert sent[:5] + chunks(third) == list(enumerate(CHUNKS)), "cut as the store has it"


def test_a_record_that_is_gone_does_not_keep_a_stream_from_being_skipped() -> None:
    store = MemoryStore()
    first = begun(store)
    store.records.clear()
    first.control("skip")
    first.run_effects()
    assert first.types()[-1] == "stream_complete"
    assert first.machine.leased_stream is None


def test_a_recovery_waits_its_turn_and_controls_reach_it() -> None:
    store = MemoryStore()
    begun(store)
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
    assert "old" not in store.records, "who cancels wants no more of it"


def test_a_recovery_counts_in_the_line() -> None:
    conversation = Conversation(token=OTHER)
    for _ in range(11):
        conversation.request()
    conversation.recover(STREAM, 0, TOKEN)
    assert conversation.last()["code"] == "QUEUE_FULL"


def test_a_request_that_comes_again_with_its_token_is_the_same_stream() -> None:
    store = MemoryStore()
    first = begun(store, request_id="r-1")
    first.sleep_until(0.1)
    second = Conversation(token=OTHER, store=store)
    second.request(request_id="r-1", token=TOKEN)
    (admit,) = second.pending(Admit)
    assert (admit.claim.request_id, admit.claim.presented is None) == ("r-1", False)
    second.decide(admit, Admission(admitted=True, requests_used=1, repeats=STREAM))
    second.run_effects()
    second.sleep_until(2)
    (start,) = second.all("stream_start")
    assert (start["stream_id"], start["request_id"], start["resumable"]) == (STREAM, "r-1", True)
    assert chunks(second) == list(enumerate(CHUNKS))
    assert second.event(RequestAdmitted) == [], "charged once"
    assert second.event(StreamRecovered)[0].repeated


def test_a_request_may_come_again_with_the_token_of_its_first_attempt_wherever_it_began() -> None:
    store = MemoryStore()
    begun(store, token="second attempt", request_id="r-1")
    third = Conversation(token="third attempt", store=store)
    third.request(request_id="r-1", token=TOKEN)
    third.decide(third.pending(Admit)[0], Admission(admitted=True, requests_used=1, repeats=STREAM))
    third.run_effects()
    assert third.machine.leased_stream == (STREAM, 1), "the claim has proved it"


def test_a_request_that_comes_again_begins_unpaused() -> None:
    store = MemoryStore()
    first = begun(store, request_id="r-1")
    first.control("pause")
    second = Conversation(token=OTHER, store=store)
    second.request(request_id="r-1", token=TOKEN)
    second.decide(second.pending(Admit)[0], Admission(admitted=True, requests_used=1, repeats=STREAM))
    second.run_effects()
    second.sleep_until(2)
    assert chunks(second) == list(enumerate(CHUNKS))
    assert not store.records[STREAM].paused


def prepared_again(store: MemoryStore | None = None, first: str = "stream-of-the-first-attempt") -> Conversation:
    """A connection that has asked again for what the store has nothing of yet."""
    conversation = Conversation(token=OTHER, store=store)
    conversation.request("one two three", request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=1, repeats=first)
    conversation.decide(conversation.pending(Admit)[0], admission)
    conversation.perform(conversation.pending(GetStream)[0])
    return conversation


def test_if_the_store_has_nothing_of_it_the_same_request_is_prepared_again() -> None:
    second = prepared_again()
    second.run_effects()
    second.sleep_until(2)
    assert [data for _, data in chunks(second)] == ["one ", "two ", "three "]
    assert len(second.event(RequestAdmitted)) == len(second.event(StreamEnded)) == 1


def test_two_attempts_that_are_prepared_at_once_take_nothing_from_each_other() -> None:
    first = "stream-of-the-first-attempt"
    second = prepared_again(first=first)
    assert second.pending(Prepare)[0].stream_id not in {"", first}, "whoever asked first may store that at any moment"


def test_what_is_prepared_again_is_still_the_same_request_here() -> None:
    second = prepared_again(first="stream-of-the-first-attempt")
    second.request("one two three", request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=1, repeats="stream-of-the-first-attempt")
    second.decide(second.pending(Admit)[0], admission)
    assert second.last()["code"] == "INVALID_MESSAGE"


def test_the_token_of_the_first_attempt_opens_what_was_prepared_again() -> None:
    store = MemoryStore()
    second = prepared_again(store)
    second.run_effects()
    assert answer(recovering(store, 0, TOKEN, own="third token"))["recovered"] is True


def test_the_same_request_id_with_other_content_is_a_mistake() -> None:
    conversation = Conversation(token=OTHER)
    conversation.request(request_id="r-1", token=TOKEN)
    admission = Admission(admitted=False, requests_used=1, conflicts=True)
    conversation.decide(conversation.pending(Admit)[0], admission)
    assert (conversation.last()["code"], conversation.last()["request_id"]) == ("INVALID_MESSAGE", "r-1")


def test_the_same_request_while_its_stream_is_under_way_here_is_a_mistake() -> None:
    conversation = begun(MemoryStore(), request_id="r-1")
    conversation.request(request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=1, repeats=STREAM)
    conversation.decide(conversation.pending(Admit)[0], admission)
    assert conversation.last()["code"] == "INVALID_MESSAGE"
    conversation.sleep_until(2)
    assert chunks(conversation) == list(enumerate(CHUNKS))


def test_without_a_token_a_request_id_is_a_label() -> None:
    conversation = Conversation(token=TOKEN)
    conversation.request(request_id="r-1")
    assert conversation.pending(Admit)[0].claim.presented is None
    unlabelled = Conversation(token=TOKEN)
    unlabelled.request(token=OTHER)
    assert unlabelled.pending(Admit)[0].claim is None


def test_an_ack_of_the_last_chunk_lets_the_store_forget() -> None:
    store = MemoryStore()
    conversation = begun(store)
    conversation.send(type="ack", stream_id=STREAM, index=0)
    conversation.sleep_until(2)
    conversation.send(type="ack", stream_id=STREAM, index=18)
    assert STREAM in store.records
    assert conversation.send(type="ack", stream_id=STREAM, index=19) == []
    assert STREAM not in store.records
    assert conversation.send(type="ack", stream_id=STREAM, index=19) == [], "again does no harm"


def test_an_ack_of_what_was_not_sent_is_a_mistake() -> None:
    conversation = begun(MemoryStore())
    (early,) = conversation.send(type="ack", stream_id=STREAM, index=1)
    (unknown,) = conversation.send(type="ack", stream_id="x", index=0)
    assert (early["code"], unknown["code"]) == ("INVALID_MESSAGE", "NO_ACTIVE_STREAM")


def test_a_broken_off_stream_is_counted_once() -> None:
    store = MemoryStore()
    first = begun(store)
    first.execute(first.machine.disconnect(1006, at(first.now)))
    assert [event.counted for event in first.event(StreamEnded)] == [False]
    assert [note.status for note in store.status_updates] == [StreamStatus.ENDED]
    second = recovering(store, 0)
    second.sleep_until(2)
    assert [event.counted for event in second.event(StreamEnded)] == [True]


def test_a_session_that_the_store_does_not_know_has_nothing_to_recover_and_keeps_nothing() -> None:
    store = MemoryStore()
    conversation = Conversation(token=TOKEN, store=store, shared=False)
    conversation.request()
    conversation.run_effects(plan_of(CHUNKS))
    conversation.recover("other", 0, OTHER)
    assert conversation.all("stream_start")[0]["resumable"] is False
    assert answer(conversation)["reason"] == "unavailable"

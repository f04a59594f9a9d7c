"""A stream is recovered exactly after the last index, or refused."""

import pytest
from msgspec.structs import replace

from service.events import (
    CloseReason,
    ConnectionClosed,
    FirstChunkSent,
    Outcome,
    RecoveryRefused,
    RequestAdmitted,
    SessionJoined,
    StreamEnded,
    StreamRecovered,
)
from service.session.effects import Admit, JoinSession
from service.session.records import SessionSnapshot, StreamStatus
from tests.unit.session.conversation import Conversation, at, plan_of
from tests.unit.session.memory_store import MemoryStore
from tests.unit.session.recovery import CHUNKS, OTHER, STREAM, TOKEN, answer_of, chunks_of, start_recovery, start_stream


def test_a_connection_gets_a_token_and_a_stored_stream_is_resumable() -> None:
    store = MemoryStore()
    conversation = start_stream(store)
    assert conversation.all("connected")[0]["resume_token"] == TOKEN
    assert conversation.all("stream_start")[0]["resumable"] is True
    assert TOKEN.encode() not in repr(store.records).encode(), "only its digest is stored"


def test_without_storage_of_content_there_is_no_token_and_no_recovery() -> None:
    conversation = Conversation()
    conversation.stream(*CHUNKS)
    assert "resume_token" not in conversation.all("connected")[0]
    assert conversation.all("stream_start")[0]["resumable"] is False
    conversation.recover("any", -1, TOKEN)
    assert answer_of(conversation)["reason"] == "unavailable"


def test_a_stream_that_could_not_be_stored_is_not_resumable_and_is_sent() -> None:
    store = MemoryStore()
    store.unavailable = True
    conversation = start_stream(store)
    assert conversation.all("stream_start")[0]["resumable"] is False
    conversation.sleep_until(2)
    assert [data for _, data in chunks_of(conversation)] == CHUNKS


def test_a_recovered_stream_continues_after_the_last_index_at_its_pace() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.sleep_until(0.1)
    second = start_recovery(store, last_index=2)
    assert answer_of(second) == {
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
    assert chunks_of(second) == list(enumerate(CHUNKS))[3:]
    times = [when for when, message in second.sent if message["type"] == "chunk"]
    assert times == pytest.approx([0.03 * k for k in range(17)])
    (complete,) = second.all("stream_complete")
    assert (complete["total_chunks"], complete["metadata"]["bytes"]) == (20, len("".join(CHUNKS)))
    (recovered,), (ended,) = second.event(StreamRecovered), second.event(StreamEnded)
    assert (recovered.next_index, recovered.takeovers, recovered.repeated) == (3, 1, False)
    assert (ended.outcome, ended.chunks, ended.counted) == (Outcome.COMPLETED, 17, False)
    assert second.event(RequestAdmitted) == [], "counted once"
    assert second.event(FirstChunkSent) == [], "this connection sent no first chunk"


@pytest.mark.parametrize("last_index", [-1, 0, 18, 19])
def test_a_stream_is_recovered_from_any_index(last_index: int) -> None:
    store = MemoryStore()
    start_stream(store).sleep_until(2)
    second = start_recovery(store, last_index)
    second.sleep_until(2)
    assert answer_of(second)["next_index"] == last_index + 1
    assert chunks_of(second) == list(enumerate(CHUNKS))[last_index + 1 :]
    assert second.types()[-1] == "stream_complete"
    (ended,) = second.event(StreamEnded)
    assert ended.counted, "its first end was counted"


def test_an_index_that_does_not_exist_is_refused() -> None:
    store = MemoryStore()
    start_stream(store)
    second = start_recovery(store, last_index=20)
    assert answer_of(second) == {
        "type": "stream_recovered",
        "stream_id": STREAM,
        "recovered": False,
        "timestamp": "2023-11-14T22:13:20.000Z",
        "reason": "position",
    }
    assert [event.reason for event in second.event(RecoveryRefused)] == ["position"]
    assert second.event(StreamEnded) == []
    second.request()
    assert second.pending(Admit), "the connection stays open"


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "x", "x" * 43, OTHER])
def test_only_the_token_of_its_connection_recovers_a_stream(token: str) -> None:
    store = MemoryStore()
    start_stream(store)
    assert answer_of(start_recovery(store, 0, token))["reason"] == "unknown"


def test_a_token_recovers_only_the_streams_of_its_connection() -> None:
    store = MemoryStore()
    start_stream(store)
    start_stream(MemoryStore(), token="stranger")
    assert answer_of(start_recovery(store, 0, token="stranger"))["reason"] == "unknown"


def test_a_stream_of_another_session_is_unknown_and_of_an_earlier_incarnation_over() -> None:
    store = MemoryStore()
    start_stream(store)
    store.records["elsewhere"] = replace(store.records[STREAM], stream_id="elsewhere", session_key="s-2")
    second = Conversation(token=OTHER, store=store, incarnation="2")
    for stream_id in ("elsewhere", STREAM):
        second.recover(stream_id, 0, TOKEN)
        second.run_effects()
    assert [message["reason"] for message in second.all("stream_recovered")] == ["unknown", "session_over"]


def test_a_token_recovers_a_stream_only_in_its_space() -> None:
    store = MemoryStore()
    start_stream(store, space="one")
    assert answer_of(start_recovery(store, 2, space="other"))["reason"] == "unknown"
    assert answer_of(start_recovery(store, 2))["reason"] == "unknown"
    second = start_recovery(store, 2, space="one")
    assert answer_of(second)["recovered"]
    assert {second.all("connected")[0]["session_id"], second.event(StreamRecovered)[0].session_id} == {"s-1"}


def test_the_tokens_of_both_connections_recover_a_recovered_stream() -> None:
    store = MemoryStore()
    start_stream(store)
    start_recovery(store, 2)
    third = start_recovery(store, 5, token=OTHER, own="third")
    fourth = start_recovery(store, 7, token=TOKEN, own="fourth")
    assert (answer_of(third)["recovered"], answer_of(fourth)["recovered"]) == (True, True)
    assert fourth.event(StreamRecovered)[0].takeovers == 3


def test_of_two_recoveries_the_last_one_keeps_the_stream_and_the_other_closes() -> None:
    store = MemoryStore()
    start_stream(store)
    second, third = start_recovery(store, 2), start_recovery(store, 2)
    assert (second.machine.leased_stream, third.machine.leased_stream) == ((STREAM, 1), (STREAM, 2))
    second.execute(second.machine.lose_lease(STREAM, 1, at(second.now)))
    error = second.last()
    assert (error["code"], error["fatal"], error["retryable"]) == ("STREAM_TAKEN_OVER", True, False)
    assert second.close is not None
    assert second.close.code == 4103
    second.execute(second.machine.disconnect(4103, None, at(second.now)))
    assert [event.outcome for event in second.event(StreamEnded)] == [Outcome.TAKEN_OVER]
    assert [event.reason for event in second.event(ConnectionClosed)] == [CloseReason.TAKEN_OVER]
    third.sleep_until(2)
    assert chunks_of(third) == list(enumerate(CHUNKS))[3:]
    assert not third.event(StreamEnded)[0].counted, "the connection that lost the stream has not counted it"


def test_the_loss_of_a_lease_that_has_ended_is_ignored() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.sleep_until(2)
    first.execute(first.machine.lose_lease(STREAM, 0, at(first.now)))
    assert first.close is None


def test_a_stream_that_is_active_on_this_connection_is_not_recovered() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.recover(STREAM, 0, TOKEN)
    assert answer_of(first)["reason"] == "running"
    first.sleep_until(2)
    first.recover(STREAM, 10, TOKEN)
    first.run_effects()
    first.sleep_until(4)
    assert chunks_of(first)[20:] == list(enumerate(CHUNKS))[11:], "it is recovered here after its end"


def test_a_paused_stream_stays_paused_after_a_recovery() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.control("pause")
    second = start_recovery(store, 0)
    assert answer_of(second)["paused"] is True
    second.sleep_until(5)
    assert chunks_of(second) == []
    second.control("resume")
    second.sleep_until(10)
    assert chunks_of(second) == list(enumerate(CHUNKS))[1:]


def test_a_pause_before_the_start_is_stored() -> None:
    store = MemoryStore()
    first = Conversation(token=TOKEN, store=store)
    first.request()
    first.control("pause")
    first.run_effects(plan_of(CHUNKS))
    second = Conversation(token=OTHER, store=store)
    second.recover(STREAM, -1, TOKEN)
    second.run_effects()
    assert answer_of(second)["paused"] is True
    second.control("resume")
    third = Conversation(token="third", store=store)
    third.recover(STREAM, -1, OTHER)
    third.control("pause")
    third.run_effects()
    assert store.records[STREAM].paused


@pytest.mark.parametrize("last_index", range(-1, 6))
def test_a_skipped_stream_has_the_same_merged_chunks_after_a_recovery(last_index: int) -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.control("skip")
    first.run_effects()
    whole = chunks_of(first)
    assert len(whole) < len(CHUNKS)
    second = start_recovery(store, last_index)
    assert chunks_of(second) == whole[last_index + 1 :]
    assert second.last()["metadata"] == first.last()["metadata"] | {"duration_ms": 0}


def test_an_index_after_the_last_merged_chunk_is_refused() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.control("skip")
    first.run_effects()
    assert answer_of(start_recovery(store, len(chunks_of(first))))["reason"] == "position"


def test_a_stream_that_ended_twice_is_counted_once() -> None:
    store = MemoryStore()
    first = start_stream(store)
    first.execute(first.machine.disconnect(1006, None, at(first.now)))
    assert [event.counted for event in first.event(StreamEnded)] == [False]
    assert [note.status for note in store.status_updates] == [StreamStatus.ENDED]
    second = start_recovery(store, 0)
    second.sleep_until(2)
    assert [event.counted for event in second.event(StreamEnded)] == [True]


def test_without_the_store_a_connection_stores_and_recovers_nothing() -> None:
    store = MemoryStore()
    store.unavailable = True
    conversation = Conversation(token=TOKEN, store=store, shared=False)
    conversation.request()
    conversation.run_effects(plan_of(CHUNKS))
    conversation.recover("other", 0, OTHER)
    conversation.sleep_until(10)
    conversation.run_effects()
    assert conversation.all("stream_start")[0]["resumable"] is False
    assert answer_of(conversation)["reason"] == "unavailable"
    assert store.records == {}
    assert conversation.event(SessionJoined) == []


def test_a_connection_that_began_without_the_store_joins_it_with_its_next_request() -> None:
    store = MemoryStore()
    store.unavailable = True
    conversation = Conversation(token=TOKEN, store=store, shared=False)
    conversation.stream(*CHUNKS)
    conversation.sleep_until(10)
    store.unavailable = False
    store.session = SessionSnapshot("s-1", "of-the-store", 7, seconds_left=50)
    conversation.request(request_id="r-1")
    conversation.request()
    conversation.run_effects()
    assert [start["resumable"] for start in conversation.all("stream_start")] == [False, True]
    assert [record.session_incarnation for record in store.records.values()] == ["of-the-store"]
    (joined,) = conversation.event(SessionJoined)
    assert (joined.session_incarnation, joined.requests_used, joined.session_seconds_left) == ("of-the-store", 7, 50)
    conversation.sleep_until(59.9)
    assert conversation.close is None
    conversation.sleep_until(60)
    assert conversation.last()["code"] == "SESSION_TIMEOUT", "the end of the session in the store applies"


def test_the_request_that_joins_the_store_is_counted_there_with_its_claim() -> None:
    store = MemoryStore()
    store.session = SessionSnapshot("s-1", "of-the-store", 7, seconds_left=50)
    conversation = Conversation(token=TOKEN, store=store, shared=False)
    conversation.request(request_id="r-1")
    assert conversation.pending(Admit) == []
    conversation.perform(conversation.pending(JoinSession)[0])
    (admit,) = conversation.pending(Admit)
    assert admit.snapshot == store.session
    assert admit.claim is not None


def test_a_connection_whose_session_was_reserved_before_is_served_without_the_store() -> None:
    store = MemoryStore()
    start_stream(store)
    conversation = Conversation(token=OTHER, store=store, incarnation="of-one-process", shared=False)
    store.session = SessionSnapshot("s-1", "of-one-process", 0, seconds_left=3600, shared=False)
    conversation.recover(STREAM, 0, OTHER)
    conversation.request()
    conversation.run_effects()
    assert answer_of(conversation)["reason"] == "unknown"
    assert conversation.all("stream_start")
    assert conversation.event(SessionJoined) == []
    conversation.request()
    assert conversation.pending(JoinSession), "each request tries again"


def test_a_recovery_joins_the_store() -> None:
    store = MemoryStore()
    start_stream(store)
    store.session = SessionSnapshot("s-1", "1", 1, seconds_left=50)
    conversation = Conversation(token=OTHER, store=store, incarnation="local", shared=False)
    conversation.recover(STREAM, 0, TOKEN)
    conversation.run_effects()
    assert answer_of(conversation)["recovered"] is True
    assert len(conversation.event(SessionJoined)) == 1

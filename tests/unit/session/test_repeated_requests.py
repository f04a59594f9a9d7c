"""A repeated request is the same request: it is counted once."""

from service.events import (
    RequestAdmitted,
    RequestRejected,
    StreamEnded,
    StreamRecovered,
)
from service.protocol.errors import ServerBusy
from service.protocol.limits import Limits
from service.session.effects import (
    Admit,
    ChargeRepetition,
    EffectFailed,
    FindPlan,
    GetStream,
    PlanPrepared,
    Prepare,
)
from service.session.ports import Preparation
from service.session.records import Admission
from tests.unit.session.conversation import Conversation, plan_of
from tests.unit.session.memory_store import MemoryStore
from tests.unit.session.recovery import (
    CHUNKS,
    OTHER,
    STREAM,
    TOKEN,
    answer_of,
    chunks_of,
    repeat_request,
    start_recovery,
    start_stream,
)


def test_a_repeated_request_recovers_the_stream_from_its_start() -> None:
    store = MemoryStore()
    first = start_stream(store, request_id="r-1")
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
    assert chunks_of(second) == list(enumerate(CHUNKS))
    assert second.event(RequestAdmitted) == [], "counted once"
    assert second.event(StreamRecovered)[0].repeated


def test_a_repeated_request_needs_no_token_of_the_connection_that_stored_the_stream() -> None:
    store = MemoryStore()
    start_stream(store, token="second attempt", request_id="r-1")
    third = Conversation(token="third attempt", store=store)
    third.request(request_id="r-1", token=TOKEN)
    third.decide(third.pending(Admit)[0], Admission(admitted=True, requests_used=1, repeats=STREAM))
    third.run_effects()
    assert third.machine.leased_stream == (STREAM, 1), "the store has checked the claim"


def test_a_repeated_request_starts_unpaused() -> None:
    store = MemoryStore()
    first = start_stream(store, request_id="r-1")
    first.control("pause")
    second = Conversation(token=OTHER, store=store)
    second.request(request_id="r-1", token=TOKEN)
    second.decide(second.pending(Admit)[0], Admission(admitted=True, requests_used=1, repeats=STREAM))
    second.run_effects()
    second.sleep_until(2)
    assert chunks_of(second) == list(enumerate(CHUNKS))
    assert not store.records[STREAM].paused


def test_a_repeated_request_whose_stream_is_not_stored_is_repeat_request() -> None:
    second = repeat_request()
    second.run_effects()
    second.sleep_until(2)
    assert [data for _, data in chunks_of(second)] == ["one ", "two ", "three "]
    assert len(second.event(RequestAdmitted)) == len(second.event(StreamEnded)) == 1


def test_a_repeated_request_is_prepared_under_a_stream_id_of_its_own() -> None:
    first = "stream-of-the-first-attempt"
    second = repeat_request(repeats=first)
    assert second.pending(Prepare)[0].stream_id not in {"", first}, "the first attempt may be stored under it"


def test_a_request_that_is_prepared_again_is_active_here() -> None:
    second = repeat_request(repeats="stream-of-the-first-attempt")
    second.request("one two three", request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=1, repeats="stream-of-the-first-attempt")
    second.decide(second.pending(Admit)[0], admission)
    assert second.last()["code"] == "INVALID_MESSAGE"


def repeat_again(store: MemoryStore, used: int) -> Conversation:
    """Return a connection whose client has repeated a request, of a session that has used its requests."""
    conversation = Conversation(Limits(max_requests=5), requests_used=used, token=OTHER, store=store)
    conversation.request("one two three", request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=used, repeats="stream-of-the-first-attempt")
    conversation.decide(conversation.pending(Admit)[0], admission)
    conversation.perform(conversation.pending(GetStream)[0])
    return conversation


def test_a_request_that_is_prepared_again_is_charged_from_the_third_time_on() -> None:
    store = MemoryStore()
    used = []
    for _ in range(4):
        conversation = repeat_again(store, used=3)
        conversation.run_effects()
        conversation.sleep_until(2)
        assert len(conversation.event(RequestAdmitted)) == len(conversation.event(StreamEnded)) == 1
        used.append(conversation.used)
    assert used == [3, 3, 4, 4]
    conversation = repeat_again(store, used=5)
    conversation.run_effects()
    assert conversation.last()["code"] == "RATE_LIMIT_EXCEEDED"
    assert conversation.event(RequestAdmitted) == conversation.event(StreamEnded) == []
    assert conversation.event(RequestRejected)[0].code == "RATE_LIMIT_EXCEEDED"
    conversation.request("another")
    assert len(conversation.pending(Admit)) == 1, "the connection continues"


def test_a_request_whose_plan_is_found_is_not_charged() -> None:
    store = MemoryStore()
    store.preparations["stream-of-the-first-attempt"] = 10
    conversation = repeat_again(store, used=5)
    (find,) = conversation.pending(FindPlan)
    preparation = Preparation(plan_of(["one ", "two"]), 0.001)
    conversation.resolve(PlanPrepared(find.ticket, preparation))
    conversation.sleep_until(2)
    assert [data for _, data in chunks_of(conversation)] == ["one ", "two"]
    assert conversation.pending(ChargeRepetition) == []
    assert len(conversation.event(RequestAdmitted)) == 1


def test_a_repetition_for_which_the_engine_has_no_time_is_rejected() -> None:
    conversation = repeat_again(MemoryStore(), used=3)
    (find,) = conversation.pending(FindPlan)
    conversation.resolve(EffectFailed(find.ticket, ServerBusy("Try again.")))
    assert [event.code for event in conversation.event(RequestRejected)] == ["SERVER_BUSY"]
    assert conversation.event(StreamEnded) == []


def test_the_token_of_the_first_attempt_recovers_a_stream_that_was_repeat_request() -> None:
    store = MemoryStore()
    second = repeat_request(store)
    second.run_effects()
    assert answer_of(start_recovery(store, 0, TOKEN, own="third token"))["recovered"] is True


def test_a_request_id_without_a_token_presents_no_claim() -> None:
    conversation = Conversation(token=TOKEN)
    conversation.request(request_id="r-1")
    assert conversation.pending(Admit)[0].claim.presented is None
    unlabelled = Conversation(token=TOKEN)
    unlabelled.request(token=OTHER)
    assert unlabelled.pending(Admit)[0].claim is None

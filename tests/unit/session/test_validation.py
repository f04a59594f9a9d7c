"""The reasons to refuse a request."""

import pytest

from service.events import (
    RateLimitApproached,
    RateLimitHit,
    RequestRejected,
)
from service.protocol.limits import Limits
from service.session.effects import (
    Admit,
)
from service.session.records import Admission
from tests.unit.session.conversation import Conversation, at
from tests.unit.session.memory_store import MemoryStore
from tests.unit.session.recovery import CHUNKS, OTHER, STREAM, TOKEN, chunks_of, start_stream


def test_content_may_be_as_large_as_the_limit_in_utf8() -> None:
    conversation = Conversation(Limits(max_content_bytes=4))
    assert conversation.request("ääx")[0]["code"] == "CONTENT_TOO_LARGE"
    assert conversation.request("ää") == []
    assert conversation.request("abcd") == []
    assert conversation.request("abcde", request_id="r")[0]["request_id"] == "r"


@pytest.mark.parametrize("content", ["", " ", "\n\t ", "\u00a0\u2003"])
def test_empty_content_is_refused_and_not_counted(content: str) -> None:
    conversation = Conversation()
    assert conversation.request(content)[0]["code"] == "EMPTY_CONTENT"
    assert not conversation.effects


def test_the_request_limit_is_exact_and_approached_at_eighty_percent() -> None:
    conversation = Conversation(Limits(max_requests=5))
    for number in range(1, 8):
        conversation.request(f"w{number}")
        conversation.run_effects()
    assert len(conversation.all("stream_complete")) == 5
    assert [error["code"] for error in conversation.all("error")] == ["RATE_LIMIT_EXCEEDED"] * 2
    assert [event.used for event in conversation.event(RateLimitApproached)] == [4]
    assert len(conversation.event(RateLimitHit)) == len(conversation.event(RequestRejected)) == 2
    assert conversation.send(type="ping")


def test_a_request_id_that_was_claimed_with_other_content_is_refused() -> None:
    conversation = Conversation(token=OTHER)
    conversation.request(request_id="r-1", token=TOKEN)
    admission = Admission(admitted=False, requests_used=1, conflicts=True)
    conversation.decide(conversation.pending(Admit)[0], admission)
    assert (conversation.last()["code"], conversation.last()["request_id"]) == ("INVALID_MESSAGE", "r-1")


def test_a_repeated_request_is_refused_while_its_stream_is_active_here() -> None:
    conversation = start_stream(MemoryStore(), request_id="r-1")
    conversation.request(request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=1, repeats=STREAM)
    conversation.decide(conversation.pending(Admit)[0], admission)
    assert conversation.last()["code"] == "INVALID_MESSAGE"
    conversation.sleep_until(2)
    assert chunks_of(conversation) == list(enumerate(CHUNKS))


@pytest.mark.parametrize(
    ("frame", "counts"),
    [
        ('{"type": "stream_request", "content": "a", "speed": "warp"}', True),
        ('{"type": "stream_request", "content": ["a"]}', True),
        (None, True),  # too large to be kept: no other message may be so large
        ('{"type": "stream_control", "action": "explode"}', False),
        ('{"type": "teleport"}', False),
        ("not JSON", False),
        (b"binary", False),
    ],
)
def test_a_request_that_cannot_be_decoded_is_recorded_as_rejected(frame: str | bytes | None, *, counts: bool) -> None:
    conversation = Conversation()
    [error] = conversation.execute(conversation.machine.receive(frame, 10, at(0)))
    assert [(event.content_type, event.code, event.outcome) for event in conversation.event(RequestRejected)] == (
        [(None, error["code"], "rejected")] if counts else []
    )

"""The state of a stream, from the messages that arrive for it."""

import pytest

from streaming_content import RecoveryRefused, ServerError, Stream, StreamCancelled
from streaming_content.stream import Message

START = {
    "type": "stream_start",
    "stream_id": "s",
    "total_chunks": 2,
    "resumable": True,
    "metadata": {"speed_used": "fast"},
}


def stream(*messages: Message) -> Stream:
    """A stream that received these messages, one each second."""
    received = Stream("content", speed="fast")
    for at, message in enumerate(messages):
        received.take(message, float(at))
    return received


def chunk(index: int, data: str, **fields: str) -> Message:
    return {"type": "chunk", "index": index, "data": data, **fields}


def test_each_stream_has_a_request_id_of_its_own_unless_one_is_given() -> None:
    assert Stream("a").request_id != Stream("a").request_id
    assert Stream("a", request_id="mine").request == {"content": "a", "request_id": "mine"}


def test_chunks_are_kept_with_their_arrivals() -> None:
    received = stream(START, chunk(0, "one "), {"type": "pong"}, chunk(1, "two"), {"type": "stream_complete"})
    assert (received.data, received.last_index, received.arrivals) == ("one two", 1, [1.0, 3.0])
    assert (received.stream_id, received.resumable, received.speed) == ("s", True, "fast")
    assert (received.end["type"], received.ended_at, received.failure) == ("stream_complete", 4.0, None)


def test_nothing_is_known_before_the_start() -> None:
    received = stream()
    assert (received.stream_id, received.resumable, received.speed, received.metadata) == (None, False, "", {})
    assert (received.data, received.markup, received.last_index, received.failure) == ("", "", -1, None)


def test_the_markup_so_far_is_closed_by_the_last_chunk() -> None:
    received = stream(START, chunk(0, "<ul><li>one ", close="</li></ul>"), chunk(1, "<b>two", close="</b></li></ul>"))
    assert received.markup == "<ul><li>one <b>two</b></li></ul>"


def test_a_second_start_discards_the_chunks() -> None:
    received = stream(START, chunk(0, "one "), chunk(1, "two"), START, chunk(0, "one "))
    assert (received.data, received.starts) == ("one ", 2)


@pytest.mark.parametrize(
    ("end", "failure"),
    [
        ({"type": "error", "code": "CHUNKING_ERROR", "message": "Too long."}, ServerError),
        ({"type": "stream_cancelled"}, StreamCancelled),
        ({"type": "stream_recovered", "recovered": False, "reason": "unknown"}, RecoveryRefused),
    ],
)
def test_any_other_end_is_a_failure(end: Message, failure: type[Exception]) -> None:
    assert isinstance(stream(START, end).failure, failure)


def test_a_granted_recovery_is_no_end() -> None:
    assert stream(START, {"type": "stream_recovered", "recovered": True}).end == {}


def test_a_stream_without_a_connection_cannot_be_controlled() -> None:
    with pytest.raises(RuntimeError, match="connection"):
        stream()._connected  # noqa: B018, SLF001 - the property raises

"""What the chunks of a live stream amount to, and which stream they belong to."""

import pytest

from streaming_content import LiveStream, Message, ServerError, Stream
from streaming_content.active_streams import ActiveStreams


def start(stream_id: str = "s", **fields: object) -> Message:
    return {"type": "stream_start", "stream_id": stream_id, "live": True, **fields}


def chunk(index: int, data: str, **fields: object) -> Message:
    return {"type": "chunk", "index": index, "data": data, **fields}


class Idle:
    """A connection on which nothing arrives."""

    async def wait_until(self, condition: object) -> None:
        raise AssertionError

    async def exchange(self, answer: str, type_: str, **fields: object) -> Message:
        raise AssertionError

    async def acknowledge(self, stream: Stream) -> None:
        raise AssertionError


def test_a_chunk_replaces_what_follows_its_start() -> None:
    stream = LiveStream("s")
    for message in (
        start(settled=0),
        chunk(0, "<p>one *tw", close="</p>", settled=0),
        chunk(1, "<em>two</em>", close="</p>", settled=3, **{"from": 7}),
    ):
        stream.take(message, 0)
    assert (stream.data, stream.markup, stream.settled) == ("<p>one <em>two</em>", "<p>one <em>two</em></p>", 3)


def test_offsets_count_utf16_code_units() -> None:
    stream = LiveStream("s")
    for message in (start(), chunk(0, "😀é wrong", settled=3), chunk(1, " right", **{"from": 3})):
        stream.take(message, 0)
    assert stream.data == "😀é right"


def test_on_another_connection_it_goes_on_from_what_is_settled() -> None:
    stream = LiveStream("s", speed="fast")
    stream.take(start(), 0)
    stream.take(chunk(0, "settled open", settled=7), 0)
    message = stream.watch_message()
    assert (message["settled"], message["speed"], message["stream_id"]) == (7, "fast", "s")
    stream.take(start(settled=7, request_id=stream.request_id), 1)
    stream.take(chunk(0, " end", settled=11), 1)
    assert stream.data == "settled end"


def test_the_states_of_its_producer_and_its_end() -> None:
    stream = LiveStream("s")
    states = []
    for type_ in ("stream_stalled", "stream_interrupted", "stream_continued"):
        stream.take({"type": type_, "stream_id": "s"}, 0)
        states.append(stream.producer)
    assert states == ["stalled", "interrupted", "writing"]
    stream.take({"type": "error", "code": "PRODUCER_FAILED", "stream_id": "s"}, 0)
    assert isinstance(stream.failure, ServerError)


def test_a_stream_that_begins_unasked_takes_its_chunks_between_requests() -> None:
    streams = ActiveStreams(Idle())
    request = Stream("x")
    streams.attach(request)
    begun = streams.of(start("live"))
    assert [begun] == streams.begun
    assert streams.of(chunk(0, "x")) is begun
    assert streams.of({"type": "stream_start", "stream_id": "r", "request_id": request.request_id}) is request
    assert streams.of(chunk(0, "x")) is request
    assert streams.of({"type": "stream_stalled", "stream_id": "live"}) is begun


@pytest.mark.parametrize("asked_first", [True, False])
def test_a_watch_replaces_the_reading_that_began_unasked(asked_first: bool) -> None:
    streams = ActiveStreams(Idle())
    watched = LiveStream("live", request_id="w")
    if asked_first:
        streams.attach(watched)
        assert streams.of(start("live")) is None
    else:
        streams.of(start("live"))
        streams.attach(watched)
    assert streams.of(start("live", request_id="w")) is watched
    assert [*streams] == [watched]


def test_a_producer_may_label_its_stream() -> None:
    streams = ActiveStreams(Idle())
    begun = streams.of(start("live", request_id="of-the-producer"))
    assert [begun] == streams.begun
    assert streams.of({"type": "error", "stream_id": "live", "request_id": "of-the-producer"}) is begun


def test_a_reading_that_is_replaced_has_ended() -> None:
    streams = ActiveStreams(Idle())
    begun = streams.of(start("live"))
    assert begun is not None
    watched = LiveStream("live", request_id="w")
    streams.attach(watched)
    assert begun.end["type"] == "stream_left"
    assert begun.failure is None
    assert streams.begun == []


@pytest.mark.parametrize("type_", ["stream_cancelled", "error", "stream_stalled"])
def test_the_end_of_a_reading_that_will_be_replaced_is_not_that_of_the_watch(type_: str) -> None:
    streams = ActiveStreams(Idle())
    watched = LiveStream("live", request_id="w")
    streams.attach(watched)
    streams.of(start("live"))
    assert streams.of({"type": type_, "stream_id": "live"}) is None
    assert streams.of(start("live", request_id="w")) is watched
    assert streams.of({"type": type_, "stream_id": "live"}) is watched


def test_a_watch_that_is_refused_ends() -> None:
    streams = ActiveStreams(Idle())
    watched = LiveStream("live", request_id="w")
    streams.attach(watched)
    assert streams.of({"type": "error", "stream_id": "live", "request_id": "w"}) is watched

"""The Python client against a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from streaming_content import (
    ConnectFailed,
    ConnectionClosed,
    ProtocolViolation,
    ReceiveTimeout,
    RecoveryRefused,
    ServerError,
    StreamCancelled,
    connect,
)
from tests.clients.direct import DOCUMENT, joined
from tests.conftest import RunningServer, StartServer

LONG = "word " * 200


async def test_iteration_yields_each_chunk_as_it_arrives(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.request(DOCUMENT, speed="superfast")
        chunks = []
        async for chunk in stream:
            assert stream.last_index == chunk.index
            chunks.append(chunk)
    assert "".join(chunk.data for chunk in chunks) == DOCUMENT
    assert [chunk.index for chunk in chunks] == list(range(stream.start["total_chunks"]))
    assert stream.arrivals == sorted(stream.arrivals)
    assert stream.requested_at < stream.arrivals[0] <= stream.arrivals[-1] <= stream.ended_at


async def test_a_stream_can_be_iterated_after_its_end_and_twice(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.stream(DOCUMENT, speed="superfast")
    for _ in range(2):
        assert "".join([chunk.data async for chunk in stream]) == DOCUMENT


async def test_streams_can_be_read_by_several_tasks_in_any_order(server: RunningServer, session_id: str) -> None:
    texts = ["one two", "three", "four five six"]
    async with joined(server, session_id) as connection:
        streams = [await connection.request(text, speed="superfast") for text in texts]
        read = await asyncio.gather(*(stream.read() for stream in reversed(streams)), connection.ping())
    assert read[:-1] == texts[::-1]


async def test_the_first_message_is_available(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        assert connection.connected["session_id"] == connection.session_id == session_id
        assert connection.limits["max_requests"] == 100
        assert connection.resume_token


async def test_controls_return_when_the_service_confirms_them(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.request(LONG, speed="superfast")
        await stream.wait_chunks(2)
        await stream.pause()
        count = len(stream.chunks)
        await connection.ping()
        assert len(stream.chunks) == count
        await stream.resume()
        await stream.wait_chunks(count + 1)
        await stream.skip()
        assert await stream.read() == LONG
        assert stream.end["metadata"]["skipped"]
        await stream.acknowledge()
        await connection.ping()


async def test_a_cancelled_stream_raises_and_the_next_one_runs(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.request(LONG)
        following = await connection.request("following", speed="superfast")
        await stream.wait_chunks(1)
        await stream.cancel()
        with pytest.raises(StreamCancelled):
            await stream.read()
        assert await following.read() == "following"


async def test_a_refused_request_raises_and_no_other_stream_ends(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.request(DOCUMENT, speed="superfast")
        refused = await connection.request("x", speed="warp")
        with pytest.raises(ServerError) as error:
            await refused.read()
        assert (error.value.code, error.value.request_id) == ("INVALID_SPEED", refused.request_id)
        assert (error.value.fatal, error.value.retryable) == (False, False)
        assert await stream.read() == DOCUMENT


async def test_a_control_without_a_stream_raises(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.stream("x", speed="superfast")
        with pytest.raises(ServerError, match="NO_ACTIVE_STREAM"):
            await stream.pause()


async def test_text_with_a_lone_surrogate_is_not_sent(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        with pytest.raises(ValueError, match="surrogate"):
            await connection.send("stream_request", content="\ud800")
        assert await connection.ping() > 0


async def test_a_stream_is_requested_once_on_a_connection(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.request("x", speed="superfast")
        with pytest.raises(ValueError, match="already"):
            await connection.start(stream)
        assert await stream.read() == "x"


async def test_a_stream_continues_on_another_connection(server: RunningServer, session_id: str) -> None:
    connection = await joined(server, session_id)
    stream = await connection.request(LONG, speed="superfast")
    await stream.wait_chunks(3)
    await connection.abort()
    with pytest.raises(ConnectionClosed) as closed:
        await stream.read()
    assert (closed.value.code, closed.value.may_reconnect) == (1006, True)
    received = len(stream.chunks)
    async with joined(server, session_id) as other:
        await other.resume(stream)
        assert await stream.read() == LONG
        assert [chunk.index for chunk in stream.chunks] == list(range(len(stream.chunks)))
        assert other.connected["requests_left"] == 99
    assert received < len(stream.chunks)
    assert stream.starts == 1


async def test_a_request_that_had_not_started_is_repeated_and_counted_once(
    server: RunningServer, session_id: str
) -> None:
    connection = await joined(server, session_id)
    stream = await connection.request("again", speed="superfast")
    await connection.abort()
    async with joined(server, session_id) as other:
        await other.resume(stream)
        assert await stream.read() == "again"
    async with joined(server, session_id) as other:
        assert other.connected["requests_left"] == 99


async def test_a_refused_recovery_raises_its_reason(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.stream("x", speed="superfast")
    stream.token = "of another connection"
    async with joined(server, session_id) as connection:
        await connection.recover(stream)
        with pytest.raises(RecoveryRefused, match="unknown"):
            await stream.read()


async def test_a_refused_handshake_raises_the_sentence_of_the_service(server: RunningServer) -> None:
    with pytest.raises(ConnectFailed, match=r"HTTP 400\. .*session id") as refusal:
        await connect(server.url, "not an id")
    assert refusal.value.status == 400


async def test_a_full_server_raises_its_error(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS=1)
    async with joined(server, "first"):
        with pytest.raises(ServerError, match="OVER_CAPACITY") as error:
            await joined(server, "second")
    assert (error.value.fatal, error.value.retryable) == (True, True)


async def test_the_fatal_error_is_part_of_the_close(start_server: StartServer) -> None:
    async with joined(start_server(MAX_SESSION_DURATION=1), "short") as connection:
        stream = await connection.request("word " * 20_000, speed="superfast")
        with pytest.raises(ConnectionClosed) as closed:
            await stream.read()
    assert closed.value.error is not None
    assert (closed.value.code, closed.value.error.code, connection.close_code) == (4010, "SESSION_TIMEOUT", 4010)


async def test_the_timeout_applies_to_the_next_message(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        with pytest.raises(ReceiveTimeout, match=r"0\.01 s"):
            await connection.receive(0.01)
        assert await connection.ping() > 0


@asynccontextmanager
async def answering(frame: str | bytes) -> AsyncIterator[str]:
    """The URL of a server that sends this frame first."""

    async def answer(connection: ServerConnection) -> None:
        await connection.send(frame)
        await connection.wait_closed()

    async with serve(answer, "127.0.0.1", 0) as server:
        yield "ws://{}:{}".format(*next(iter(server.sockets)).getsockname())


@pytest.mark.parametrize("frame", ["hello", "[]", "{}", '{"type": 1}', b"\xff", "[" * 100_000])
async def test_a_frame_that_is_not_a_message_raises(frame: str | bytes) -> None:
    async with answering(frame) as url:
        with pytest.raises(ProtocolViolation, match="not a message"):
            await connect(url)


async def test_a_clock_can_be_passed(server: RunningServer, session_id: str) -> None:
    moments = iter(range(1000))
    async with joined(server, session_id, clock=lambda: float(next(moments))) as connection:
        stream = await connection.stream("one two", speed="superfast")
    assert stream.arrivals == [stream.requested_at + 2, stream.requested_at + 3]


async def test_a_server_that_sends_nothing_times_out() -> None:
    async def accept(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(accept, "127.0.0.1", 0) as server:
        url = "ws://{}:{}".format(*next(iter(server.sockets)).getsockname())
        with pytest.raises(ReceiveTimeout):
            await connect(url, open_timeout=0.5)


async def test_a_refused_stream_can_be_requested_again(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as connection:
        stream = await connection.stream("once more", speed="superfast")
        await stream.acknowledge()
        await connection.ping()
        await connection.recover(stream)
        with pytest.raises(RecoveryRefused, match="unknown"):
            await stream.read()
        await connection.start(stream)
        assert await stream.read() == "once more"
        assert stream.starts == 2

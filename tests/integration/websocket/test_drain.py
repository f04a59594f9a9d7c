"""SIGTERM, SIGINT, SIGHUP: handshakes are refused, active streams may finish, then all connections close with 1012."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from streaming_content import Connection
from tests.clients.direct import DOCUMENT, data, get, handshake, joined, request, stalled, until_closed
from tests.conftest import RunningServer, StartServer
from tests.waiting import LIMIT_SECONDS

LONG_DOCUMENT = "word " * 2000


@pytest.fixture(autouse=True, scope="module")
def hangup_is_not_ignored() -> Iterator[None]:
    """Under nohup the tests ignore SIGHUP, and so would the servers that they start."""
    before = signal.signal(signal.SIGHUP, lambda _number, _frame: None)
    yield
    signal.signal(signal.SIGHUP, before)


async def _streaming(
    clients: AsyncExitStack, server: RunningServer, session_id: str, content: str = LONG_DOCUMENT
) -> Connection:
    """A client whose stream is active."""
    socket = await clients.enter_async_context(joined(server, session_id))
    await request(socket, content, speed="normal")
    await socket.receive_until("chunk")
    return socket


async def test_the_end_of_the_drain_closes_200_active_streams_and_a_stalled_client(start_server: StartServer) -> None:
    server = start_server(DRAIN_SECONDS=1, SEND_BUFFER_SIZE=4096, CHUNK_TIMEOUT=60)
    async with AsyncExitStack() as clients:
        await clients.enter_async_context(stalled(server, "stalled"))
        streaming = [await _streaming(clients, server, f"streaming-{number}") for number in range(200)]
        server.terminate()
        began = await asyncio.to_thread(server.logged, "drain_started")
        ends = await asyncio.gather(*(until_closed(socket) for socket in streaming))
        status = await asyncio.to_thread(server.process.wait, LIMIT_SECONDS)
    assert began["connections"] == 201
    assert [code for _, code in ends] == [1012] * 200
    assert all({message["type"] for message in messages} == {"chunk"} for messages, _ in ends)
    assert server.logged("drain_ended")["interrupted"] == 201
    assert status == 0


async def test_new_connections_are_refused_during_the_drain(start_server: StartServer) -> None:
    server = start_server(DRAIN_SECONDS=600)
    async with AsyncExitStack() as clients:
        streaming = await _streaming(clients, server, "streaming")
        assert (await get(server, "/ready")).json() == {"status": "ready"}
        server.terminate()
        await asyncio.to_thread(server.logged, "drain_started")
        status, headers, body = await handshake(server, "/ws/stream/late")
        readiness = await get(server, "/ready")
        root = await get(server, "/")
        await request(streaming, "one more")
        await streaming.close()
        assert await asyncio.to_thread(server.process.wait, LIMIT_SECONDS) == 0
    assert (status, headers["retry-after"]) == (503, "15")
    assert json.loads(body)["error"] == "The server restarts. Reconnect after 15 s."
    assert (readiness.status_code, readiness.json(), readiness.headers["retry-after"]) == (
        503,
        {"status": "draining"},
        "5",
    )
    assert root.status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("workers", [1, 2])
async def test_an_active_stream_finishes_and_a_waiting_request_does_not_start(
    start_server: StartServer, workers: int, number: signal.Signals
) -> None:
    server = start_server(DRAIN_SECONDS=600, MAX_WORKERS=workers)
    async with AsyncExitStack() as clients:
        idle = await clients.enter_async_context(joined(server, "idle"))
        running = await clients.enter_async_context(joined(server, "running"))
        await request(running, DOCUMENT, request_id="running")
        await request(running, DOCUMENT, request_id="waiting")
        first = await running.receive_until("chunk")
        server.process.send_signal(number)
        assert await until_closed(idle) == ([], 1012)
        rest, code = await until_closed(running)
        assert data(first + rest) == DOCUMENT
        assert (rest[-1]["type"], rest[-1]["request_id"], code) == ("stream_complete", "running", 1012)
        assert await asyncio.to_thread(server.process.wait, LIMIT_SECONDS) == 0


async def test_a_second_hangup_of_a_terminal_does_not_end_the_drain(start_server: StartServer) -> None:
    server = start_server(DRAIN_SECONDS=600)
    async with AsyncExitStack() as clients:
        streaming = await _streaming(clients, server, "streaming", DOCUMENT)
        server.process.send_signal(signal.SIGHUP)
        await asyncio.to_thread(server.logged, "drain_started")
        server.process.send_signal(signal.SIGHUP)
        messages, code = await until_closed(streaming)
        assert (messages[-1]["type"], code) == ("stream_complete", 1012)
        assert await asyncio.to_thread(server.process.wait, LIMIT_SECONDS) == 0


async def test_a_second_signal_ends_the_drain(start_server: StartServer) -> None:
    server = start_server(DRAIN_SECONDS=600)
    async with AsyncExitStack() as clients:
        streaming = await _streaming(clients, server, "streaming")
        server.terminate()
        await asyncio.to_thread(server.logged, "drain_started")
        await streaming.receive_until("chunk")
        server.terminate()
        _, code = await until_closed(streaming)
        assert code == 1012
        assert await asyncio.to_thread(server.process.wait, LIMIT_SECONDS) == 0

"""A restart: idle clients are closed with a time at which they return, and all are back then."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from streaming_content import BackOff, Connection, ConnectionClosed
from tests.attempts import most_within_100_ms
from tests.backends.child import free_port
from tests.clients.direct import DOCUMENT, joined, request
from tests.conftest import StartServer

CLIENTS = 150


async def _closed(connection: Connection) -> ConnectionClosed:
    try:
        while True:
            await connection.receive()
    except ConnectionClosed as closed:
        return closed


async def test_all_idle_clients_return_without_a_failed_attempt(start_server: StartServer) -> None:
    port = free_port()
    server = start_server(PORT=port, RESTART_SECONDS=0.5)  # DRAIN_SECONDS=0: all close at the same moment
    async with AsyncExitStack() as clients:
        connections = [
            await clients.enter_async_context(joined(server, f"client-{number}")) for number in range(CLIENTS)
        ]
        server.terminate()
        closes = await asyncio.gather(*map(_closed, connections))
    await asyncio.to_thread(server.stop)
    hints = [closed.retry_after_seconds for closed in closes]
    waits = [hint for hint in hints if hint is not None]
    assert len(waits) == CLIENTS
    assert max(waits) > CLIENTS / 300
    assert most_within_100_ms(waits) <= 60
    assert {closed.reason.partition("; ")[0] for closed in closes} == {"the server restarts, reconnect soon"}

    restarted = start_server(PORT=port)
    attempts = sorted((BackOff().next(closed), number) for number, closed in enumerate(closes))
    for _, number in attempts:
        async with joined(restarted, f"client-{number}") as connection:
            assert connection.connected["session_id"] == f"client-{number}"


async def test_an_interrupted_stream_is_asked_to_return_soon(start_server: StartServer) -> None:
    server = start_server(RESTART_SECONDS=100)
    async with joined(server, "reader") as reader:
        await request(reader, DOCUMENT, speed="slow")
        await reader.receive_until("chunk")
        server.terminate()
        closed = await _closed(reader)
    assert closed.retry_after_seconds == 0.25


@pytest.mark.parametrize("restart_seconds", [600, 0])
async def test_the_time_to_return_follows_the_setting(start_server: StartServer, restart_seconds: int) -> None:
    server = start_server(RESTART_SECONDS=restart_seconds)
    async with joined(server, "idle") as idle:
        server.terminate()
        closed = await _closed(idle)
    assert closed.retry_after_seconds is not None
    assert (closed.retry_after_seconds > 1) == (restart_seconds > 0)

"""Hostile connections are ended with the code of the limit that they exceed, and those beside them are not affected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from benchmarks.attacks import ATTACKS, Attack, connect, frame, run_attack
from streaming_content import ConnectionClosed
from tests.clients.direct import get, joined, metric, request, stream
from tests.conftest import RunningServer, StartServer
from tests.waiting import LIMIT_SECONDS

SOCKETS = 3
DOCUMENT = "word " * 50

REASONS = {
    "pings": "input_frames",
    "pongs": "input_frames",
    "large pings": "input_frames",
    "empty continuations": "input_frames",
    "one-byte continuations": "input_frames",
    "messages": "input_frames",
    "invalid JSON": "input_bytes",
    "messages that are too large": "input_bytes",
    "an unfinished message": "message_timeout",
}


async def run_one(server: RunningServer, attack: Attack, number: int) -> int:
    """Attack until the service ends the connection; return its close code."""
    async with asyncio.timeout(LIMIT_SECONDS):
        return await run_attack(attack, *await connect(attack, *server.address, f"attacker-{number}"))


@asynccontextmanager
async def attacked(server: RunningServer, attack: Attack, sockets: int = SOCKETS) -> AsyncIterator[list[int]]:
    """The close codes, when the context is left."""
    codes: list[int] = []
    running = asyncio.gather(*(run_one(server, attack, number) for number in range(sockets)))
    try:
        yield codes
        codes += await running
    finally:
        running.cancel()


@pytest.mark.parametrize("name", REASONS)
async def test_the_attackers_are_ended_and_a_stream_beside_them_is_complete(
    start_server: StartServer, name: str
) -> None:
    server = start_server(MAX_FRAME_RATE=50, MAX_BYTE_RATE=200_000, MESSAGE_STALL_TIMEOUT=1)
    async with joined(server, "other") as other, attacked(server, ATTACKS[name]) as codes:
        assert await stream(other, DOCUMENT) == DOCUMENT
        assert (await get(server, "/")).status_code == 200
    # A close frame is lost if the peer sends more than the service reads after it.
    assert set(codes) <= {ATTACKS[name].code, 1006}
    assert await metric(server, f'stream_connection_closes_total{{reason="{REASONS[name]}"}}') == SOCKETS
    assert server.logged("connection_closed", reason=REASONS[name])["code"] == ATTACKS[name].code
    assert await metric(server, "stream_connections_active") == 0


async def test_the_client_gets_a_sentence_before_the_close(start_server: StartServer) -> None:
    server = start_server(MAX_FRAME_RATE=4, MAX_CONTENT_SIZE=1)
    async with joined(server, "chatty") as chatty:
        with suppress(ConnectionClosed):
            for _ in range(100):
                await chatty.send("ping")
        messages = [message async for message in chatty]
    error = messages[-1]
    assert (error["code"], error["fatal"], error["retryable"]) == ("INPUT_LIMIT_EXCEEDED", True, False)
    assert chatty.close_code == 4104


async def test_eleven_requests_of_the_largest_size_with_all_bytes_escaped_are_accepted(
    start_server: StartServer,
) -> None:
    server = start_server(MAX_BYTE_RATE=1024)
    async with joined(server, "large") as large:
        for number in range(11):
            await request(large, "\x01" * 99_999 + "x", request_id=str(number))
        await large.send("ping")
        messages = await large.receive_until("pong")
    assert not [message for message in messages if message["type"] == "error"]


async def test_the_connection_that_holds_most_makes_room(start_server: StartServer) -> None:
    server = start_server(INPUT_MEMORY=1_048_576)
    async with joined(server, "greedy") as greedy, joined(server, "modest") as modest:
        await request(modest, "word " * 1000)
        for number in range(11):
            await request(greedy, f"{number:02}" + "word " * 19_999, speed="slow")
        messages = [message async for message in greedy]
        assert (messages[-1]["code"], greedy.close_code) == ("OVER_CAPACITY", 4101)
        await modest.control("skip")
        await modest.receive_until("stream_complete")
    assert await metric(server, 'stream_connection_closes_total{reason="input_memory"}') == 1


async def test_a_signal_during_attacks_ends_the_process(start_server: StartServer) -> None:
    server = start_server(DRAIN_SECONDS=0, MAX_FRAME_RATE=1_000_000_000, MAX_BYTE_RATE=1_000_000_000)
    flood = Attack(repeated=frame(9) * 10_000)
    async with attacked(server, flood) as codes:
        await asyncio.to_thread(server.logged, "connection_opened", session_id=f"attacker-{SOCKETS - 1}")
        server.terminate()
        assert await asyncio.to_thread(server.process.wait, LIMIT_SECONDS) == 0
    assert set(codes) <= {1012, 1006}

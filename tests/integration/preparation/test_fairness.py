"""Clients that send expensive content without a pause are refused; clients with small documents are served."""

import asyncio
from itertools import count

from benchmarks.contents import HOSTILE
from streaming_content import Connection
from tests.clients.direct import joined, metric, stream
from tests.conftest import RunningServer, StartServer

ATTACKERS = 6
SMALL_DOCUMENTS = 20
SMALL = "# A small document\n\nwith *some* words"
COSTLY = HOSTILE["HTML: text in a table, incremental"](98_000)
NUMBERS = count()


async def attack(connection: Connection, refused: asyncio.Event) -> None:
    """Send content that no cache has, again and again, until the session is used up; cancel its streams."""
    while True:
        await connection.send("stream_request", content=f"{COSTLY.content}{next(NUMBERS)}", content_type="html")
        while (message := await connection.receive())["type"] not in {"error", "stream_cancelled"}:
            if message["type"] == "stream_start":
                await connection.send("stream_control", action="cancel")
        if message["type"] == "error":
            if message["code"] == "RATE_LIMIT_EXCEEDED":
                return
            assert (message["code"], message["retryable"], message["fatal"]) == ("SERVER_BUSY", True, False)
            assert message["retry_after_ms"] == 300_000
            refused.set()


async def read_small_documents(server: RunningServer, refused: asyncio.Event) -> list[str]:
    """Each in a new session, from the first refusal of an attacker on."""
    await refused.wait()
    shown = []
    for number in range(SMALL_DOCUMENTS):
        async with joined(server, f"small-{number}") as client:
            shown.append(await stream(client, f"{SMALL} {number}", content_type="markdown"))
    return shown


async def test_small_documents_are_served_beside_attackers_which_are_refused(start_server: StartServer) -> None:
    """Two contents may wait, and the slowness of the machine is no reason to refuse or to kill."""
    server = start_server(CONTENT_QUEUE_SIZE=200_000, CONTENT_WAIT_TIMEOUT=300, CONTENT_CPU_LIMIT=60)
    refused = asyncio.Event()

    async def attack_in_sessions(number: int) -> None:
        for session in count():
            async with joined(server, f"attacker-{number}-{session}") as connection:
                await attack(connection, refused)

    attackers = [asyncio.create_task(attack_in_sessions(number)) for number in range(ATTACKERS)]
    small = asyncio.create_task(read_small_documents(server, refused))
    await asyncio.wait([small, *attackers], return_when=asyncio.FIRST_COMPLETED)
    assert len(small.result()) == SMALL_DOCUMENTS
    assert await metric(server, 'stream_content_refused_total{content_worker="process",reason="queue_full"}') >= 1
    assert await metric(server, 'stream_content_refused_total{content_worker="thread",reason="queue_full"}') == 0
    for task in attackers:
        task.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)

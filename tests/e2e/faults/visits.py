"""What the clients of the fault matrix do on a connection."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final

from benchmarks.hostile import MARKDOWN
from streaming_content import Connection, ConnectionClosed, Publisher
from tests.e2e.faults.load import Client

PAUSE_MINUTES: Final = 0.25
"""Of an editor, between two requests."""

_REQUESTS_OF_A_SESSION: Final = 50
"""Half of what a session may send."""
_SENTENCES: Final = "This is the first sentence. The second one is as short. A third one ends it. "
_READING: Final = "word " * 150
"""Seven seconds of stream: the most that no alert calls large."""
_HEAVY: Final = MARKDOWN["tables"](50_000)
"""A fifth of a second of a processor."""
_MISTAKES: Final[tuple[dict[str, Any], ...]] = (
    {"type_": "stream_request", "content": "x", "content_type": "pdf"},
    {"type_": "stream_request", "content": "x", "speed": "warp"},
    {"type_": "stream_request", "content": ""},
    {"type_": "stream_control", "action": "rewind"},
    {"type_": "subscribe"},
)

_unique: Final[Iterator[int]] = count()
"""Makes each content another one, which no cache contains."""


async def edit(client: Client, connection: Connection) -> None:
    """Request short documents, one after the other."""
    for _ in range(_REQUESTS_OF_A_SESSION):
        await client.stream(connection, f"{_SENTENCES}{next(_unique)}", chunk_by="sentence", speed="superfast")
        await client.pause(PAUSE_MINUTES)
        if client.over.is_set():
            return


async def edit_rarely(client: Client, connection: Connection) -> None:
    """One request in four minutes, each on a connection of its own."""
    await client.stream(connection, f"{_SENTENCES}{next(_unique)}", chunk_by="sentence", speed="superfast")
    await connection.close()
    await client.pause(4)


async def read(client: Client, connection: Connection) -> None:
    """Read one long stream."""
    await client.stream(connection, f"{_READING}{next(_unique)}", chunk_by="word", speed="fast")


async def err(client: Client, connection: Connection) -> None:
    """Send what the protocol does not allow."""
    for number in range(_REQUESTS_OF_A_SESSION):
        await connection.send(**_MISTAKES[number % len(_MISTAKES)])
        await connection.receive_type("error")
        await client.pause(PAUSE_MINUTES / 5)
        if client.over.is_set():
            return


async def stream_heavy(client: Client, connection: Connection) -> None:
    """Request a document whose preparation is dear, and whose chunks are few."""
    await client.stream(
        connection, f"{next(_unique)}\n\n{_HEAVY}", content_type="markdown", chunk_by="paragraph", speed="superfast"
    )


async def sit(client: Client, connection: Connection) -> None:
    """Occupy a place."""
    leaving = asyncio.create_task(client.over.wait())
    hearing = asyncio.create_task(_until_closed(connection))
    await asyncio.wait({leaving, hearing}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    hearing.cancel()


async def stall(client: Client, connection: Connection) -> None:
    """Request more than any buffer holds and read none of it, until the service closes the connection."""
    await connection.request("x" * 99_000, speed="superfast")
    await connection.control("skip")
    while True:  # also when it should leave: the service closes the connection
        await connection.send("heartbeat")  # a close is noticed by a message that cannot be sent
        await client.retry()


def publish(url: str, token: str) -> Callable[[Client, Connection], Awaitable[None]]:
    """A visit: write a live stream into the session of the connection, a token each 20 ms."""

    async def write(client: Client, connection: Connection) -> None:
        publisher = Publisher(url, token=token)
        async with publisher.stream(connection.connected["session_id"]) as out:
            while not client.over.is_set():
                await out.write("word ")
                await asyncio.sleep(0.02)

    return write


def narrow(address: str) -> dict[str, Any]:
    """Options for a connection with a small receive buffer."""
    host, _, port = address.partition(":")
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    small.connect((host, int(port)))
    small.settimeout(0)
    return {"sock": small, "max_queue": 1, "wait_connected": False}


async def _until_closed(connection: Connection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await connection.receive(3600)

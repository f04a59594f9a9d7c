"""Connections and HTTP requests to a running server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from streaming_content import Connection, Message, Stream, connect
from tests.conftest import RunningServer
from tests.waiting import LIMIT_SECONDS

WITHOUT_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)
"""For a client that is idle at times: a request on a kept connection can meet the server's close."""

DOCUMENT = "One\ttwo,  three:\nnaïve café 😀.\n\n  The second paragraph ends here. \n"


def joined(
    server: RunningServer,
    session_id: str,
    **options: Any,  # noqa: ANN401 - those of connect
) -> connect:
    """A connection to the session, for ``async with`` or ``await``; it sends no WebSocket pings of its own."""
    return connect(
        server.url,
        session_id,
        **{"timeout": LIMIT_SECONDS, "open_timeout": LIMIT_SECONDS, "ping_interval": None} | options,
    )


@asynccontextmanager
async def stalled(server: RunningServer, session_id: str) -> AsyncIterator[Connection]:
    """A client that has requested far more than any buffer holds, and reads none of it."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    narrow.connect(server.address)
    narrow.settimeout(0)
    connection = await joined(server, session_id, sock=narrow, max_queue=1, wait_connected=False)
    try:
        for _ in range(3):
            await connection.request("x" * 99_000, speed="superfast")
            await connection.control("skip")
        yield connection
    finally:
        connection.transport.abort()


async def request(connection: Connection, content: str, **fields: object) -> Stream:
    """Request a stream, at the highest speed by default."""
    return await connection.request(content, **{"speed": "superfast"} | fields)


async def stream(connection: Connection, content: str, **fields: object) -> str:
    """Stream a document and return what arrives."""
    received = await request(connection, content, **fields)
    await received.read()
    assert [chunk.index for chunk in received.chunks] == list(range(len(received.chunks)))
    return received.data


async def until_closed(connection: Connection) -> tuple[list[Message], int | None]:
    """All messages until the server closes the connection, and its close code."""
    async with asyncio.timeout(LIMIT_SECONDS):
        return [message async for message in connection], connection.close_code


def data(messages: Iterable[Message]) -> str:
    """The data of all chunks, whose indices must have no gap."""
    chunks = [message for message in messages if message["type"] == "chunk"]
    assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
    return "".join(chunk["data"] for chunk in chunks)


async def handshake(server: RunningServer, target: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a raw WebSocket handshake: the status, the headers in lower case and, unless it is 101, the body."""
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: test",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        "\r\n",
    ]
    async with asyncio.timeout(LIMIT_SECONDS):
        reader, writer = await asyncio.open_connection(*server.address)
        try:
            writer.write("\r\n".join(lines).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status_line, *header_lines = head.rstrip().split("\r\n")
            answered = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)
            }
            status = int(status_line.split()[1])
            body = b"" if status == 101 else await reader.readexactly(int(answered["content-length"]))
        finally:
            writer.transport.abort()
    return status, answered, body


async def get(server: RunningServer, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url) as client:
        return await client.get(path, headers=headers)


async def metric(server: RunningServer, sample: str) -> float:
    """The value of a sample in /metrics, by its name and labels as they are written there."""
    lines = (await get(server, "/metrics")).text.splitlines()
    [value] = [line.removeprefix(sample) for line in lines if line.startswith(f"{sample} ")]
    return float(value)

"""The conversation as a client sees it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.conftest import RunningServer
from tests.waiting import LIMIT_SECONDS

DOCUMENT = "One\ttwo,  three:\nnaïve café 😀.\n\n  The second paragraph ends here. \n"


Message = dict[str, Any]


@asynccontextmanager
async def joined(server: RunningServer, session_id: str) -> AsyncIterator[ClientConnection]:
    """A connection that has been greeted."""
    async with connect(server.ws(session_id), ping_interval=None) as client:
        greeting = await receive(client)
        assert (greeting["type"], greeting["session_id"]) == ("connected", session_id)
        yield client


@asynccontextmanager
async def stalled(server: RunningServer, session_id: str) -> AsyncIterator[ClientConnection]:
    """A client that has asked for far more than any buffer holds, and reads none of it."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    narrow.connect(server.address)
    narrow.settimeout(0)
    connection = await connect(server.ws(session_id), sock=narrow, max_queue=1, ping_interval=None)
    try:
        for _ in range(3):
            await request(connection, "x" * 99_000)
            await send(connection, "stream_control", action="skip")
        yield connection
    finally:
        connection.transport.abort()


async def send(client: ClientConnection, type_: str, **fields: object) -> None:
    await client.send(json.dumps({"type": type_, **fields}))


async def request(client: ClientConnection, content: str, **fields: object) -> None:
    await send(client, "stream_request", **{"content": content, "speed": "superfast"} | fields)


async def receive(client: ClientConnection) -> Message:
    async with asyncio.timeout(LIMIT_SECONDS):
        message: Message = json.loads(await client.recv())
    return message


async def receive_until(client: ClientConnection, type_: str) -> list[Message]:
    """All messages up to the first of that type."""
    async with asyncio.timeout(LIMIT_SECONDS):
        messages = [await receive(client)]
        while messages[-1]["type"] != type_:
            messages.append(await receive(client))
    return messages


async def stream(client: ClientConnection, content: str, **fields: object) -> str:
    """Stream a document; what has come back."""
    await request(client, content, **fields)
    messages = await receive_until(client, "stream_complete")
    assert messages[0]["type"] == "stream_start"
    return data(messages)


async def close_of(client: ClientConnection) -> tuple[list[Message], int | None]:
    """All that comes until the server closes, and its close code."""
    messages = []
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                messages.append(await receive(client))
    except ConnectionClosed as closed:
        return messages, None if closed.rcvd is None else closed.rcvd.code


def data(messages: list[Message]) -> str:
    """The data of all chunks, whose indices have no gap."""
    chunks = [message for message in messages if message["type"] == "chunk"]
    assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
    return "".join(chunk["data"] for chunk in chunks)


async def handshake(server: RunningServer, target: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask for a socket in so many bytes: the status, the headers in small letters and, unless it is 101, the body."""
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
    """A sample of /metrics, by its name and labels as they are written there."""
    lines = (await get(server, "/metrics")).text.splitlines()
    [value] = [line.removeprefix(sample) for line in lines if line.startswith(f"{sample} ")]
    return float(value)

"""Bytes on a TCP connection, as they are written, and what the server answers until it closes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.conftest import RunningServer
from tests.waiting import LIMIT_SECONDS

HANDSHAKE = (
    b"GET /ws/stream/raw HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
"""Without a Host and without its end."""
_TRICKLE_SECONDS = 0.02


class RawSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_head(self) -> bytes:
        """The next response up to its body."""
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def read_all(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self._reader.read()

    async def wait_closed(self) -> None:
        """Until the server closes, in whatever way."""
        with suppress(ConnectionError):
            await self.read_all()

    async def trickle(self, piece: bytes) -> None:
        """Send a small piece again and again until the server closes."""
        ended = asyncio.create_task(self.wait_closed())
        while not ended.done():
            self.writer.write(piece)
            await asyncio.sleep(_TRICKLE_SECONDS)


def statuses(received: bytes) -> list[int]:
    """The status of each response."""
    return [int(part.split(maxsplit=1)[0]) for part in received.split(b"HTTP/1.1 ")[1:]]


@asynccontextmanager
async def raw_socket(server: RunningServer, receive_buffer_bytes: int | None = None) -> AsyncIterator[RawSocket]:
    connection = socket.socket()
    connection.setblocking(False)  # noqa: FBT003 - the library takes it so
    if receive_buffer_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    await asyncio.get_running_loop().sock_connect(connection, server.address)
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.transport.abort()


async def answer(server: RunningServer, data: bytes) -> bytes:
    """Send bytes and return everything until the server closes."""
    async with raw_socket(server) as client:
        await client.send(data)
        return await client.read_all()

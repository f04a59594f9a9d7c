"""A reader of live streams on a socket, as the protocol describes it, without a client of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import websockets

from tests.waiting import LIMIT_SECONDS

Json = dict[str, Any]

ENDS = {"stream_complete", "stream_cancelled", "error", "stream_left"}


class Document:
    """What a reader keeps of a stream, and shows."""

    def __init__(self) -> None:
        self.kept = ""
        self.close = ""
        self.settled = 0
        self.messages: list[Json] = []
        self._awaited: str | None = None
        """The label of the ``watch`` whose stream has not started."""

    @property
    def shown(self) -> str:
        return self.kept + self.close

    @property
    def types(self) -> list[str]:
        """Of the messages, without chunks."""
        return [message["type"] for message in self.messages if message["type"] != "chunk"]

    def watched(self) -> Json:
        """Return the fields of a ``watch`` that continues it."""
        self._awaited = uuid4().hex
        return {"settled": self.settled, "request_id": self._awaited}

    def take(self, message: Json) -> None:
        """Apply a message. A document of ASCII: its offsets are those of Python."""
        if self._awaited is not None and message.get("request_id") != self._awaited:
            return  # of the stream as it was sent unasked, before the ``watch`` arrived
        self._awaited = None
        self.messages.append(message)
        if message["type"] == "stream_start":
            self.settled = message["settled"]
            self.kept = self.kept[: self.settled]
        elif message["type"] == "chunk":
            start = message.get("from", len(self.kept))
            assert start >= min(self.settled, len(self.kept))
            self.kept = self.kept[:start] + message["data"]
            self.close = message.get("close", "")
            assert message["settled"] >= self.settled
            self.settled = message["settled"]
        elif message["type"] in {"stream_complete", "error"}:
            self.close = ""


class SocketReader:
    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def send(self, type_: str, **fields: object) -> None:
        await self.connection.send(json.dumps({"type": type_, **fields}))

    async def receive(self) -> Json:
        async with asyncio.timeout(LIMIT_SECONDS):
            message: Json = json.loads(await self.connection.recv())
        return message

    async def watch(self, stream_id: str, document: Document, **fields: object) -> None:
        await self.send("watch", stream_id=stream_id, **document.watched(), **fields)

    async def until(self, document: Document, text: str) -> None:
        """Read until the document shows the text."""
        while text not in document.shown:
            document.take(await self.receive())

    async def until_type(self, document: Document, *types: str) -> Json:
        """Read until a message of one of the types."""
        while True:
            message = await self.receive()
            document.take(message)
            if document.messages[-1:] == [message] and message["type"] in types:
                return message

    async def to_end(self, document: Document) -> Json:
        return await self.until_type(document, *ENDS)


@asynccontextmanager
async def reading(address: str, session_id: str) -> AsyncIterator[SocketReader]:
    """A connected reader."""
    url = f"ws://{address}/ws/stream/{session_id}"
    async with websockets.connect(url, ping_interval=None, compression=None) as connection:
        reader = SocketReader(connection)
        assert (await reader.receive())["type"] == "connected"
        yield reader

"""A reader by server-sent events, without a client of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.integration.live.socket_reader import ENDS, Document, Json
from tests.waiting import LIMIT_SECONDS


class EventClient:
    """``last_id`` is the id of the last event, and ``comments`` counts lines without one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self.retry_ms: int | None = None
        self._lines = response.aiter_lines()

    async def receive(self) -> Json | None:
        """Return the next event; ``None`` at the end."""
        name, data = "", ""
        async with asyncio.timeout(LIMIT_SECONDS):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "id":
                    self.last_id = value
                elif field == "retry":
                    self.retry_ms = int(value)
                elif field == "data":
                    data = value
                elif not line and data:
                    message: Json = json.loads(data)
                    assert message["type"] == name
                    return message
        return None

    async def until(self, document: Document, text: str) -> None:
        """Read until the document shows the text."""
        while text not in document.shown:
            message = await self.receive()
            assert message is not None, document.messages
            document.take(message)

    async def to_end(self, document: Document) -> Json:
        while (message := await self.receive()) is not None:
            document.take(message)
            if message["type"] in ENDS:
                assert await self.receive() is None
                return message
        raise AssertionError(document.messages)


@asynccontextmanager
async def events(
    address: str, stream_id: str, headers: dict[str, str] | None = None, **query: object
) -> AsyncIterator[EventClient]:
    """A request whose answer is being read."""
    url = f"http://{address}/v1/streams/{stream_id}/events"
    async with (
        httpx.AsyncClient(timeout=LIMIT_SECONDS) as http,
        http.stream("GET", url, headers=headers, params={key: str(value) for key, value in query.items()}) as response,
    ):
        yield EventClient(response)

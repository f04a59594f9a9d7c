"""A back end that publishes, as a test calls it: HTTP and the publish socket, without a client of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import websockets

from tests.clients.direct import WITHOUT_KEEP_ALIVE
from tests.conftest import RunningServer
from tests.waiting import LIMIT_SECONDS

PUBLISH_TOKEN = "pK4vTz9sQw2mXb7R"
OPEN = {"PUBLISH_TOKEN": PUBLISH_TOKEN}
"""The settings of a service without authentication, whose back ends have a token."""

Json = dict[str, Any]


class BackEnd:
    """Calls are answered with the JSON of a response; ``status`` is that of the last."""

    def __init__(self, address: str, http: httpx.AsyncClient, token: str) -> None:
        """``address`` is ``host:port``."""
        self._address = address
        self._http = http
        self.token = token
        self.status = 0

    async def call(self, path: str, *, method: str = "POST", **options: Any) -> Json:  # noqa: ANN401 - of httpx
        answer = await self._http.request(method, f"/v1{path}", **options)
        self.status = answer.status_code
        body: Json = answer.json()
        return body

    async def create(self, session_id: str, content_type: str = "text", **options: object) -> Json:
        created = await self.call(f"/sessions/{session_id}/streams", json={"content_type": content_type, **options})
        assert self.status == 201, created
        return created

    async def append(self, stream_id: str, offset: int, data: bytes, epoch: int = 0) -> Json:
        return await self.call(f"/streams/{stream_id}/append?epoch={epoch}&offset={offset}", content=data)

    async def close(self, stream_id: str, offset: int, status: str = "complete", epoch: int = 0) -> Json:
        return await self.call(f"/streams/{stream_id}/close?epoch={epoch}", json={"status": status, "offset": offset})

    async def adopt(self, stream_id: str) -> Json:
        return await self.call(f"/streams/{stream_id}/adopt")

    async def cancel(self, stream_id: str) -> Json:
        return await self.call(f"/streams/{stream_id}/cancel")

    async def state(self, stream_id: str) -> Json:
        return await self.call(f"/streams/{stream_id}", method="GET")

    @asynccontextmanager
    async def socket(self, stream_id: str, epoch: int = 0) -> AsyncIterator["Socket"]:
        """A publish socket with the token in its header, which has received its first message."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with opened(self._address, stream_id, epoch, additional_headers=headers) as socket:
            yield socket


class Socket:
    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def send(self, type_: str, **fields: object) -> None:
        await self.connection.send(json.dumps({"type": type_, **fields}))

    async def receive(self) -> Json:
        async with asyncio.timeout(LIMIT_SECONDS):
            message: Json = json.loads(await self.connection.recv())
        return message

    async def until(self, type_: str, **fields: object) -> Json:
        """Skip messages until one has this type and these fields."""
        while True:
            message = await self.receive()
            if message.items() >= {"type": type_, **fields}.items():
                return message

    async def closed(self) -> tuple[list[Json], int]:
        """What is received until the service closes, and its code."""
        messages: list[Json] = []
        with suppress(websockets.ConnectionClosed):
            while True:
                messages.append(await self.receive())
        assert self.connection.close_code is not None
        return messages, self.connection.close_code


@asynccontextmanager
async def opened(
    address: str,
    stream_id: str,
    epoch: object = 0,
    **options: Any,  # noqa: ANN401 - of websockets
) -> AsyncIterator[Socket]:
    """A publish socket."""
    url = f"ws://{address}/ws/publish/{stream_id}?epoch={epoch}"
    async with websockets.connect(url, ping_interval=None, compression=None, **options) as connection:
        yield Socket(connection)


def address_of(server: RunningServer) -> str:
    return "{}:{}".format(*server.address)


@asynccontextmanager
async def back_end(server: RunningServer, token: str = PUBLISH_TOKEN, **headers: str) -> AsyncIterator[BackEnd]:
    all_headers = {"Authorization": f"Bearer {token}", **headers}
    async with httpx.AsyncClient(
        base_url=server.url, headers=all_headers, timeout=LIMIT_SECONDS, limits=WITHOUT_KEEP_ALIVE
    ) as http:
        yield BackEnd(address_of(server), http, token)

"""A demo load: editors that come, ask for streams, pause, skip, cancel, err and leave, with ebb and flow.

About as busy as a small team: from ten to some sixty stream requests a minute.
"""

import asyncio
import json
import math
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from itertools import count
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.documents import document
from service.protocol.messages import ChunkBy, ContentType, Speed

_EDITORS: Final = 12
_CROWD: Final = 70
"""More than the demo's service has seats for."""
_TIDE_SECONDS: Final = 400
"""From one quiet time to the next."""
_PATHS: Final = ("/", "/health", "/ready", "/docs", "/favicon.ico")
_MISTAKES: Final[tuple[dict[str, Any], ...]] = (
    {"type": "stream_request", "content": ""},
    {"type": "stream_request", "content": "x", "content_type": "pdf"},
    {"type": "stream_request", "content": "x", "speed": "warp"},
    {"type": "stream_request", "content": "x" * 100_001},
    {"type": "stream_control", "action": "rewind"},
    {"type": "subscribe"},
)
_PASTED: Final = '<p class="x" onclick="track()">Pasted<script>track()</script><!-- from somewhere --></p>\n'
"""What nobody should get to see."""
_SHORT_BYTES: Final = 1500
"""Nobody has a longer document read out word by word."""
_GONE: Final = (OSError, TimeoutError, WebSocketException, httpx.HTTPError)
_ENDS: Final = ('{"type":"stream_complete"', '{"type":"stream_cancelled"', '{"type":"error"')


class Load:
    """Clients of the service at ``address`` (``host:port``). ``haste`` is 1 for a demo; a test may be in more."""

    def __init__(self, address: str, haste: float = 1) -> None:
        self._address = address
        self._haste = haste
        self._chance = random.Random(14)  # noqa: S311 - a demo
        self._numbers = count(1)
        self._began = time.monotonic()

    async def run(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as everybody:
            for _ in range(_EDITORS):
                everybody.create_task(self._often(self._editor, 20))
            everybody.create_task(self._often(self._visitor, 2))
            everybody.create_task(self._often(self._traveller, 30))
            everybody.create_task(self._often(self._lurker, 40))
            everybody.create_task(self._often(self._sleeper, 150))
            everybody.create_task(self._often(self._runaway, 400))
            everybody.create_task(self._often(self._crowd, 500))

    async def _often(self, visit: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            await self._think(seconds)
            with suppress(*_GONE):  # closed, full or away: whoever it was comes again
                await visit()

    async def _editor(self) -> None:
        """Has a few documents streamed, one after the other."""
        async with self._joined() as client:
            for _ in range(self._chance.randint(1, 9)):
                if self._happens(0.04):
                    await client.send(json.dumps(self._chance.choice(_MISTAKES)))
                await self._stream(client)
                await self._think(18)
            if self._happens(0.1):
                client.transport.abort()  # a lid is closed

    async def _stream(self, client: ClientConnection) -> None:
        bytes_ = round(self._chance.lognormvariate(math.log(900), 1.1))
        by = self._chance.choice(
            [ChunkBy.SENTENCE, ChunkBy.PARAGRAPH, *([ChunkBy.WORD] if bytes_ < _SHORT_BYTES else [])]
        )
        content_type = self._chance.choices(list(ContentType), [2, 2, 5])[0]
        content = document(content_type, min(bytes_, 90_000)) + (_PASTED if self._happens(0.15) else "")
        request = {"content": content, "content_type": content_type, "chunk_by": by}
        speed = self._chance.choices(list(Speed), [1, 2, 4, 4, 6])[0]
        await client.send(json.dumps({"type": "stream_request", "speed": speed, **request}))
        match self._chance.choices(["read", "pause", "skip", "cancel", "vanish"], [65, 15, 10, 7, 3])[0]:
            case "pause":
                await self._control(client, "pause")
                await self._think(4)
                await self._control(client, "resume")
            case "vanish":
                client.transport.abort()
            case "skip" | "cancel" as action:
                await self._control(client, action)
        async for message in client:
            if str(message).startswith(_ENDS):
                break

    async def _control(self, client: ClientConnection, action: str) -> None:
        await self._think(1)
        await client.send(json.dumps({"type": "stream_control", "action": action}))

    async def _traveller(self) -> None:
        """Loses the connection in the middle of a stream, and goes on with it on the next."""
        session_id = f"demo-{next(self._numbers)}"
        async with self._joined(session_id) as client:
            token = json.loads(await client.recv())["resume_token"]
            content = document(ContentType.MARKDOWN, 900)
            await client.send(json.dumps({"type": "stream_request", "content": content, "content_type": "markdown"}))
            stream_id = json.loads(await client.recv())["stream_id"]
            last_index = json.loads(await client.recv())["index"]
            client.transport.abort()
        async with self._joined(session_id) as client:
            wish = {"stream_id": stream_id, "last_index": last_index, "token": token}
            if self._happens(0.1):
                wish["token"] = "of somebody else"  # noqa: S105 - it opens nothing
            await client.send(json.dumps({"type": "recover", **wish}))
            async for message in client:
                if str(message).startswith(_ENDS) or '"recovered":false' in str(message):
                    break

    async def _lurker(self) -> None:
        """Keeps its connection up until its session is over."""
        async with self._joined() as client:
            while True:
                await client.send(json.dumps({"type": self._chance.choice(["ping", "heartbeat"])}))
                await self._think(20)

    async def _sleeper(self) -> None:
        """Asks for much and sleeps over it; too long now and then, and is cut."""
        async with self._joined(sock=await self._narrow(), max_queue=1) as client:
            for _ in range(self._chance.choice([1, 3])):
                await client.send(json.dumps({"type": "stream_request", "content": "x" * 99_000, "speed": "superfast"}))
                await client.send(json.dumps({"type": "stream_control", "action": "skip"}))
            await asyncio.sleep(self._chance.choice([1, 3, 8]))  # it is cut after 5
            async with asyncio.timeout(2):
                async for _ in client:
                    pass

    async def _narrow(self) -> socket.socket:
        """A connected socket that takes little at once."""
        host, _, port = self._address.partition(":")
        with ExitStack() as if_it_fails:
            narrow = if_it_fails.enter_context(socket.socket())
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            narrow.setblocking(False)  # noqa: FBT003 - its signature
            await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
            if_it_fails.pop_all()
            return narrow

    async def _runaway(self) -> None:
        """Asks faster than anybody reads: fills its queue, and uses up its session."""
        async with self._joined() as client:
            for number in range(30):
                await client.send(json.dumps({"type": "stream_request", "content": "again " * (number % 7 + 1)}))
                await self._think(0.4)

    async def _crowd(self) -> None:
        """More people at once than there are seats."""
        async with asyncio.TaskGroup() as crowd:
            for _ in range(_CROWD):
                crowd.create_task(self._look_in())

    async def _look_in(self) -> None:
        with suppress(*_GONE):
            async with self._joined():
                await self._think(8)

    async def _visitor(self) -> None:
        """A platform's health check, or somebody who reads the reference."""
        async with httpx.AsyncClient(base_url=f"http://{self._address}", trust_env=False) as client:
            await client.get(self._chance.choice(_PATHS))

    @asynccontextmanager
    async def _joined(
        self,
        session_id: str | None = None,
        **options: Any,  # noqa: ANN401 - those of connect
    ) -> AsyncIterator[ClientConnection]:
        """Without the id, in a new session."""
        address = f"ws://{self._address}/ws/stream/{session_id or f'demo-{next(self._numbers)}'}"
        client = await connect(address, ping_interval=None, close_timeout=1, **options)
        try:
            async with client:
                yield client
        finally:
            client.transport.abort()  # for when its closing is cancelled; else it is closed already

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    async def _think(self, seconds: float) -> None:
        tide = 1 + 0.7 * math.sin(2 * math.pi * (time.monotonic() - self._began) / _TIDE_SECONDS)
        await asyncio.sleep(self._chance.expovariate(tide * self._haste / seconds))

"""The demo load: clients that stream, pause, skip, cancel, send mistakes, lose connections and recover; live streams.

About as busy as a small team: from ten to some sixty stream requests a minute, with a slow rise and fall.
"""

import asyncio
import math
import random
import socket
import time
from contextlib import ExitStack, suppress
from itertools import count, pairwise
from typing import Any, Final

import httpx

from benchmarks.documents import document
from service.protocol.messages import ChunkBy, ContentType, Speed
from streaming_content import Connection, Stream, StreamingError, connect
from tools.observe.live_load import LiveLoad, Visit

_EDITORS: Final = 12
_CROWD: Final = 70
"""More than the capacity of the service in the demo."""
_PERIOD_SECONDS: Final = 400
"""From one quiet time to the next."""
_PATHS: Final = ("/", "/health", "/ready", "/docs", "/favicon.ico")
_MISTAKES: Final[tuple[dict[str, Any], ...]] = (
    {"type_": "stream_request", "content": ""},
    {"type_": "stream_request", "content": "x", "content_type": "pdf"},
    {"type_": "stream_request", "content": "x", "speed": "warp"},
    {"type_": "stream_request", "content": "x" * 100_001},
    {"type_": "stream_control", "action": "rewind"},
    {"type_": "subscribe"},
)
_PASTED: Final = '<p class="x" onclick="track()">Pasted<script>track()</script><!-- a comment --></p>\n'
"""HTML of which the service removes most."""
_SHORT_BYTES: Final = 1500
"""Longer documents are not streamed by word."""
_GONE: Final = (OSError, TimeoutError, StreamingError, httpx.HTTPError)


class Load:
    """Clients of the service at ``address`` (``host:port``). ``haste`` divides their waiting times."""

    def __init__(self, address: str, haste: float = 1) -> None:
        self._address = address
        self._haste = haste
        self._random = random.Random(14)  # noqa: S311 - a demo
        self._numbers = count(1)
        self._began = time.monotonic()

    async def run(self) -> None:
        """Run until cancelled."""
        visits: list[tuple[Visit, float]] = [(self._editor, 20)] * _EDITORS
        visits += [(self._http_client, 2), (self._traveller, 30), (self._idler, 40)]
        visits += [(self._slow_reader, 150), (self._flood, 400), (self._crowd, 500)]
        visits += LiveLoad(self._address, self._random, self._session_id).visits()
        async with asyncio.TaskGroup() as group:
            for visit, seconds in visits:
                group.create_task(self._repeat(visit, seconds))

    async def _repeat(self, visit: Visit, seconds: float) -> None:
        while True:
            await self._wait(seconds)
            with suppress(*_GONE):  # closed, refused or unavailable: the client connects again
                await visit()

    async def _editor(self) -> None:
        """Requests a few streams, one after the other."""
        async with self._connect() as client:
            for _ in range(self._random.randint(1, 9)):
                if self._happens(0.04):
                    await client.send(**self._random.choice(_MISTAKES))
                await self._stream(client)
                await self._wait(18)
            if self._happens(0.1):
                await client.abort()

    async def _stream(self, client: Connection) -> None:
        size = round(self._random.lognormvariate(math.log(900), 1.1))
        by = [ChunkBy.SENTENCE, ChunkBy.PARAGRAPH, *([ChunkBy.WORD] if size < _SHORT_BYTES else [])]
        content_type = self._random.choices(list(ContentType), [2, 2, 5])[0]
        stream = await client.request(
            document(content_type, min(size, 90_000)) + (_PASTED if self._happens(0.15) else ""),
            content_type=content_type,
            chunk_by=self._random.choice(by),
            speed=self._random.choices(list(Speed), [1, 2, 4, 4, 6])[0],
        )
        match self._random.choices(["read", "pause", "skip", "cancel", "vanish"], [65, 15, 10, 7, 3])[0]:
            case "read":
                await stream.wait_ended()
                await _report(client, stream)
            case "pause":
                await self._control(client, "pause")
                await self._wait(4)
                await self._control(client, "resume")
            case "vanish":
                await client.abort()
            case "skip" | "cancel" as action:
                await self._control(client, action)
        await stream.wait_ended()

    async def _control(self, client: Connection, action: str) -> None:
        await self._wait(1)
        await client.control(action)

    async def _traveller(self) -> None:
        """Loses the connection during a stream and recovers the stream on another; sometimes with a wrong token."""
        session_id = self._session_id()
        async with self._connect(session_id) as client:
            stream = await client.request(document(ContentType.MARKDOWN, 900), content_type=ContentType.MARKDOWN)
            await stream.wait_chunks(1)
            await client.abort()
        async with self._connect(session_id) as client:
            if self._happens(0.1):
                stream.token = "wrong"  # noqa: S105 - not a secret
            await client.recover(stream)
            await stream.wait_ended()
            await _report(client, stream, breaks=1)

    async def _idler(self) -> None:
        """Keeps its connection open until the session ends."""
        async with self._connect() as client:
            while True:
                await self._random.choice([client.ping, client.heartbeat])()
                await self._wait(20)

    async def _slow_reader(self) -> None:
        """Requests much and reads nothing; sometimes for longer than ``CHUNK_TIMEOUT``, which closes the connection."""
        async with self._connect(sock=await self._small_socket(), max_queue=1) as client:
            for _ in range(self._random.choice([1, 3])):
                await client.request("x" * 99_000, speed=Speed.SUPERFAST)
                await client.control("skip")
            await asyncio.sleep(self._random.choice([1, 3, 8]))
            async with asyncio.timeout(2):
                async for _ in client:
                    pass

    async def _small_socket(self) -> socket.socket:
        """A connected socket with a small receive buffer."""
        host, _, port = self._address.partition(":")
        with ExitStack() as on_error:
            small = on_error.enter_context(socket.socket())
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            small.setblocking(False)  # noqa: FBT003 - its signature
            await asyncio.get_running_loop().sock_connect(small, (host, int(port)))
            on_error.pop_all()
            return small

    async def _flood(self) -> None:
        """Requests streams faster than they end: exceeds its queue, and the requests of its session."""
        async with self._connect() as client:
            for number in range(30):
                await client.request("again " * (number % 7 + 1))
                await self._wait(0.4)

    async def _crowd(self) -> None:
        """More connections at once than the service accepts."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_CROWD):
                group.create_task(self._look())

    async def _look(self) -> None:
        with suppress(*_GONE):
            async with self._connect():
                await self._wait(8)

    async def _http_client(self) -> None:
        async with httpx.AsyncClient(base_url=f"http://{self._address}", trust_env=False) as client:
            await client.get(self._random.choice(_PATHS))

    def _session_id(self) -> str:
        return f"demo-{next(self._numbers)}"

    def _connect(self, session_id: str | None = None, **options: Any) -> connect:  # noqa: ANN401 - those of connect
        """Without an id, in a new session."""
        options = {"ping_interval": None, "close_timeout": 1, **options}
        return connect(f"ws://{self._address}", session_id or self._session_id(), **options)

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    async def _wait(self, seconds: float) -> None:
        activity = 1 + 0.7 * math.sin(2 * math.pi * (time.monotonic() - self._began) / _PERIOD_SECONDS)
        await asyncio.sleep(self._random.expovariate(activity * self._haste / seconds))


async def _report(client: Connection, stream: Stream, breaks: int = 0) -> None:
    """Report what a reader of the whole stream waited for."""
    gaps = [later - earlier for earlier, later in pairwise(stream.arrivals)]
    if stream.failure is None and gaps:
        await client.send(
            "client_report",
            stream_id=stream.stream_id,
            first_chunk_ms=round(1000 * (stream.arrivals[0] - stream.requested_at)),
            longest_gap_ms=round(1000 * max(gaps)),
            breaks=breaks,
        )

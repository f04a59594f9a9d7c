"""Clients that do nothing wrong: none of their connections may end before they close it, and each document is exact."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from itertools import cycle, islice

import httpx
from msgspec import Struct, field

from streaming_content import Connection, StreamingError, connect
from tests.clients.direct import WITHOUT_KEEP_ALIVE
from tests.integration.instances.documents import REQUESTS
from tests.waiting import LIMIT_SECONDS

_SPEEDS = ("superfast", "fast", "normal")
_REQUESTS_OF_A_CONNECTION = 50
_PROBE_SECONDS = 1.0


class Results(Struct):
    """Of all clients."""

    connections: int = 0
    documents: int = 0
    probes: int = 0
    failures: list[str] = field(default_factory=list)
    """What no client may meet: closes, errors, other documents, probes without a 200."""


class Innocents:
    """The clients of a deployment."""

    def __init__(self, address: str) -> None:
        self.results = Results()
        self._address = address
        self._deadline = 0.0
        self._expected: Mapping[str, str] = {}

    async def run(self, seconds: float, readers: int, visitors: int) -> None:
        """``readers`` keep their connections, ``visitors`` come for one document.

        After ``seconds`` each ends with the document that it has begun.
        """
        self._deadline = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(readers):
                group.create_task(self._read(number, _REQUESTS_OF_A_CONNECTION))
            for number in range(visitors):
                group.create_task(self._read(number, 1))
            group.create_task(self._probe())

    async def learn(self) -> None:
        """Receive each document once, as long as nothing disturbs the service."""
        async with self._connection() as connection:
            streams = {kind: await connection.stream(**request) for kind, request in REQUESTS.items()}
        self._expected = {kind: stream.data for kind, stream in streams.items()}

    @property
    def _over(self) -> bool:
        return time.monotonic() > self._deadline

    def _connection(self) -> connect:
        self.results.connections += 1
        session = f"innocent-{secrets.token_hex(8)}"
        return connect(f"ws://{self._address}", session, timeout=LIMIT_SECONDS, open_timeout=LIMIT_SECONDS)

    async def _read(self, number: int, requests: int) -> None:
        """Stream one document after the other, each time with another connection after ``requests`` of them."""
        kinds = islice(cycle(REQUESTS), number, None)
        speed = _SPEEDS[number % len(_SPEEDS)]
        while not self._over:
            try:
                async with self._connection() as connection:
                    for kind in islice(kinds, requests):
                        await self._stream(connection, kind, speed)
                        if self._over:
                            break
            except StreamingError as error:
                self.results.failures.append(f"{type(error).__name__}: {error}")

    async def _stream(self, connection: Connection, kind: str, speed: str) -> None:
        stream = await connection.stream(**REQUESTS[kind], speed=speed)
        self.results.documents += 1
        if stream.data != self._expected[kind]:
            self.results.failures.append(f"{kind} is not exact")

    async def _probe(self) -> None:
        """Ask for ``GET /``, as a load balancer does."""
        async with httpx.AsyncClient(limits=WITHOUT_KEEP_ALIVE, timeout=LIMIT_SECONDS) as client:
            while not self._over:
                response = await client.get(f"http://{self._address}/")
                self.results.probes += 1
                if response.status_code != httpx.codes.OK:
                    self.results.failures.append(f"GET /: {response.status_code}")
                await asyncio.sleep(_PROBE_SECONDS)

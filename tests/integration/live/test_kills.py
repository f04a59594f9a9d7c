"""Processes and readers are killed while a stream is written: nothing is lost or doubled."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
import websockets

from tests.integration.instances.instances import Instance
from tests.integration.live.socket_reader import Document, SocketReader, reading
from tests.integration.publishing.back_end import PUBLISH_TOKEN, back_end
from tests.waiting import LIMIT_SECONDS, wait_for

_PAUSE_SECONDS = 0.05
_TOKEN_SECONDS = 0.004
_MARKDOWN = "# Title\n\n" + "".join(f"Paragraph {n} with *some* `code`.\n\n- one\n- two\n\n" for n in range(60))


class _Producer:
    """Appends until each append is confirmed, on any instance."""

    def __init__(self, addresses: Sequence[str], stream_id: str) -> None:
        self._addresses = addresses
        self._stream_id = stream_id
        self.offset = 0

    async def produce(self, text: str, goes_on: asyncio.Event) -> None:
        """Write the text again and again until the event is set, and end the stream; ``offset`` is its length."""
        headers = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
        async with httpx.AsyncClient(headers=headers, timeout=10) as http:
            while not goes_on.is_set():
                for start in range(0, len(text), 7):
                    token = text[start : start + 7]
                    await self._call(http, f"append?epoch=0&offset={self.offset}", content=token)
                    self.offset += len(token)
                    await asyncio.sleep(_TOKEN_SECONDS)
            await self._call(http, "close?epoch=0", json={"status": "complete", "offset": self.offset})

    async def _call(self, http: httpx.AsyncClient, call: str, **body: object) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                url = f"http://{random.choice(self._addresses)}/v1/streams/{self._stream_id}/{call}"
                try:
                    answer = await http.post(url, **body)  # type: ignore[arg-type]
                except httpx.TransportError:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                if answer.status_code == 200:
                    return
                assert answer.status_code in {429, 503}, answer.text
                await asyncio.sleep(_PAUSE_SECONDS)


class _Reader:
    """Comes back, on any instance, whenever its connection is lost."""

    def __init__(self, addresses: Sequence[str], session_id: str, stream_id: str) -> None:
        self.document = Document()
        self.connections = 0
        self._addresses = addresses
        self._session_id = session_id
        self._stream_id = stream_id
        self._reader: SocketReader | None = None

    def abort(self) -> None:
        if self._reader is not None:
            self._reader.connection.transport.abort()

    async def read(self, **fields: object) -> None:
        """Return at the end of the stream."""
        while "stream_complete" not in self.document.types:
            try:
                async with reading(random.choice(self._addresses), self._session_id) as self._reader:
                    self.connections += 1
                    await self._reader.watch(self._stream_id, self.document, **fields)
                    await self._reader.to_end(self.document)
            except (websockets.WebSocketException, OSError, EOFError):
                await asyncio.sleep(_PAUSE_SECONDS)


async def _kill_in_turn(members: Sequence[Instance], readers: Sequence[_Reader], times: int) -> None:
    """Kill a process of each instance, and the connection of a reader, in turn."""
    for _ in range(times):
        for member in members:
            victim = random.choice([*await asyncio.to_thread(wait_for, member.serving, "a client is connected")])
            victim.kill()
            await member.replaced(victim)
            random.choice(readers).abort()
            await asyncio.sleep(random.uniform(0.1, 0.5))


@asynccontextmanager
async def _watched(tasks: Sequence[asyncio.Task[None]]) -> AsyncIterator[None]:
    """Fail early if one of the tasks does."""
    try:
        yield
        async with asyncio.timeout(LIMIT_SECONDS):
            await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


@pytest.mark.parametrize("workers", [1, 2])
async def test_kills_lose_nothing(start_two: Callable[..., list[Instance]], session_id: str, workers: int) -> None:
    members = start_two(MAX_WORKERS=workers)
    addresses = [member.address for member in members]
    async with back_end(members[0].server) as creator:
        stream_id = (await creator.create(session_id, "markdown"))["stream_id"]
    producer, killed = _Producer(addresses, stream_id), asyncio.Event()
    readers = [_Reader(addresses, session_id, stream_id) for _ in range(3)]
    tasks = [
        asyncio.create_task(producer.produce(_MARKDOWN, killed)),
        asyncio.create_task(readers[0].read(html_mode="incremental")),
        *(asyncio.create_task(reader.read(html_mode="fragment")) for reader in readers[1:]),
    ]
    async with _watched(tasks):
        await _kill_in_turn(members, readers, times=2)
        killed.set()
    fresh = _Reader(addresses, session_id, stream_id)
    await fresh.read()
    assert fresh.document.kept.count("<li>") == 2 * fresh.document.kept.count("Paragraph")
    assert [reader.document.kept for reader in readers] == [fresh.document.kept] * 3
    assert sum(reader.connections for reader in readers) > 3
    assert [member.faults for member in members] == [[], []]

"""Readers of live streams on real sockets: of version 2.4.1, late, with options of their own, and coming back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets

from tests.conftest import RunningServer
from tests.integration.publishing.back_end import BackEnd
from tests.waiting import LIMIT_SECONDS

Json = dict[str, Any]

SOURCES = {
    "text": "One two,  three.\nNaïve café 😀 and the rest of it. ",
    "markdown": "# Title\n\nA paragraph with **bold** text.\n\n- one\n- two\n\nThe last one\n",
    "html": "<h2>Title</h2><p>A <b>paragraph</b> of text.</p><ul><li>one</li></ul><script>1</script><p>end</p>",
}


class Client:
    """A client as it was written for version 2.4.1: it appends the data of chunks between a start and its end."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self.shown = ""
        self.chunks = 0
        self.settled = 0
        self.close = ""

    async def send(self, type_: str, **fields: object) -> None:
        await self._socket.send(json.dumps({"type": type_, **fields}))

    async def receive(self) -> Json:
        async with asyncio.timeout(LIMIT_SECONDS):
            message: Json = json.loads(await self._socket.recv())
        if message["type"] == "stream_start":
            self.shown, self.chunks = self.shown[: message.get("settled", 0)], 0
        elif message["type"] == "chunk":
            assert message["index"] == self.chunks
            self.chunks += 1
            # Positions are code units of UTF-16.
            units = self.shown.encode("utf-16-le")
            kept = units[: 2 * message.get("from", len(units) // 2)].decode("utf-16-le")
            self.shown = kept + message["data"]
            self.settled = message.get("settled", 0)
            self.close = message.get("close", "")
        return message

    async def until(self, *types: str) -> Json:
        """Skip messages until one has one of the types."""
        while (message := await self.receive())["type"] not in types:
            assert message["type"] != "error", message
        return message


@asynccontextmanager
async def client(server: RunningServer, session_id: str) -> AsyncIterator[Client]:
    async with websockets.connect(server.ws(session_id), ping_interval=None) as socket:
        one = Client(socket)
        await one.until("connected")
        yield one


async def write(producer: BackEnd, stream_id: str, source: str, cut: int = 7) -> int:
    """Append the source in parts of ``cut`` bytes; return its length."""
    data = source.encode()
    for offset in range(0, len(data), cut):
        await producer.append(stream_id, offset, data[offset : offset + cut])
    return len(data)


async def batch(server: RunningServer, session_id: str, content: str, content_type: str) -> str:
    """What a request with the whole content streams."""
    async with client(server, f"{session_id}-batch") as one:
        await one.send("stream_request", content=content, content_type=content_type, speed="superfast")
        await one.until("stream_complete")
        return one.shown


@pytest.mark.parametrize("content_type", SOURCES)
async def test_a_client_of_2_4_1_shows_what_a_request_would_have_streamed(
    publishing: RunningServer, producer: BackEnd, session_id: str, content_type: str
) -> None:
    async with client(publishing, session_id) as one:
        created = await producer.create(session_id, content_type)
        start = await one.until("stream_start")
        assert (start["stream_id"], start["total_chunks"]) == (created["stream_id"], 0)
        length = await write(producer, created["stream_id"], SOURCES[content_type])
        await producer.close(created["stream_id"], length)
        complete = await one.until("stream_complete")
        assert complete["total_chunks"] == one.chunks
        assert one.shown == await batch(publishing, session_id, SOURCES[content_type], content_type)


@pytest.mark.parametrize("content_type", SOURCES)
async def test_a_reader_that_leaves_and_comes_back_has_the_same_as_one_that_stays(
    publishing: RunningServer, producer: BackEnd, session_id: str, content_type: str
) -> None:
    source = SOURCES[content_type]
    half = len(source.encode()) // 2
    created = await producer.create(session_id, content_type)
    stream_id = created["stream_id"]
    async with client(publishing, session_id) as stays:
        await stays.send("watch", stream_id=stream_id, html_mode="incremental", request_id="w")
        while (await stays.until("stream_start")).get("request_id") != "w":
            pass
        async with client(publishing, session_id) as leaves:
            await leaves.send("watch", stream_id=stream_id, html_mode="incremental", request_id="w")
            while (await leaves.until("stream_start")).get("request_id") != "w":
                pass
            await producer.append(stream_id, 0, source.encode()[:half])
            await leaves.until("chunk")
            kept, settled = leaves.shown, leaves.settled
        await producer.append(stream_id, half, source.encode()[half:])
        await producer.close(stream_id, len(source.encode()))
        await stays.until("stream_complete")
        async with client(publishing, session_id) as returns:
            returns.shown = kept
            await returns.send("watch", stream_id=stream_id, settled=settled, html_mode="incremental")
            start = await returns.until("stream_start")
            assert (start["settled"], start["resumable"]) == (settled, False)
            await returns.until("stream_complete")
    assert (returns.shown, returns.close) == (stays.shown, stays.close)
    assert stays.shown == await batch(publishing, session_id, source, content_type)


async def test_a_late_reader_has_all_that_is_settled_in_one_message(
    publishing: RunningServer, producer: BackEnd, session_id: str
) -> None:
    created = await producer.create(session_id, "text")
    source = "many words " * 2000
    await write(producer, created["stream_id"], source, cut=10_000)
    async with client(publishing, session_id) as late:
        chunk = await late.until("chunk")
    assert len(chunk["data"]) >= len(source) - len("words ")


async def test_a_request_waits_for_a_live_stream_and_its_pause_is_of_one_reader(
    publishing: RunningServer, producer: BackEnd, session_id: str
) -> None:
    async with client(publishing, session_id) as one, client(publishing, session_id) as other:
        created = await producer.create(session_id, "text")
        await one.until("stream_start")
        await other.until("stream_start")
        await one.send("stream_control", action="pause")
        await one.send("stream_request", content="afterwards")
        await one.until("stream_paused")
        length = await write(producer, created["stream_id"], "some words")
        await producer.close(created["stream_id"], length)
        await other.until("stream_complete")
        assert (one.shown, other.shown) == ("", "some words")
        await one.send("stream_control", action="resume")
        assert (await one.until("stream_complete"))["live"]
        assert one.shown == "some words"
        await one.until("stream_complete")
        assert one.shown == "afterwards"


async def test_a_reader_cancels_it_for_the_producer_and_the_other_readers(
    publishing: RunningServer, producer: BackEnd, session_id: str
) -> None:
    async with client(publishing, session_id) as one, client(publishing, session_id) as other:
        created = await producer.create(session_id, "text")
        await one.until("stream_start")
        await other.until("stream_start")
        await one.send("stream_control", action="cancel")
        for reader in (one, other):
            assert (await reader.until("stream_cancelled"))["stream_id"] == created["stream_id"]
        assert (await producer.state(created["stream_id"]))["status"] == "cancelled"

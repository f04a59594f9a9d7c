"""The client of live streams: producers and readers in one process, picows on uvloop.

Its functions run in a process of their own. They raise ``Failed`` if a server refuses something, or loses text.
"""

import asyncio
import gc
import time
from array import array
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection
from itertools import islice, pairwise
from secrets import token_hex
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.live_load import PUBLISH_TOKEN, LiveFigures, LiveLoad, tokens
from benchmarks.load_client import percentile
from benchmarks.processes import Failed, Server, cpu_seconds, private_bytes
from service.protocol.messages import ContentType

_TIMEOUT_SECONDS = 60
_BULK = 50
"""Tokens together, where they are not measured."""
_HEADERS = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}


class _Message(Struct):
    """What is used of any message."""

    type: str
    data: str = ""
    start: int | UnsetType = msgspec.field(name="from", default=UNSET)
    durable: int = 0


_One = TypeVar("_One", bound="_Socket")

_decode = msgspec.json.Decoder(_Message).decode


class _Socket(WSListener):
    """A connection; ``failure`` is why it ended."""

    transport: WSTransport

    def __init__(self) -> None:
        self.failure = ""
        self.begun = asyncio.Event()
        """The first message arrived."""
        self.changed = asyncio.Event()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            self.take(_decode(frame.get_payload_as_bytes()), time.perf_counter())
            self.begun.set()

    def take(self, message: _Message, now: float) -> None:
        raise NotImplementedError

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.fail("the server closed the connection")

    def fail(self, failure: str) -> None:
        self.failure = self.failure or failure
        self.begun.set()
        self.changed.set()

    async def wait(self, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await event.wait()
        except TimeoutError:
            raise Failed(f"nothing arrived for {_TIMEOUT_SECONDS} s") from None
        if self.failure:
            raise Failed(self.failure)


class _Reader(_Socket):
    """Of one session with one stream."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.chunks = 0
        self.length = 0
        """Of what it has."""
        self.pending: deque[tuple[int, float]] = deque()
        """The end of each token in the text, and when it was sent."""
        self.delays = array("d")
        self.arrivals = array("d")
        self.measures = False

    def take(self, message: _Message, now: float) -> None:
        match message.type:
            case "chunk":
                self._receive(message, now)
            case "stream_start":
                self.started.set()
            case "connected" | "stream_skipped" | "stream_complete" | "stream_cancelled":
                self.changed.set()
            case other:
                self.fail(f"a reader received {other}")

    def _receive(self, message: _Message, now: float) -> None:
        self.length = (self.length if message.start is UNSET else message.start) + len(message.data)
        self.chunks += 1
        self.changed.set()
        if self.measures:
            self.arrivals.append(now)
        while self.pending and self.pending[0][0] <= self.length:
            _, sent_at = self.pending.popleft()
            if self.measures:
                self.delays.append(now - sent_at)


class _Producer(_Socket):
    """Writes one stream to one reader."""

    def __init__(self, reader: _Reader, source: Iterator[str]) -> None:
        super().__init__()
        self.reader = reader
        self.offset = 0
        self.appends = 0
        self.durable = 0
        self.cancelled_at = 0.0
        self._source = source

    def take(self, message: _Message, now: float) -> None:
        match message.type:
            case "ack":
                self.durable = message.durable
                self.changed.set()
            case "cancelled":
                self.cancelled_at = now
                self.changed.set()
            case other:
                self.fail(f"a producer received {other}")

    def append(self, count: int = 1) -> None:
        """Send the next token, or some together."""
        token = "".join(islice(self._source, count))
        text = b'{"type":"append","offset":%d,"data":%s}' % (self.offset, msgspec.json.encode(token))
        self.offset += len(token)  # ASCII
        self.appends += 1
        self.reader.pending.append((self.offset, time.perf_counter()))
        self.transport.send(WSMsgType.TEXT, text)


async def live(server: Server, load: LiveLoad) -> LiveFigures:
    gc.disable()  # a collection in this process would appear as a delay of the server
    async with _streams(server, load) as producers:
        writing = [asyncio.ensure_future(_write(one, load, number)) for number, one in enumerate(producers)]
        await asyncio.sleep(load.settle_seconds)
        readers = [producer.reader for producer in producers]
        before = cpu_seconds(server.pid), time.process_time(), time.perf_counter()
        sent, received = (sum(one.appends for one in producers), sum(one.chunks for one in readers))
        for reader in readers:
            reader.measures = True
        await asyncio.sleep(load.window_seconds)
        after = cpu_seconds(server.pid), time.process_time(), time.perf_counter()
        sent, received = (sum(one.appends for one in producers) - sent, sum(one.chunks for one in readers) - received)
        for reader in readers:
            reader.measures = False
        for task in writing:
            task.cancel()
        for socket in (*producers, *readers):
            if socket.failure:
                raise Failed(socket.failure)
    server_cpu, client_cpu, seconds = (end - begin for begin, end in zip(before, after, strict=True))
    delays = [delay for reader in readers for delay in reader.delays]
    gaps = [later - earlier for reader in readers for earlier, later in pairwise(reader.arrivals)]
    return LiveFigures(
        token_cpu_us=server_cpu / sent * 1e6,
        delay_p50_ms=percentile(delays, 50) * 1e3,
        delay_p99_ms=percentile(delays, 99) * 1e3,
        gap_p50_ms=percentile(gaps, 50) * 1e3,
        gap_p99_ms=percentile(gaps, 99) * 1e3,
        delivered_percent=len(delays) / (load.streams * seconds / load.interval_seconds) * 100,
        server_core_percent=server_cpu / seconds * 100,
        client_core_percent=client_cpu / seconds * 100,
        chunks_per_token=received / sent,
    )


async def _write(producer: _Producer, load: LiveLoad, number: int) -> None:
    """Send the tokens of a stream when they are due; the phases of the streams differ."""
    due = time.perf_counter() + load.interval_seconds * number / load.streams
    while not producer.failure:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        producer.append()
        due += load.interval_seconds


async def growth_ratio(server: Server, size: int, part: int) -> float:
    """The CPU of a token at the end of a source of ``size`` characters, as a share of that at its beginning.

    The tokens are sent one after the other, each when the one before is stored; ``part`` characters count at each end.
    """
    gc.disable()
    load = LiveLoad(1, 0, 0, content_type=ContentType.MARKDOWN)
    async with _streams(server, load, incremental=True) as [producer]:

        async def write_to(offset: int, at_once: int = 1) -> float:
            before, appends = cpu_seconds(server.pid), producer.appends
            while producer.offset < offset:
                producer.changed.clear()
                producer.append(at_once)
                while producer.durable < producer.offset:
                    await producer.wait(producer.changed)
                    producer.changed.clear()
            return (cpu_seconds(server.pid) - before) / (producer.appends - appends)

        await write_to(part)  # warm
        first = await write_to(2 * part)
        await write_to(size - part, at_once=_BULK)
        return await write_to(size) / first


async def cancel_seconds(server: Server, streams: int) -> Sequence[float]:
    """From the cancel of each reader until its producer has it; 20 ms after one another."""
    async with _streams(server, LiveLoad(streams, 0, 0)) as producers:
        sent: list[float] = []
        for producer in producers:
            producer.append()
            await producer.reader.wait(producer.reader.changed)
            sent.append(time.perf_counter())
            producer.changed.clear()
            producer.reader.transport.send(WSMsgType.TEXT, b'{"type":"stream_control","action":"cancel"}')
            while not producer.cancelled_at:
                await producer.wait(producer.changed)
                producer.changed.clear()
        return [one.cancelled_at - at for one, at in zip(producers, sent, strict=True)]


async def memory_bytes(server: Server, streams: int, source_bytes: int, settle_seconds: float) -> float:
    """The private memory of the server for each stream with a reader, without their connections.

    As many streams before them are not counted: they fill what the process has once, such as the page cache of the
    store. The source is there twice at least: as it is, and as it is shown.
    """
    source = b"word " * (source_bytes // 5)
    readers = [await _connect(server, f"/ws/stream/memory-{number}", _Reader()) for number in range(2 * streams)]
    with closing(HTTPConnection("127.0.0.1", server.port)) as http:
        await _write_whole(http, readers[:streams], 0, source)
        await asyncio.sleep(settle_seconds)
        before = private_bytes(server.pid)
        await _write_whole(http, readers[streams:], streams, source)
    await asyncio.sleep(settle_seconds)
    return (private_bytes(server.pid) - before) / streams


async def _write_whole(http: HTTPConnection, readers: Sequence[_Reader], first: int, source: bytes) -> None:
    """Write the source to a stream of each reader, whose sessions are numbered from ``first`` on."""
    for number, reader in enumerate(readers, first):
        created = await asyncio.to_thread(_create, http, f"memory-{number}", LiveLoad(1, 0, 0))
        path = f"/v1/streams/{created['stream_id']}/append?epoch=0&offset=0"
        await asyncio.to_thread(_post, http, path, source)
        while reader.length < len(source) - 1:  # the last space may wait for a word
            await reader.wait(reader.changed)
            reader.changed.clear()


@asynccontextmanager
async def _streams(server: Server, load: LiveLoad, *, incremental: bool = False) -> AsyncIterator[list[_Producer]]:
    """A producer with its reader for each stream."""
    producers: list[_Producer] = []
    run = token_hex(4)  # a session has no stream of an earlier call
    with closing(HTTPConnection("127.0.0.1", server.port)) as http:
        for number in range(load.streams):
            reader = await _connect(server, f"/ws/stream/live-{run}-{number}", _Reader())
            created = await asyncio.to_thread(_create, http, f"live-{run}-{number}", load)
            await reader.wait(reader.started)
            if incremental:
                watch = {"type": "watch", "stream_id": created["stream_id"], "html_mode": "incremental"}
                reader.started.clear()
                reader.transport.send(WSMsgType.TEXT, msgspec.json.encode(watch))
                await reader.wait(reader.started)
            if load.skips:
                reader.transport.send(WSMsgType.TEXT, b'{"type":"stream_control","action":"skip"}')
            path = f"/ws/publish/{created['stream_id']}?epoch={created['epoch']}"
            producers.append(await _connect(server, path, _Producer(reader, tokens(load, number))))
    try:
        yield producers
    finally:
        for producer in producers:
            producer.transport.disconnect()
            producer.reader.transport.disconnect()


async def _connect(server: Server, path: str, socket: _One) -> _One:
    transport, _ = await ws_connect(
        lambda: socket,
        f"ws://{server.address}{path}",
        extra_headers=_HEADERS if "/publish/" in path else {},
        websocket_handshake_timeout=_TIMEOUT_SECONDS,
    )
    socket.transport = transport
    await socket.wait(socket.begun)
    return socket


def _create(http: HTTPConnection, session: str, load: LiveLoad) -> dict[str, str]:
    body = msgspec.json.encode({"content_type": load.content_type})
    return msgspec.json.decode(_post(http, f"/v1/sessions/{session}/streams", body), type=dict)


def _post(http: HTTPConnection, path: str, body: bytes) -> bytes:
    http.request("POST", path, body, {**_HEADERS, "Content-Type": "application/json"})
    response = http.getresponse()
    answer = response.read()
    if response.status not in (200, 201):
        raise Failed(f"{path}: {response.status} {answer[:200]!r}")
    return answer

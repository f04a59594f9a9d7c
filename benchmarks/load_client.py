"""The load client: picows on uvloop, many connections in one process, at the lowest cost for a chunk in Python.

Its functions run in a process of their own. They raise ``Failed`` if a server refuses a connection, sends an unexpected
message, loses a chunk, ends a stream early or stops sending.
"""

import asyncio
import gc
import time
from array import array
from collections.abc import Sequence

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.load import StreamFigures, StreamLoad
from benchmarks.processes import Failed, Server, cpu_seconds, private_bytes

_HANDSHAKES_AT_ONCE = 50
_TIMEOUT_SECONDS = 60
_WARM_STREAMS = 50
_CHUNK_PREFIX = b'{"type":"chunk"'


class _Window:
    """What all streams of a load have in common: whether gaps are recorded, and the times so far."""

    def __init__(self) -> None:
        self.is_open = False
        self.gaps = array("d")
        self.starts = array("d")
        """From a request to its ``stream_start``."""
        self.wholes = array("d")
        """From a request to its ``stream_complete``."""


class _Connection(WSListener):
    """One connection, from its handshake on."""

    transport: WSTransport

    def __init__(self, window: _Window) -> None:
        self.window = window
        self.connected = asyncio.Event()
        self.streaming = asyncio.Event()
        self.complete = asyncio.Event()
        self.arrived = asyncio.Event()
        """Set by each chunk."""
        self.chunks = 0
        self.requested_at = 0.0
        self.arrived_at = 0.0
        self.message = b""
        """The last chunk."""
        self.failure = ""

    def request(self, request: bytes) -> None:
        """Request a stream; the previous one has ended."""
        self.chunks = 0
        self.complete.clear()
        self.requested_at = time.perf_counter()
        self.transport.send(WSMsgType.TEXT, request)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = time.perf_counter()
        message = frame.get_payload_as_bytes()
        if not message.startswith(_CHUNK_PREFIX):
            if frame.msg_type is WSMsgType.TEXT:  # the library answers pings and handles a close
                self._take(message, now)
            return
        if not self.chunks:
            self.streaming.set()
        elif self.window.is_open:
            self.window.gaps.append(now - self.arrived_at)
        self.arrived_at = now
        self.arrived.set()
        self.chunks += 1
        self.message = message

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._fail("the server closed the connection")

    async def wait(self, event: asyncio.Event) -> None:
        await event.wait()
        self.check()

    def check(self) -> None:
        if self.failure:
            raise Failed(self.failure)

    def check_chunks(self, load: StreamLoad, expected: int | None = None) -> None:
        """Every chunk so far has arrived, of the requested size; ``expected`` is their number if it is known."""
        self.check()
        last = msgspec.json.decode(self.message)
        missing = last["index"] + 1 != self.chunks or self.chunks != (expected or self.chunks)
        if missing or len(last["data"]) != load.chunk_characters:
            raise Failed(f"{self.chunks} chunks arrived of {expected or 'a running stream'}, the last is {last}")

    def _take(self, message: bytes, now: float) -> None:
        match msgspec.json.decode(message)["type"]:
            case "connected":
                self.connected.set()
            case "stream_start":
                self.window.starts.append(now - self.requested_at)
            case "stream_complete":
                self.window.wholes.append(now - self.requested_at)
                self.complete.set()
            case _:
                self._fail(f"the server sent {message[:200]!r}")

    def _fail(self, failure: str) -> None:
        self.failure = self.failure or failure
        for event in (self.connected, self.streaming, self.complete, self.arrived):
            event.set()


async def stream(server: Server, load: StreamLoad) -> StreamFigures:
    gc.disable()  # a collection in this process would appear as a deviation of the server
    whole = not load.window_seconds
    warm = await _connect(server, 0, min(load.streams, _WARM_STREAMS) if whole else 0)
    if whole:
        await _to_the_end(warm, _request(load, max(1, load.chunks // 10)), 0.1, 1)
        await asyncio.sleep(load.settle_seconds)
    request = _request(load, load.chunks)
    connections = await _connect(server, len(warm), load.streams) if whole else await start_streams(server, load)
    window = connections[0].window

    before = cpu_seconds(server.pid), time.process_time(), time.perf_counter()
    window.is_open = True
    if whole:
        await _to_the_end(connections, request, load.spread_seconds, load.repeats)
        await asyncio.sleep(load.settle_seconds)
    else:
        await asyncio.sleep(load.window_seconds)
        await check_running(connections)
    window.is_open = False
    after = cpu_seconds(server.pid), time.process_time(), time.perf_counter()

    for connection in connections:
        connection.check_chunks(load, load.chunks if whole else None)
    deviations = [abs(gap - load.gap_seconds) for gap in window.gaps]
    server_cpu, client_cpu, seconds = (end - begin for begin, end in zip(before, after, strict=True))
    streams = load.streams * load.repeats
    chunks = streams * load.chunks if whole else len(deviations)
    return StreamFigures(
        chunk_cpu_us=server_cpu / chunks * 1e6,
        stream_cpu_us=server_cpu / streams * 1e6,
        delivered_percent=chunks / (streams * seconds / load.gap_seconds) * 100,
        server_core_percent=server_cpu / seconds * 100,
        client_core_percent=client_cpu / seconds * 100,
        deviation_p50_ms=percentile(deviations, 50) * 1e3,
        deviation_p99_ms=percentile(deviations, 99) * 1e3,
        message_bytes=sum(len(connection.message) for connection in connections) / len(connections),
        start_p50_ms=percentile(window.starts, 50) * 1e3,
        start_p99_ms=percentile(window.starts, 99) * 1e3,
        whole_p50_seconds=percentile(window.wholes, 50),
    )


async def start_streams(server: Server, load: StreamLoad) -> list[_Connection]:
    """Start all streams of a load; return when each has its first chunk, and the load has settled."""
    connections = await _connect(server, 0, load.streams)
    await _request_all(connections, _request(load, load.chunks), load.spread_seconds)
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        for connection in connections:
            await connection.wait(connection.streaming)
    await asyncio.sleep(load.settle_seconds)
    return connections


async def check_running(connections: Sequence[_Connection]) -> None:
    """Wait for another chunk of every stream: one that ended early, or has no more chunks, costs nothing."""
    for connection in connections:
        connection.arrived.clear()
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            for connection in connections:
                if connection.complete.is_set():
                    raise Failed(connection.failure or "a stream ended early")
                await connection.wait(connection.arrived)
    except TimeoutError:
        raise Failed(f"a stream had no chunk for {_TIMEOUT_SECONDS} s") from None


async def memory_bytes(server: Server, warm_connections: int, connections: int, settle_seconds: float) -> float:
    """The private memory of the server for each idle connection; those that warm it up do not count."""
    opened = await _connect(server, 0, warm_connections)
    await asyncio.sleep(settle_seconds)
    before = private_bytes(server.pid)
    opened += await _connect(server, warm_connections, connections)
    await asyncio.sleep(settle_seconds)
    after = private_bytes(server.pid)
    for connection in opened:
        connection.check()
    return (after - before) / connections


async def _connect(server: Server, first: int, count: int) -> list[_Connection]:
    """Open connections with a session each, and wait for the first message of the server."""
    turnstile, window = asyncio.Semaphore(_HANDSHAKES_AT_ONCE), _Window()

    async def connect(number: int) -> _Connection:
        async with turnstile:
            url = f"ws://{server.address}/ws/stream/benchmark-{number}"
            transport, connection = await ws_connect(
                lambda: _Connection(window),
                url,
                extra_headers=server.headers,
                websocket_handshake_timeout=_TIMEOUT_SECONDS,
            )
            assert isinstance(connection, _Connection)
            connection.transport = transport
            await connection.wait(connection.connected)
            return connection

    async with asyncio.timeout(_TIMEOUT_SECONDS):
        return await asyncio.gather(*(connect(number) for number in range(first, first + count)))


def _request(load: StreamLoad, chunks: int) -> bytes:
    """One word for each chunk, so that every server splits it in the same way."""
    words = (f"{number:x}".rjust(load.chunk_characters - 1, "w") for number in range(chunks))
    fields = {"content_type": "text", "speed": load.speed, "chunk_by": "word"}
    return msgspec.json.encode({"type": "stream_request", "content": " ".join(words) + " ", **fields})


async def _request_all(connections: list[_Connection], request: bytes, spread_seconds: float) -> None:
    began = time.perf_counter()
    for number, connection in enumerate(connections):
        due = began + number * spread_seconds / len(connections)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection.request(request)


async def _to_the_end(connections: list[_Connection], request: bytes, spread_seconds: float, repeats: int) -> None:
    """Request a stream on each connection, and again when it has ended; return when all have ended."""

    async def follow(connection: _Connection) -> None:
        for turn in range(repeats):
            if turn:
                connection.request(request)
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await connection.wait(connection.complete)

    await asyncio.gather(_request_all(connections, request, spread_seconds), *map(follow, connections))


def percentile(figures: Sequence[float], share: int) -> float:
    """0 if there are no figures."""
    return sorted(figures)[len(figures) * share // 100] if figures else 0.0

"""The load client: picows on uvloop, many connections in one process, as cheap for each chunk as Python allows.

It reads a ``Task`` from standard input and writes its figures to standard output, both JSON. It ends with an error
if a server refuses a connection, answers with anything but what was asked, loses a chunk or ends a stream early.
"""

import asyncio
import gc
import sys
import time
from array import array
from collections.abc import Sequence
from typing import Self

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.load import (
    CHUNK_CHARACTERS,
    GAP_SECONDS,
    IdleFigures,
    IdleLoad,
    StreamFigures,
    StreamLoad,
    Task,
    WholeStreams,
)
from benchmarks.usage import cpu_seconds, private_bytes

HANDSHAKES_AT_ONCE = 50
BEGIN_TIMEOUT_SECONDS = 60
STREAM_TIMEOUT_SECONDS = 60
MOST_WARM_STREAMS = 50
SILENCE_SECONDS = 1
"""Far beyond the gap of a server that is merely too slow."""

CHUNK_PREFIX = b'{"type":"chunk"'


class Window:
    """The gaps between chunks that arrive while it is open, of all streams."""

    def __init__(self) -> None:
        self.is_open = False
        self.gaps = array("d")


class Listener(WSListener):
    """One connection, from handshake to the middle of its stream."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.connected = asyncio.Event()
        self.streaming = asyncio.Event()
        self.complete = asyncio.Event()
        self.chunks = 0
        self.arrived_at = 0.0
        self.message = b""
        """The last chunk's."""
        self.fault: str | None = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = time.perf_counter()
        message = frame.get_payload_as_bytes()
        if not message.startswith(CHUNK_PREFIX):
            self._first_messages(frame, message)
            return
        if not self.chunks:
            self.streaming.set()
        elif self.window.is_open:
            self.window.gaps.append(now - self.arrived_at)
        self.arrived_at = now
        self.chunks += 1
        self.message = message

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._fail("the server closed the connection")

    def _first_messages(self, frame: WSFrame, message: bytes) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return  # a ping, which is answered by the library, or a close, which ends in on_ws_disconnected
        kind = msgspec.json.decode(message)["type"]
        if kind == "connected":
            self.connected.set()
        elif kind == "stream_complete":
            self.complete.set()
        elif kind != "stream_start":
            self._fail(f"the server sent {message[:200]!r}")

    def _fail(self, fault: str) -> None:
        self.fault = self.fault or fault
        self.connected.set()
        self.streaming.set()
        self.complete.set()

    def check(self) -> None:
        """Nothing went wrong so far."""
        if self.fault:
            raise SystemExit(self.fault)

    def check_chunks(self, now: float) -> None:
        """The stream is still running, and every chunk so far arrived, of the size that was asked for."""
        if self.complete.is_set():
            raise SystemExit(self.fault or "a stream ended early")
        if now - self.arrived_at > SILENCE_SECONDS:
            raise SystemExit(f"a stream fell silent after {self.chunks} chunks")
        self.check_last()

    def check_last(self) -> None:
        """Every chunk so far arrived, of the size that was asked for."""
        self.check()
        last = msgspec.json.decode(self.message)
        if last["index"] + 1 != self.chunks or len(last["data"]) != CHUNK_CHARACTERS:
            raise SystemExit(f"{self.chunks} chunks arrived, the last is {last}")


Connections = list[tuple[WSTransport, Listener]]


async def _connect(url: str, first: int, count: int, window: Window) -> Connections:
    """So many connections, each with a session of its own, each greeted by the server."""
    turnstile = asyncio.Semaphore(HANDSHAKES_AT_ONCE)

    async def connect(number: int) -> tuple[WSTransport, Listener]:
        async with turnstile:
            transport, listener = await ws_connect(lambda: Listener(window), f"{url}/benchmark-{number}")
            assert isinstance(listener, Listener)
            await listener.connected.wait()
            listener.check()
            return transport, listener

    async with asyncio.timeout(BEGIN_TIMEOUT_SECONDS):
        return await asyncio.gather(*(connect(number) for number in range(first, first + count)))


def _request(chunks: int) -> bytes:
    """One word a chunk, so that every server cuts it alike."""
    words = (f"{number:x}".rjust(CHUNK_CHARACTERS - 1, "w") for number in range(chunks))
    return msgspec.json.encode(
        {
            "type": "stream_request",
            "content": " ".join(words) + " ",
            "content_type": "text",
            "speed": "superfast",
            "chunk_by": "word",
        }
    )


async def stream(task: Task, load: StreamLoad) -> StreamFigures:
    window = Window()
    connections = await _connect(task.url, 0, load.streams, window)
    request = _request(load.chunks)
    await _request_all(connections, request, load.spread_seconds)
    async with asyncio.timeout(BEGIN_TIMEOUT_SECONDS):
        for _, listener in connections:
            await listener.streaming.wait()
            listener.check()
    await asyncio.sleep(load.settle_seconds)

    before = Spent.so_far(task.server_pid)
    window.is_open = True
    await asyncio.sleep(load.window_seconds)
    window.is_open = False
    spent = Spent.so_far(task.server_pid) - before
    closed_at = time.perf_counter()

    for _, listener in connections:
        listener.check_chunks(closed_at)
    return _figures(connections, window.gaps, len(window.gaps), spent)


async def whole_streams(task: Task, load: WholeStreams) -> StreamFigures:
    window = Window()
    warm_up = await _connect(task.url, 0, min(load.streams, MOST_WARM_STREAMS), window)
    await _to_the_end(warm_up, _request(max(1, load.chunks // 10)), 0.1)
    await asyncio.sleep(load.rest_seconds)
    connections = await _connect(task.url, len(warm_up), load.streams, window)
    request = _request(load.chunks)

    before = Spent.so_far(task.server_pid)
    window.is_open = True
    await _to_the_end(connections, request, load.spread_seconds)
    await asyncio.sleep(load.rest_seconds)
    spent = Spent.so_far(task.server_pid) - before

    for _, listener in connections:
        listener.check_last()
        if listener.chunks != load.chunks:
            raise SystemExit(f"{listener.chunks} chunks arrived of {load.chunks}")
    return _figures(connections, window.gaps, load.streams * load.chunks, spent)


async def _to_the_end(connections: Connections, request: bytes, spread_seconds: float) -> None:
    """Request one stream on each, one after the other; return when all are complete."""
    await _request_all(connections, request, spread_seconds)
    for _, listener in connections:
        async with asyncio.timeout(STREAM_TIMEOUT_SECONDS):
            await listener.complete.wait()
        listener.check()


async def _request_all(connections: Connections, request: bytes, spread_seconds: float) -> None:
    began = time.perf_counter()
    for number, (transport, _) in enumerate(connections):
        due = began + number * spread_seconds / len(connections)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        transport.send(WSMsgType.TEXT, request)


class Spent(msgspec.Struct, frozen=True):
    """CPU of the server and of this process, and time."""

    server_cpu_seconds: float
    client_cpu_seconds: float
    seconds: float

    @classmethod
    def so_far(cls, server_pid: int) -> Self:
        return cls(cpu_seconds(server_pid), time.process_time(), time.perf_counter())

    def __sub__(self, before: Self) -> Self:
        return type(self)(
            self.server_cpu_seconds - before.server_cpu_seconds,
            self.client_cpu_seconds - before.client_cpu_seconds,
            self.seconds - before.seconds,
        )


def _figures(connections: Connections, gaps: Sequence[float], chunks: int, spent: Spent) -> StreamFigures:
    deviations = sorted(abs(gap - GAP_SECONDS) for gap in gaps)
    if not deviations:
        raise SystemExit("no chunk arrived in the window")
    return StreamFigures(
        chunks=chunks,
        server_cpu_seconds=spent.server_cpu_seconds,
        client_cpu_seconds=spent.client_cpu_seconds,
        seconds=spent.seconds,
        deviation_p50_seconds=deviations[len(deviations) // 2],
        deviation_p99_seconds=deviations[len(deviations) * 99 // 100],
        message_bytes=sum(len(listener.message) for _, listener in connections) / len(connections),
    )


async def idle(task: Task, load: IdleLoad) -> IdleFigures:
    window = Window()
    connections = await _connect(task.url, 0, load.warm_connections, window)
    await asyncio.sleep(load.settle_seconds)
    before = private_bytes(task.server_pid)
    connections += await _connect(task.url, load.warm_connections, load.connections, window)
    await asyncio.sleep(load.settle_seconds)
    after = private_bytes(task.server_pid)
    for _, listener in connections:
        listener.check()
    return IdleFigures((after - before) / load.connections)


def main() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    gc.disable()  # a collection of this process would be taken for the server's unsteadiness
    match task.load:
        case StreamLoad():
            figures: StreamFigures | IdleFigures = uvloop.run(stream(task, task.load))
        case WholeStreams():
            figures = uvloop.run(whole_streams(task, task.load))
        case IdleLoad():
            figures = uvloop.run(idle(task, task.load))
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()

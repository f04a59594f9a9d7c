"""The load client: picows on uvloop, many connections in one process, as cheap for each chunk as Python allows.

It reads a ``Task`` from standard input and writes its figures to standard output, both JSON. It ends with an error
if a server refuses a connection, answers with anything but what was asked, loses a chunk or ends a stream early.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from typing import Self

import msgspec
import uvloop
from picows import WSTransport, ws_connect

from benchmarks.listener import Listener, Window
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


def _request(chunks: int, chunk_characters: int = CHUNK_CHARACTERS) -> bytes:
    """One word a chunk, so that every server cuts it alike."""
    words = (f"{number:x}".rjust(chunk_characters - 1, "w") for number in range(chunks))
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
    return _figures(connections, len(window.gaps), spent)


async def whole_streams(task: Task, load: WholeStreams) -> StreamFigures:
    before_it = Window(load.chunk_characters)
    warm_up = await _connect(task.url, 0, min(load.streams, MOST_WARM_STREAMS), before_it)
    await _to_the_end(warm_up, _request(max(1, load.chunks // 10), load.chunk_characters), 0.1)
    await asyncio.sleep(load.rest_seconds)
    window = Window(load.chunk_characters)
    connections = await _connect(task.url, len(warm_up), load.streams, window)
    request = _request(load.chunks, load.chunk_characters)

    before = Spent.so_far(task.server_pid)
    window.is_open = True
    await _to_the_end(connections, request, load.spread_seconds, load.times)
    await asyncio.sleep(load.rest_seconds)
    spent = Spent.so_far(task.server_pid) - before

    for _, listener in connections:
        listener.check_last()
        if listener.chunks != load.chunks:
            raise SystemExit(f"{listener.chunks} chunks arrived of {load.chunks}")
    return _figures(connections, load.streams * load.times * load.chunks, spent)


async def _to_the_end(connections: Connections, request: bytes, spread_seconds: float, times: int = 1) -> None:
    """Request a stream on each, one after the other, and again when it is over; return when all are complete."""

    async def follow(transport: WSTransport, listener: Listener) -> None:
        for turn in range(times):
            if turn:
                listener.request(transport, request)
            async with asyncio.timeout(STREAM_TIMEOUT_SECONDS):
                await listener.complete.wait()
            listener.check()

    requests = _request_all(connections, request, spread_seconds)
    await asyncio.gather(requests, *(follow(transport, listener) for transport, listener in connections))


async def _request_all(connections: Connections, request: bytes, spread_seconds: float) -> None:
    began = time.perf_counter()
    for number, (transport, listener) in enumerate(connections):
        due = began + number * spread_seconds / len(connections)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        listener.request(transport, request)


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


def _figures(connections: Connections, chunks: int, spent: Spent) -> StreamFigures:
    """Of connections that share a window."""
    window = connections[0][1].window
    deviations = [abs(gap - GAP_SECONDS) for gap in window.gaps]
    if not deviations:
        raise SystemExit("no chunk arrived in the window")
    return StreamFigures(
        chunks=chunks,
        server_cpu_seconds=spent.server_cpu_seconds,
        client_cpu_seconds=spent.client_cpu_seconds,
        seconds=spent.seconds,
        deviation_p50_seconds=_percentile(deviations, 50),
        deviation_p99_seconds=_percentile(deviations, 99),
        message_bytes=sum(len(listener.message) for _, listener in connections) / len(connections),
        start_p50_seconds=_percentile(window.starts, 50),
        start_p99_seconds=_percentile(window.starts, 99),
        whole_p50_seconds=_percentile(window.wholes, 50),
    )


def _percentile(figures: Sequence[float], share: int) -> float:
    """0 if there are no figures."""
    return sorted(figures)[len(figures) * share // 100] if figures else 0.0


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

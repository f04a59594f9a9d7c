"""How late the event loop is while the service's content engine is at work.

A program of its own, so that a core can be given to it: reads a ``Task``, writes the lags of each round, both JSON.
"""

import asyncio
import sys
import time
from contextlib import closing
from itertools import cycle, islice

import msgspec
import uvloop

from benchmarks.contents import RICH
from service.preparation.engine import ThreadedContentEngine
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest

REQUESTS = 20
_PROBE_SECONDS = 0.001


class Task(msgspec.Struct, frozen=True):
    size_bytes: int
    rounds: int


async def lags_ms(task: Task) -> list[list[float]]:
    """Each round asks for all kinds of rich content at once, so many that there are ``REQUESTS``."""
    requests = [*islice(cycle([asking(task.size_bytes) for asking in RICH.values()]), REQUESTS)]
    with closing(ThreadedContentEngine(Limits())) as engine:
        await _prepare(engine, requests[: len(RICH)])
        return [await _probed(engine, requests) for _ in range(task.rounds)]


async def _prepare(engine: ThreadedContentEngine, requests: list[StreamRequest]) -> None:
    await asyncio.gather(*(engine.prepare(request, Limits().max_session_seconds) for request in requests))


async def _probed(engine: ThreadedContentEngine, requests: list[StreamRequest]) -> list[float]:
    lags: list[float] = []
    work = asyncio.create_task(_prepare(engine, requests))
    while not work.done():
        due = time.perf_counter() + _PROBE_SECONDS
        await asyncio.sleep(_PROBE_SECONDS)
        lags.append((time.perf_counter() - due) * 1e3)
    await work
    return lags


if __name__ == "__main__":
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(lags_ms(task))))

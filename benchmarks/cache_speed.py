"""The speed of the cache: a request whose plan is there against one whose plan is not, and packing against preparing.

A program of its own, so that a core can be given to it: reads a ``Task``, writes a list of ``Measure``, both JSON.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec

from benchmarks.content_speed import prepared
from benchmarks.contents import RICH
from benchmarks.figures import Measure
from service.content import pack_plan, unpack_plan
from service.events import Event
from service.preparation.cached_engine import CachedContentEngine
from service.preparation.engine import ThreadedContentEngine
from service.protocol.limits import Limits
from service.stores.plan_cache import MemoryPlanCache

Work = Callable[[], Awaitable[object]]

_LIMITS = Limits(max_prepared_characters=10_000_000)
_CACHE_BYTES = 1_000_000_000
_DAY = 86_400.0
"""Left of the session: every plan fits."""


class Task(msgspec.Struct, frozen=True):
    sizes_bytes: tuple[int, ...]
    repeats: int


class _Nobody:
    """Fulfils ``Recorder``."""

    def record(self, event: Event) -> None:
        """Tell nobody."""


def _engine(cache_bytes: int) -> CachedContentEngine:
    return CachedContentEngine(ThreadedContentEngine(_LIMITS, packs=True), MemoryPlanCache(cache_bytes), _Nobody())


async def measure(task: Task) -> list[Measure]:
    gc.freeze()  # as the service does when it has started
    hit = Measure("cache_hit", "CPU of a request whose plan is in memory, against one whose plan is not there", "ms")
    packing = Measure("cache_packing", "CPU to pack a plan and to unpack it, against preparing it", "ms")
    warm, cold = _engine(_CACHE_BYTES), _engine(0)
    for name, asking in RICH.items():
        for size_bytes in task.sizes_bytes:
            request = asking(size_bytes)
            case = f"{size_bytes // 1000} KB {name}"
            plan = prepared(request)
            as_packed = pack_plan(plan)
            await warm.prepare(request, _DAY)
            found: dict[str, Work] = {
                "in memory": partial(warm.prepare, request, _DAY),
                "not there": partial(cold.prepare, request, _DAY),
            }
            await _race(hit, case, found, task.repeats)
            steps: dict[str, Work] = {
                "packed": partial(_done, partial(pack_plan, plan)),
                "prepare": partial(_done, partial(prepared, request)),
                "unpacked": partial(_done, partial(unpack_plan, as_packed)),
            }
            await _race(packing, case, steps, task.repeats)
    warm.close()
    cold.close()
    return [hit, packing]


async def _done(work: Callable[[], object]) -> None:
    work()


async def _race(measured: Measure, case: str, works: Mapping[str, Work], repeats: int) -> None:
    """They take turns, so that all meet the same machine; the first turn of each warms up and does not count."""
    for turn in range(repeats + 1):
        for subject, work in works.items():
            began = time.process_time_ns()
            await work()
            milliseconds = (time.process_time_ns() - began) / 1e6
            if turn:
                measured.add(case, subject, milliseconds)


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(measure(given))))

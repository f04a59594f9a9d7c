"""Content work and the cache of plans without a server: speed, growth, memory, and the lag of the event loop.

The functions that measure run in a process of their own; CPU is that of the whole process.
"""

import asyncio
import gc
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from functools import partial
from inspect import isawaitable
from itertools import cycle, islice
from pathlib import Path

import nh3
import regex

from benchmarks.contents import (
    HOSTILE,
    LATIN_BY_CHARACTER,
    LATIN_BY_WORD,
    MARKDOWN_DOCUMENT,
    RICH,
    SCRIPTS,
)
from benchmarks.measure import Measure
from benchmarks.processes import run_on
from benchmarks.rounds import Run
from service.content import Plan, pack_plan, unpack_plan
from service.content.markdown.convert import PARSER, markdown_to_html
from service.content.prepare import prepare
from service.content.rules import REASONING_TAGS
from service.events import Event
from service.preparation.cached_engine import CachedContentEngine
from service.preparation.engine import ThreadedContentEngine
from service.preparation.work_limits import WorkLimits
from service.protocol.errors import EmptyContent, PreparedTooLarge
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest
from service.stores.plan_cache import MemoryPlanCache

_LAG_REQUESTS = 20

_LIMITS = Limits(max_prepared_characters=10_000_000)
_PATIENT = WorkLimits(max_wait_seconds=600)
_CACHE_BYTES = 1_000_000_000
_DAY_SECONDS = 86_400.0
"""Left of the session: every plan fits."""
_PROBE_SECONDS = 0.001
_WARM_UP_BYTES = 10_000
_CONVERT = partial(markdown_to_html, reasoning_tags=frozenset(REASONING_TAGS))
_SPLIT_AT_SPACES = "re.findall", re.compile(r"\S+\s*|\s+").findall
_LIBRARIES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    LATIN_BY_WORD: _SPLIT_AT_SPACES,
    LATIN_BY_CHARACTER: (r"regex \X", regex.compile(r"\X").findall),
    SCRIPTS: _SPLIT_AT_SPACES,
}
"""A library that reads the content once, by kind of content; for HTML it is ``nh3.clean``."""

Work = Callable[[], Awaitable[object] | object]


def content(run: Run) -> list[Measure]:
    scale, core = run.scale, run.cores.server
    size = scale.content_bytes[-1]
    run.report("content: speed")
    compared = run_on(core, compare_libraries, scale.content_bytes, scale.content_repeats)
    run.report("content: hostile")
    hostile = [*HOSTILE][:: scale.hostile_step]
    compared.append(run_on(core, measure_growth, "hostile", hostile, size, scale.hostile_repeats))
    memory = Measure("content_memory", "Memory at the peak of content work", "times the content", compared=False)
    for name in (*RICH, *hostile):
        run.report(f"content: memory, {name}")
        peak = run_on(core, peak_bytes, name, size)  # a process each: memory that was used once is not returned
        memory.add(f"{size // 1000} KB {name}", "service", peak / size)
    run.report("content: event loop")
    title = f"Lag of the event loop while {_LAG_REQUESTS} requests of {size // 1000} KB are prepared"
    lag = Measure("content_lag", title, "ms", compared=False)
    for lags in map(sorted, run_on(core, lags_ms, size, scale.content_lag_rounds)):
        lag.add("p99", "service", lags[len(lags) * 99 // 100])
        lag.add("maximum", "service", lags[-1])
    return [*compared, memory, lag]


def cache(run: Run) -> list[Measure]:
    run.report("cache")
    return run_on(run.cores.server, compare_caches, run.scale.content_bytes, run.scale.content_repeats)


def prepare_content(request: StreamRequest) -> Plan:
    return prepare(request, _LIMITS, lambda _stage: nullcontext())


def prepare_or_refuse(request: StreamRequest) -> Plan | None:
    try:
        return prepare_content(request)
    except (EmptyContent, PreparedTooLarge):
        return None


def peak_bytes(name: str, size_bytes: int) -> int:
    """The growth of the resident set to its peak, without what is loaded once (dictionaries, code) and the content."""
    make = {**RICH, **HOSTILE}[name]
    prepare_or_refuse(make(_WARM_UP_BYTES))
    request = make(size_bytes)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak: proc(5)
    before = _status_bytes("VmRSS")
    plan = prepare_or_refuse(request)
    peak = _status_bytes("VmHWM") - before
    del plan
    return max(0, peak)


async def compare_libraries(sizes_bytes: tuple[int, ...], repeats: int) -> list[Measure]:
    against = Measure("content", "CPU to prepare a content / one pass of a library over it", "ms")
    markdown = Measure("content_markdown", "CPU to prepare Markdown / the steps that are necessary", "ms")
    gc.freeze()  # as the service does after its start
    for name, make in RICH.items():
        for size in sizes_bytes:
            request, case = make(size), f"{size // 1000} KB {name}"
            work = partial(prepare_content, request)
            convert, clean = partial(_CONVERT, request.content), partial(nh3.clean, _CONVERT(request.content))
            if name == MARKDOWN_DOCUMENT:
                works: dict[str, Work] = {
                    "service": work,
                    "conversion": convert,
                    "pyromark": partial(PARSER.html, request.content),
                    "nh3.clean of its HTML": clean,
                }
                await _race(markdown, case, works, repeats)
            else:
                library, read = _LIBRARIES.get(name, ("nh3.clean", nh3.clean))
                works = {"service": work, "library": partial(read, request.content)}
                await _race(against, f"{case} / {library}", works, repeats)
    return [against, markdown, await measure_growth("rich", [*RICH], sizes_bytes[-1], repeats)]


async def measure_growth(kind: str, names: Sequence[str], size_bytes: int, repeats: int) -> Measure:
    """Hostile content that is refused counts too: refusing it is work."""
    title = f"CPU to prepare twice {size_bytes // 1000} KB of {kind} content / once"
    growth = Measure(f"content_growth_{kind}", title, "ms")
    for name in names:
        make = {**RICH, **HOSTILE}[name]
        both: dict[str, Work] = {
            "twice": partial(prepare_or_refuse, make(2 * size_bytes)),
            "once": partial(prepare_or_refuse, make(size_bytes)),
        }
        await _race(growth, name, both, repeats)
    return growth


class _NoRecorder:
    """Implements ``Recorder``."""

    def record(self, event: Event) -> None:
        """Do nothing."""


async def compare_caches(sizes_bytes: tuple[int, ...], repeats: int) -> list[Measure]:
    hit = Measure("cache_hit", "CPU of a request whose plan is in memory / of one whose plan is not", "ms")
    packing = Measure("cache_packing", "CPU to pack a plan and to unpack it / to prepare it", "ms")
    gc.freeze()  # as the service does after its start
    threaded = [ThreadedContentEngine(_LIMITS, _NoRecorder(), packs=True, work_limits=_PATIENT) for _ in range(2)]
    warm, cold = (
        CachedContentEngine(engine, MemoryPlanCache(size), _NoRecorder())
        for engine, size in zip(threaded, (_CACHE_BYTES, 0), strict=True)
    )
    with closing(warm), closing(cold):
        for name, make in RICH.items():
            for size in sizes_bytes:
                request, case = make(size), f"{size // 1000} KB {name}"
                plan = prepare_content(request)
                await warm.prepare(request, _DAY_SECONDS)
                requests: dict[str, Work] = {
                    "in memory": partial(warm.prepare, request, _DAY_SECONDS),
                    "not in memory": partial(cold.prepare, request, _DAY_SECONDS),
                }
                await _race(hit, case, requests, repeats, lambda: threaded[1].process_cpu_seconds)
                steps: dict[str, Work] = {
                    "pack": partial(pack_plan, plan),
                    "prepare": partial(prepare_content, request),
                    "unpack": partial(unpack_plan, pack_plan(plan)),
                }
                await _race(packing, case, steps, repeats)
    return [hit, packing]


async def lags_ms(size_bytes: int, rounds: int) -> list[list[float]]:
    """How late a probe of the event loop is while the content engine prepares all kinds of rich content."""
    requests = [*islice(cycle([make(size_bytes) for make in RICH.values()]), _LAG_REQUESTS)]
    with closing(ThreadedContentEngine(Limits(), _NoRecorder(), work_limits=_PATIENT)) as engine:

        async def prepare_all(some: list[StreamRequest]) -> None:
            await asyncio.gather(*(engine.prepare(request, Limits().max_session_seconds) for request in some))

        async def probe() -> list[float]:
            lags: list[float] = []
            work = asyncio.create_task(prepare_all(requests))
            while not work.done():
                due = time.perf_counter() + _PROBE_SECONDS
                await asyncio.sleep(_PROBE_SECONDS)
                lags.append((time.perf_counter() - due) * 1e3)
            await work
            return lags

        await prepare_all(requests[: len(RICH)])
        return [await probe() for _ in range(rounds)]


async def _race(
    measure: Measure,
    case: str,
    works: Mapping[str, Work],
    repeats: int,
    elsewhere: Callable[[], float] = lambda: 0.0,
) -> None:
    """The works take turns, under the same conditions; the first turn of each warms up and does not count.

    ``elsewhere`` returns the processor time, in seconds, that the works have taken in other processes.
    """
    for turn in range(repeats + 1):
        for subject, work in works.items():
            began = time.process_time() + elsewhere()
            result = work()
            if isawaitable(result):
                await result
            milliseconds = (time.process_time() + elsewhere() - began) * 1e3
            if turn:
                measure.add(case, subject, milliseconds)


def _status_bytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024

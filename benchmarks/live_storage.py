"""What it costs to store the sources of live streams, without a server around it."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from benchmarks.load_client import percentile
from benchmarks.measure import SERVICE, Measure
from benchmarks.processes import REDIS, run_on, serve
from benchmarks.rounds import Run
from service.events import Event, LiveAppendsStored
from service.live.ports import LiveStore
from service.live.records import Append, LiveRecord
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.trace import Trace
from service.publishing.writer import LiveWriter
from service.stores.redis.live_store import RedisLiveStore
from service.stores.sqlite.live_store import SqliteLiveStore
from service.stores.store_limits import LiveLimits

_STREAMS = 100
_INTERVAL_SECONDS = 0.02
_TOKEN = b"word"
_BATCH = 1000
_TTL_SECONDS = 300.0


class _Figures(Struct):
    cpu_us: float
    commit_ms: list[float]
    written: float
    """Bytes written by the process for a byte of the source."""
    read_ms: float


def live_store(run: Run) -> list[Measure]:
    rate = f"{_STREAMS} streams of {1 / _INTERVAL_SECONDS:g} tokens of {len(_TOKEN)} bytes a second"
    cpu = Measure("live_store_cpu", f"CPU of a process to store a token, {rate}", "µs", compared=False)
    commits = Measure("live_store_commit", "time to store all tokens that wait", "ms", compared=False)
    written = Measure("live_store_written", "bytes written for a byte of the source", "bytes", compared=False)
    read = Measure("live_store_read", "time to read a source of tokens", "ms", compared=False)
    scale = run.scale
    with serve(REDIS, run.cores) as redis:
        for store, url in (("SQLite", ""), ("Redis", f"redis://{redis.address}/0")):
            for turn in range(scale.rounds):
                run.report(f"live_store, {store}, round {turn + 1}")
                work = url, scale.live_window_seconds, scale.live_source_bytes
                figures = run_on(run.cores.server, measure_store, *work)
                cpu.add(store, SERVICE, figures.cpu_us)
                for share in (50, 99):
                    commits.add(f"{store}, p{share}", SERVICE, percentile(figures.commit_ms, share))
                written.add(store, SERVICE, figures.written)
                read.add(f"{store}, {scale.live_source_bytes / 1e6:g} MB", SERVICE, figures.read_ms)
    return [cpu, commits, written, read]


async def measure_store(url: str, seconds: float, source_bytes: int) -> _Figures:
    """Write streams for this time, then one source of tokens, and read it. Without a URL, in a file."""
    limits = LiveLimits(max_length=max(source_bytes, 2**20))
    with TemporaryDirectory(prefix="streaming-bench-") as folder:
        store: LiveStore = (
            RedisLiveStore(url, limits, _TTL_SECONDS)
            if url
            else SqliteLiveStore(Path(folder) / "live.sqlite3", limits, _TTL_SECONDS)
        )
        figures = await _write(store, round(seconds / _INTERVAL_SECONDS))
        figures.read_ms = await _read(store, source_bytes)
        await store.close()
    return figures


class _Commits:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []

    def record(self, event: Event) -> None:
        if isinstance(event, LiveAppendsStored):
            self.milliseconds.append(1000 * event.seconds)


async def _write(store: LiveStore, tokens: int) -> _Figures:
    commits = _Commits()
    writer = LiveWriter(store, lambda _notices: None, commits)
    ids = [await _create(store) for _ in range(_STREAMS)]
    loop = asyncio.get_running_loop()
    began, cpu, written = loop.time(), time.process_time(), _written_bytes()

    async def produce(stream_id: str, late: float) -> None:
        waiting = set()
        for number in range(tokens):
            await asyncio.sleep(began + late + number * _INTERVAL_SECONDS - loop.time())
            append = Append(stream_id, 0, number * len(_TOKEN), _TOKEN)
            waiting.add(task := loop.create_task(writer.append(append)))
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)

    await asyncio.gather(*(produce(one, at * _INTERVAL_SECONDS / _STREAMS) for at, one in enumerate(ids)))
    appends = _STREAMS * tokens
    return _Figures(
        cpu_us=(time.process_time() - cpu) / appends * 1e6,
        commit_ms=commits.milliseconds,
        written=(_written_bytes() - written) / (appends * len(_TOKEN)),
        read_ms=0.0,
    )


async def _read(store: LiveStore, source_bytes: int) -> float:
    stream_id = await _create(store)
    for first in range(0, source_bytes, _BATCH * len(_TOKEN)):
        last = min(first + _BATCH * len(_TOKEN), source_bytes)
        await store.append([Append(stream_id, 0, at, _TOKEN) for at in range(first, last, len(_TOKEN))])
    began = time.perf_counter()
    await store.read(stream_id, 0)
    return 1000 * (time.perf_counter() - began)


async def _create(store: LiveStore) -> str:
    stream_id = f"{time.perf_counter_ns():x}"
    trace = Trace("1" * 32, "1" * 16, sampled=False)
    kind = ContentType.TEXT, Speed.ADAPTIVE, ChunkBy.WORD
    await store.create(LiveRecord(stream_id, "session", "session", "", *kind, trace))
    return stream_id


def _written_bytes() -> int:
    """By system calls of this process, to files and to sockets."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["wchar"])

"""What keeping streams costs: the same streams with SQLite, with Redis, and with nothing kept."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis
from msgspec import Struct

from benchmarks.figures import Measure
from benchmarks.load import GAP_SECONDS, StreamFigures, WholeStreams, stream
from benchmarks.machine import Cores
from benchmarks.scale import Scale
from benchmarks.servers import SERVICE, START_TIMEOUT_SECONDS, Program, ServerFailed, free_port, running
from benchmarks.usage import cpu_seconds

NONE = "nothing kept"
SQLITE = "SQLite"
REDIS = "Redis"
_STORELESS = Program(NONE, ("-m", "benchmarks.storeless_service"), SERVICE.ready_path)

_TTL_SECONDS = 1.0
"""Short, so that what is deleted when it is over is deleted within the count."""


class _Redis(Struct, frozen=True):
    pid: int
    url: str


def stores(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """CPU and time of whole streams, and how long a request waits for its stream, for each document and load."""
    cpu = Measure(
        "stores_cpu", "CPU of the server for a stream, from its request until it is deleted", "µs", compared=False
    )
    whole = Measure("stores_whole", "A stream, from its request to its end: half are below", "s", compared=False)
    ratio = Measure("stores_ratio", f"The same, as ratio to {NONE} in the same round", "", compared=False)
    p50 = Measure("stores_start_p50", "From a request to its stream_start: half are below", "ms", compared=False)
    p99 = Measure("stores_start_p99", "From a request to its stream_start: 99 % are below", "ms", compared=False)
    added = Measure("stores_added", f"The same, beyond {NONE} in the same round", "ms", compared=False)
    checks = Measure("stores_checks", "Checks: what Redis used, did all keep up?", "", compared=False)
    for count in scale.store_streams:
        for size in scale.document_bytes:
            case = f"{count} streams of {size / 1000:g} KB"
            for turn in range(scale.store_rounds):
                say(f"{case}, round {turn + 1} of {scale.store_rounds}")
                found = _round(_load(scale, count, size), cores, turn)
                base = found[NONE].figures
                for name, one in found.items():
                    seen = one.figures
                    cpu.add(case, name, seen.server_cpu_seconds / one.streams * 1e6)
                    whole.add(case, name, seen.whole_p50_seconds)
                    p50.add(case, name, seen.start_p50_seconds * 1e3)
                    p99.add(case, name, seen.start_p99_seconds * 1e3)
                    checks.add(
                        f"{case}: CPU of Redis for a stream, µs", name, one.redis_cpu_seconds / one.streams * 1e6
                    )
                    checks.add(f"{case}: server's core, %", name, seen.server_cpu_seconds / seen.seconds * 100)
                    checks.add(f"{case}: client's core, %", name, seen.client_cpu_seconds / seen.seconds * 100)
                    if name != NONE:
                        ratio.add(f"{case}, CPU", name, seen.server_cpu_seconds / base.server_cpu_seconds)
                        ratio.add(f"{case}, time", name, seen.whole_p50_seconds / base.whole_p50_seconds)
                        added.add(f"{case}, 50 %", name, (seen.start_p50_seconds - base.start_p50_seconds) * 1e3)
                        added.add(f"{case}, 99 %", name, (seen.start_p99_seconds - base.start_p99_seconds) * 1e3)
    return [cpu, whole, ratio, p50, p99, added, checks]


class _Seen(Struct, frozen=True):
    figures: StreamFigures
    streams: int
    redis_cpu_seconds: float
    """Of the warm-up too."""


def _load(scale: Scale, count: int, size: int) -> WholeStreams:
    """The streams of a connection follow one another, and begin where those of the others are in their middle."""
    seconds = scale.store_chunks * GAP_SECONDS
    return WholeStreams(
        count, scale.store_chunks, seconds, scale.store_rest_seconds, scale.store_times, size // scale.store_chunks
    )


def _round(load: WholeStreams, cores: Cores, turn: int) -> dict[str, _Seen]:
    """Each in its turn, and each round begins with another, as whoever comes first has another neighbour."""
    found: dict[str, _Seen] = {}
    with _running_redis(cores) as redis_:
        variants = [
            (_STORELESS, {"STORE_CONTENT": "off"}),
            (Program(SQLITE, SERVICE.arguments, SERVICE.ready_path), {}),
            (Program(REDIS, SERVICE.arguments, SERVICE.ready_path), {"REDIS_URL": redis_.url}),
        ]
        first = turn % len(variants)
        for program, settings in variants[first:] + variants[:first]:
            before = cpu_seconds(redis_.pid)
            with running(program, cores, settings={"RESUME_TTL": str(_TTL_SECONDS)} | settings) as server:
                seen = stream(server, cores, load)
            found[program.name] = _Seen(seen, load.streams * load.times, cpu_seconds(redis_.pid) - before)
    return {program.name: found[program.name] for program, _ in variants}


@contextmanager
def _running_redis(cores: Cores) -> Iterator[_Redis]:
    """A Redis that keeps nothing on disk, on the core of the back ends. Raises ``ServerFailed``."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerFailed("there is no redis-server here: install Redis")
    port = free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no")
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen((program, *options), cwd=folder, stdout=subprocess.DEVNULL) as process,
    ):
        os.sched_setaffinity(process.pid, {cores.back_end})
        try:
            url = f"redis://127.0.0.1:{port}/0"
            _await_redis(url)
            yield _Redis(process.pid, url)
        finally:
            process.terminate()


def _await_redis(url: str) -> None:
    deadline = time.perf_counter() + START_TIMEOUT_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError as error:
                if time.perf_counter() > deadline:
                    raise ServerFailed("Redis did not start") from error
                time.sleep(0.01)
            else:
                return

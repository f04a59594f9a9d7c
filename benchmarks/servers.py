"""The service against a bare FastAPI and against the floor: CPU and pace of a chunk, memory, start; and its stores."""

from collections.abc import Iterator

import msgspec

from benchmarks import load_client
from benchmarks.load import GAP_SECONDS, StreamLoad
from benchmarks.measure import Measure
from benchmarks.processes import (
    BARE_FASTAPI,
    FLOOR,
    NODE_WS,
    PICOWS,
    REDIS,
    SERVICE,
    Server,
    cpu_seconds,
    floor,
    run_on,
    serve,
    without,
)
from benchmarks.rounds import KEPT_UP, Race, Run, paced
from service.protocol.messages import GAP_SECONDS as GAP_OF_SPEED
from service.protocol.messages import Speed

NOTHING_STORED = "nothing stored"
_TTL_SECONDS = 1.0
"""Short, so that ended streams are deleted within the measurement."""


def pace(prefix: str = "", baseline: str = "") -> Iterator[tuple[Measure, str]]:
    """The deviation of the gap between chunks, as the client measures it."""
    for part, name in (("median", "deviation_p50"), ("p99", "deviation_p99")):
        title = f"Deviation of the gap between chunks, {part}"
        yield Measure(prefix + name, title, "ms", baseline=baseline), f"{name}_ms"


def streams(run: Run) -> list[Measure]:
    """CPU and pace of a chunk while many streams run."""
    scale = run.scale
    loads = paced(scale, scale.streams)
    cpu = Measure("cpu", "CPU of the server for a delivered chunk", "µs")
    checks = Measure("checks", "Checks: did server and client keep up? are the messages alike?", "", compared=False)
    fields = {"delivered, % of due": "delivered_percent", **KEPT_UP, "message, bytes": "message_bytes"}
    programs = SERVICE, BARE_FASTAPI, FLOOR, PICOWS, NODE_WS
    return Race(programs, loads, scale.rounds, ((cpu, "chunk_cpu_us"), *pace()), checks, fields).run(run)


def growth(run: Run) -> list[Measure]:
    """CPU and pace of a chunk with few and with very many streams."""
    scale = run.scale
    cpu = Measure("growth_cpu", "CPU of the server for a delivered chunk, from few streams to many", "µs")
    checks = Measure("growth_checks", "Checks: did server and client keep up?", "", compared=False)
    measures = (cpu, "chunk_cpu_us"), *pace("growth_")
    fields = {"delivered, % of due": "delivered_percent", **KEPT_UP}
    for speed, counts in ((Speed.SUPERFAST, scale.superfast_streams), (Speed.FAST, scale.fast_streams)):
        loads = paced(scale, counts, speed)
        programs = SERVICE, floor(GAP_OF_SPEED[speed])
        Race(programs, loads, scale.rounds, measures, checks, fields).run(run)
    few, *_, many = (f"{count} {Speed.SUPERFAST} streams" for count in scale.superfast_streams)
    slope = Measure("growth_slope", "CPU for a chunk, many streams / few", "", compared=False)
    for subject in cpu.figures[few]:
        slope.add(f"{many} / {few}", subject, cpu.median(many, subject) / cpu.median(few, subject))
    return [*(measure for measure, _ in measures), checks, slope]


def memory(run: Run) -> list[Measure]:
    """The memory of the server for an idle connection."""
    measure = Measure("memory", "Memory of the server for an idle connection", "KB")
    scale = run.scale
    for turn in range(scale.rounds):
        for program in (SERVICE, BARE_FASTAPI):
            run.report(f"{scale.connections} idle connections, round {turn + 1} of {scale.rounds}: {program.name}")
            with serve(program, run.cores) as server:
                counts = scale.warm_connections, scale.connections, scale.settle_seconds
                per_connection = run_on(run.cores.client, load_client.memory_bytes, server, *counts)
            measure.add(f"{scale.connections} connections", program.name, per_connection / 1000)
    return [measure]


def start(run: Run) -> list[Measure]:
    """The time to the first response, with byte code and disk cache warm."""
    measure = Measure("start", "From the start of the process to the first 200 of GET /", "ms")
    run.report(f"{run.scale.starts} starts")
    for turn in range(run.scale.starts + 1):
        for program in (SERVICE, BARE_FASTAPI):
            with serve(program, run.cores, ready_path="/") as server:
                if turn:  # the first start warms up
                    measure.add("GET /", program.name, server.start_seconds * 1e3)
    return [measure]


def stores(run: Run) -> list[Measure]:
    """The cost of storing streams: the same streams with SQLite, with Redis, and with nothing stored."""
    scale = run.scale
    loads = {
        f"{count} streams of {size / 1000:g} KB": StreamLoad(
            count,
            scale.store_chunks * GAP_SECONDS,  # a stream begins in the middle of those of the other connections
            scale.store_rest_seconds,
            whole_chunks=scale.store_chunks,
            repeats=scale.store_repeats,
            chunk_characters=size // scale.store_chunks,
        )
        for count in scale.store_streams
        for size in scale.document_bytes
    }
    measures = tuple(
        (Measure(f"stores_{name}", title, unit, baseline=NOTHING_STORED), field)
        for name, title, unit, field in (
            ("cpu", "CPU of the server for a stream, from its request until it is deleted", "µs", "stream_cpu_us"),
            ("whole", "From the request of a stream to its end, median", "s", "whole_p50_seconds"),
            ("start_p50", "From a request to its stream_start, median", "ms", "start_p50_ms"),
            ("start_p99", "From a request to its stream_start, p99", "ms", "start_p99_ms"),
        )
    )
    checks = Measure("stores_checks", "Checks: the CPU of Redis; did server and client keep up?", "", compared=False)
    with serve(REDIS, run.cores) as redis:
        ttl = {"RESUME_TTL": str(_TTL_SECONDS)}
        programs = (
            without("store", NOTHING_STORED, {**ttl, "STORE_CONTENT": "off"}),
            msgspec.structs.replace(SERVICE, name="SQLite", settings=ttl),
            msgspec.structs.replace(SERVICE, name="Redis", settings={**ttl, "REDIS_URL": f"redis://{redis.address}/0"}),
        )
        spent = [cpu_seconds(redis.pid)]

        def inspect(_server: Server) -> dict[str, float]:
            spent.append(cpu_seconds(redis.pid))
            return {"CPU of Redis, ms": (spent[-1] - spent[-2]) * 1e3}

        return Race(programs, loads, scale.store_rounds, measures, checks, inspect=inspect).run(run)

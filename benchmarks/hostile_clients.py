"""Attacks of one and of twenty sockets, and what the clients beside them observe."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psutil
from msgspec import Struct

from benchmarks.attacks import ATTACKS, connect, run_attack
from benchmarks.load import GAP_SECONDS, StreamLoad
from benchmarks.load_client import check_running, percentile, start_streams
from benchmarks.measure import Measure
from benchmarks.processes import SERVICE, Failed, Server, get, run_on, serve
from benchmarks.rounds import Run

QUIET_GET, GET, PACE, MEMORY, CUT, END = (
    "slowest GET / before, ms",
    "slowest GET /, ms",
    "p99 deviation / before",
    "memory of an attacker, KB",
    "last cut after, s",
    "end after SIGTERM, s",
)
ENDED = rf"({'|'.join(name for name, attack in ATTACKS.items() if attack.code)}) x \d+"
"""The attacks that the service ends."""
_STREAMS = 50
_START_SECONDS = 4.0
"""For the processes of the clients, before the attack."""
_PROBE_SECONDS = 0.02


class Effect(Struct, frozen=True):
    """What clients beside the attackers observed: the slowest ``GET /``, and p99 of the deviation of 50 streams."""

    quiet_get_ms: float
    """Before the attack, over the same time."""
    get_ms: float
    deviation_ms: float
    quiet_deviation_ms: float


def attacks(run: Run) -> list[Measure]:
    measure = Measure("attacks", "Hostile clients, and the others beside them", "attack x sockets", compared=False)
    for name in ATTACKS:
        for sockets in run.scale.attackers:
            run.report(f"{sockets} x {name}")
            with serve(SERVICE, run.cores) as server:
                figures = _attack(run, server, name, sockets)
            for subject, figure in figures.items():
                measure.add(f"{name} x {sockets}", subject, figure)
    return [measure]


def _attack(run: Run, server: Server, name: str, sockets: int) -> dict[str, float]:
    seconds = ATTACKS[name].seconds
    begins_at = time.monotonic() + _START_SECONDS + seconds
    process = psutil.Process(server.pid)
    with ThreadPoolExecutor(2) as threads:
        observing = threads.submit(run_on, run.cores.client, observe, server, begins_at, seconds)
        attacking = threads.submit(run_on, run.cores.back_end, attack, server, name, sockets, begins_at, seconds)
        time.sleep(max(0.0, begins_at - 0.5 - time.monotonic()))
        before = highest = process.memory_info().rss
        while not (observing.done() and attacking.done()) and time.monotonic() < begins_at + seconds:
            highest = max(highest, process.memory_info().rss)
            time.sleep(0.05)
        signalled_at = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        _wait(process)
        ended_at = time.monotonic()
        cuts, effect = attacking.result(), observing.result()
    expected = ATTACKS[name].code
    if expected and {code for code, _ in cuts} - {expected, 1006}:
        raise Failed(f"{name}: the service closed with {cuts}")
    return {
        QUIET_GET: effect.quiet_get_ms,
        GET: effect.get_ms,
        PACE: effect.deviation_ms / effect.quiet_deviation_ms,
        MEMORY: (highest - before) / sockets / 1000,
        CUT: max(after for _, after in cuts),
        END: ended_at - signalled_at,
    }


def _wait(process: psutil.Process) -> None:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)


async def attack(
    server: Server, name: str, sockets: int, begins_at: float, seconds: float
) -> Sequence[tuple[int, float]]:
    """Attack at ``begins_at``; return the close code and the seconds until the end of each socket, or of the time."""
    kind = ATTACKS[name]
    connected = [await connect(kind, "127.0.0.1", server.port, f"attacker-{number}") for number in range(sockets)]
    await asyncio.sleep(begins_at - time.monotonic())

    async def run_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, float]:
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + seconds):
                code = await run_attack(kind, reader, writer)
        except TimeoutError:
            code = 0
        return code, time.monotonic() - begins_at

    return await asyncio.gather(*(run_one(*streams) for streams in connected))


async def observe(server: Server, begins_at: float, seconds: float) -> Effect:
    """Observe for ``seconds`` before the attack, and for as long from its beginning."""
    load = StreamLoad(_STREAMS, 0.5, 0.5, window_seconds=2 * seconds + _START_SECONDS)
    connections = await start_streams(server, load)
    window = connections[0].window
    slowest: list[float] = []
    deviations: list[float] = []
    for ends_at in (begins_at, begins_at + seconds):
        await asyncio.sleep(ends_at - seconds - time.monotonic())
        del window.gaps[:]
        window.is_open = True
        slowest.append(await asyncio.to_thread(_slowest_get, server.port, ends_at))
        window.is_open = False
        deviations.append(percentile([abs(gap - GAP_SECONDS) for gap in window.gaps], 99) * 1e3)
    await check_running(connections)
    for connection in connections:
        connection.check_chunks(load)
    return Effect(slowest[0], slowest[1], deviations[1], deviations[0])


def _slowest_get(port: int, ends_at: float) -> float:
    """In ms."""
    slowest = 0.0
    while time.monotonic() < ends_at:
        began = time.perf_counter()
        if get(port, "/")[0] != 200:
            raise Failed("GET / failed")
        slowest = max(slowest, time.perf_counter() - began)
        time.sleep(_PROBE_SECONDS)
    return slowest * 1e3

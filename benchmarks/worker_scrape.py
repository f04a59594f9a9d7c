"""What a scrape of several workers costs: the processor time of their event loops, and of all their threads."""

import time

import psutil

from benchmarks.processes import Program, Server, get

WORKERS = 8
LOOPS = "processor time of the event loops"
_PROCESS, _THREAD = 0b010, 0b110
"""The clocks of scheduled time in Linux."""


def with_workers(program: Program) -> Program:
    return Program(program.name, program.command, program.ready_path, {"MAX_WORKERS": str(WORKERS)})


def worker_scrapes(server: Server, count: int) -> dict[str, list[float]]:
    """Milliseconds of each scrape, by what they measure."""
    workers = _workers(server)
    while get(server.port, "/metrics")[1].count(b"stream_build_info{") < WORKERS:
        time.sleep(0.1)
    figures: dict[str, list[float]] = {"request to response": [], LOOPS: [], "processor time of all threads": []}
    for _ in range(count):
        before = _nanoseconds(workers, loops=True), _nanoseconds(workers, loops=False)
        began = time.perf_counter()
        get(server.port, "/metrics")
        figures["request to response"].append((time.perf_counter() - began) * 1e3)
        figures[LOOPS].append((_nanoseconds(workers, loops=True) - before[0]) / 1e6)
        figures["processor time of all threads"].append((_nanoseconds(workers, loops=False) - before[1]) / 1e6)
    return figures


def _workers(server: Server) -> list[int]:
    """The process ids of the workers."""
    children = psutil.Process(server.pid).children()
    found = [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
    assert len(found) == WORKERS
    return found


def _nanoseconds(workers: list[int], *, loops: bool) -> int:
    """The processor time of the main thread of each worker, or of all threads, those that have ended too.

    Read from the clocks of processes and threads, as clock_getcpuclockid(3) names them: the kernel's files are only
    brought up to date when a thread is switched.
    """
    return sum(time.clock_gettime_ns(~pid << 3 | (_THREAD if loops else _PROCESS)) for pid in workers)

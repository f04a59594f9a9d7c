"""What a scrape of several workers costs: the processor time of their event loops, and of all their threads."""

import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.processes import Program, Server, get

WORKERS = 8
LOOPS = "processor time of the event loops"


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
    """The processor time of the main thread of each worker, or of all threads."""
    nanoseconds = 0
    for pid in workers:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            if not loops or thread.name == str(pid):
                with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
                    nanoseconds += int((thread / "schedstat").read_text().split()[0])
    return nanoseconds

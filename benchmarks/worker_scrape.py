"""What a scrape of several workers costs: the processor time of their event loops, and of all their threads."""

import time
from pathlib import Path

import psutil

from benchmarks.processes import Program, Server, cpu_seconds, get

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
        loops, all_ = _loops_ms(workers), _all_ms(workers)
        began = time.perf_counter()
        get(server.port, "/metrics")
        figures["request to response"].append((time.perf_counter() - began) * 1e3)
        figures[LOOPS].append(_loops_ms(workers) - loops)
        figures["processor time of all threads"].append(_all_ms(workers) - all_)
    return figures


def _workers(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.pid).children()
    found = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    assert len(found) == WORKERS
    return found


def _loops_ms(workers: list[psutil.Process]) -> float:
    """The processor time of the main thread of each worker. The kernel adds what a thread has run when it stops."""
    nanoseconds = 0
    for worker in workers:
        while worker.status() != psutil.STATUS_SLEEPING:  # of the main thread
            time.sleep(0.001)
        nanoseconds += int(Path(f"/proc/{worker.pid}/task/{worker.pid}/schedstat").read_text().split()[0])
    return nanoseconds / 1e6


def _all_ms(workers: list[psutil.Process]) -> float:
    """The processor time of all threads, those that have ended too."""
    return sum(cpu_seconds(worker.pid) for worker in workers) * 1e3

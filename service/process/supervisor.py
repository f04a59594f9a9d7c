"""Worker processes: one that dies is replaced, and a signal ends all of them.

The supervisor of uvicorn cannot run a subclass of ``Server``, and so none that drains; and it waits for its workers
without a limit, during which it ignores signals.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from types import FrameType

from msgspec import Struct

SignalHandler = Callable[[int, FrameType | None], None] | int | signal.Handlers | None

_LOOK_SECONDS = 0.1

_LEAST_LIFE_SECONDS = 1.0
"""A worker that dies sooner is replaced only then, so that a crash at the start does not keep a core busy."""


class Loss(Struct, frozen=True):
    """A worker that died without being stopped."""

    pid: int
    exit_code: int
    """Negative: the number of the signal that killed it."""


class _Worker(Struct, frozen=True):
    process: SpawnProcess
    begun: float


class Supervisor:
    """Runs ``work``, which must be picklable, in worker processes; its argument is the worker that it replaces.

    A worker must drain and end at its first SIGTERM, and end at once at its second. It receives them when this process
    receives SIGTERM, SIGINT or SIGHUP, or when another worker has ended with an error, as that would happen again. A
    worker that was killed by a signal, for example for lack of memory, is replaced.
    """

    def __init__(self, work: Callable[[Loss | None], None], workers: int, end_seconds: float) -> None:
        """A worker that takes longer than ``end_seconds`` to end is killed."""
        self._work = work
        self._workers = workers
        self._end_seconds = end_seconds
        self._signals = 0

    def run(self) -> int:
        """Return when all workers have ended, with the exit status: 0 if none failed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._count)
        handle_hangup(self._count)
        workers = [self._begin() for _ in range(self._workers)]
        while not self._signals and not any(_failed(worker.process) for worker in workers):
            time.sleep(_LOOK_SECONDS)
            workers = [self._replaced(worker) for worker in workers]
        return self._end([worker.process for worker in workers])

    def _count(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGHUP or not self._signals:  # a terminal that closes may send it twice
            self._signals += 1

    def _begin(self, loss: Loss | None = None) -> _Worker:
        # A daemon ends with this process if that raises.
        process = multiprocessing.get_context("spawn").Process(target=self._work, args=(loss,), daemon=True)
        process.start()
        return _Worker(process, time.monotonic())

    def _replaced(self, worker: _Worker) -> _Worker:
        """The worker, or its replacement if it was killed."""
        process = worker.process
        if process.pid is None or process.exitcode is None or _failed(process):
            return worker
        if time.monotonic() < worker.begun + _LEAST_LIFE_SECONDS:
            return worker
        return self._begin(Loss(process.pid, process.exitcode))

    def _end(self, processes: list[SpawnProcess]) -> int:
        deadline = time.monotonic() + self._end_seconds
        forwarded = None
        while any(process.exitcode is None for process in processes) and time.monotonic() < deadline:
            if forwarded != self._signals:
                forwarded = self._signals
                for process in processes:
                    process.terminate()
            time.sleep(_LOOK_SECONDS)
        for process in processes:
            process.kill()
            process.join()
        return 0 if all(process.exitcode in {0, -signal.SIGTERM} for process in processes) else 1


def handle_hangup(handler: Callable[[int, FrameType | None], None]) -> SignalHandler:
    """Handle SIGHUP, unless it is ignored, as by nohup. Return what handled it before."""
    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)
    return before


def _failed(process: SpawnProcess) -> bool:
    return process.exitcode is not None and process.exitcode > 0

"""Several worker processes: one that dies is replaced, and a signal ends them all.

uvicorn's own supervisor can run no other ``Server`` than uvicorn's, so none that drains; and it waits for its workers'
end for ever, deaf to a second signal.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from types import FrameType

from msgspec import Struct

_LOOK_SECONDS = 0.1

_LEAST_LIFE_SECONDS = 1.0
"""A worker that dies sooner is replaced only then: what kills each at its start must not keep a core busy."""


class Loss(Struct, frozen=True):
    """A worker that died unasked."""

    pid: int
    exit_code: int
    """Negative: the number of the signal that killed it."""


class _Worker(Struct, frozen=True):
    process: SpawnProcess
    begun: float


class Supervisor:
    """Runs ``work`` in so many processes of its own. Each is told whom it replaces; what it gets must be picklable.

    A worker must end at its first SIGTERM, and hurry at its second. It is told by signals to this process, or when
    another worker has ended with an error of its own: that one would not fare better the next time. What a signal
    has killed, the system's want of memory included, is replaced.
    """

    def __init__(self, work: Callable[[Loss | None], None], workers: int, end_seconds: float) -> None:
        """A worker that takes longer than ``end_seconds`` to end is killed."""
        self._work = work
        self._workers = workers
        self._end_seconds = end_seconds
        self._signals = 0

    def run(self) -> int:
        """Return when all have ended, with the exit status: 0 if each ended well."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._count)
        workers = [self._begin() for _ in range(self._workers)]
        while not self._signals and not any(_failed(worker.process) for worker in workers):
            time.sleep(_LOOK_SECONDS)
            workers = [self._replaced(worker) for worker in workers]
        return self._end([worker.process for worker in workers])

    def _count(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _begin(self, loss: Loss | None = None) -> _Worker:
        # A daemon: should this process break, they end with it.
        process = multiprocessing.get_context("spawn").Process(target=self._work, args=(loss,), daemon=True)
        process.start()
        return _Worker(process, time.monotonic())

    def _replaced(self, worker: _Worker) -> _Worker:
        """The worker, or if it is dead and may be replaced, the one that takes its place."""
        process = worker.process
        if process.pid is None or process.exitcode is None or _failed(process):
            return worker
        if time.monotonic() < worker.begun + _LEAST_LIFE_SECONDS:
            return worker
        return self._begin(Loss(process.pid, process.exitcode))

    def _end(self, processes: list[SpawnProcess]) -> int:
        deadline = time.monotonic() + self._end_seconds
        told = None
        while any(process.exitcode is None for process in processes) and time.monotonic() < deadline:
            if told != self._signals:
                told = self._signals
                for process in processes:
                    process.terminate()
            time.sleep(_LOOK_SECONDS)
        for process in processes:
            process.kill()
            process.join()
        return 0 if all(process.exitcode in {0, -signal.SIGTERM} for process in processes) else 1


def _failed(process: SpawnProcess) -> bool:
    return process.exitcode is not None and process.exitcode > 0

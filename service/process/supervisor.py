"""Worker processes: one that dies or hangs is replaced, and a signal ends all of them.

The supervisor of uvicorn cannot run a subclass of ``Server``, and so none that drains; and it waits for its workers
without a limit, during which it ignores signals.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Protocol

from msgspec import Struct

from service.events import DeathReason, WorkerReplaced
from service.process.stack_dump import enable_stack_dump, request_stack

SignalHandler = Callable[[int, FrameType | None], None] | int | signal.Handlers | None

_LOOK_SECONDS = 0.1

_LEAST_LIFE_SECONDS = 1.0
"""A worker that dies sooner is replaced only then, so that a crash at the start does not keep a core busy."""

_START_SECONDS = 60.0
"""What a worker may take to start, in addition to the time after which it is hung."""

_CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS, signal.SIGTRAP}
)
"""The signals by which a process ends for a fault of its own."""


class Lost(Struct, frozen=True):
    """What a worker had open when it died."""

    connections: int
    requests: int


class Workers(Protocol):
    """The workers apart from their processes: what each process is given, and what outlives it."""

    @property
    def count(self) -> int: ...

    def context(self, worker: int) -> object:
        """What the process of a worker is given: it must be picklable."""

    def heartbeat(self, worker: int) -> float:
        """A number that changes while the event loop of the worker runs; 0 until then."""

    def record_death(self, worker: int, reason: DeathReason) -> Lost:
        """The process of a worker is dead. After this ``heartbeat`` is 0."""


Work = Callable[[object, WorkerReplaced | None], None]
"""What the process of a worker does, from the context of the worker and the death of the one that it replaces."""


class _Worker:
    """A process and what was seen of it."""

    def __init__(self, process: SpawnProcess, stack: Connection) -> None:
        self.process = process
        self.stack = stack
        self.begun = time.monotonic()
        self.heartbeat = 0.0
        self.silent_seconds = 0.0
        """Since the heartbeat changed, as far as the supervisor itself was running."""
        self.hung = False
        self.hung_in = ""
        self.death: WorkerReplaced | None = None
        """What its replacement records."""


class Supervisor:
    """Runs ``work``, which must be picklable, in worker processes.

    A worker must drain and end at its first SIGTERM, and end at once at its second. It receives them when this process
    receives SIGTERM, SIGINT or SIGHUP, or when another worker has ended with an error, as that would happen again. A
    worker that was killed by a signal, for example for lack of memory, is replaced. One whose heartbeat stands still
    for ``hung_seconds`` is killed; one that has not begun to beat has a minute more.
    """

    def __init__(self, work: Work, workers: Workers, hung_seconds: float, end_seconds: float) -> None:
        """A worker that takes longer than ``end_seconds`` to end is killed."""
        self._work = work
        self._workers = workers
        self._hung_seconds = hung_seconds
        self._end_seconds = end_seconds
        self._signals = 0

    def run(self) -> int:
        """Return when all workers have ended, with the exit status: 0 if none failed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._count)
        handle_hangup(self._count)
        workers = [self._begin(number) for number in range(self._workers.count)]
        looked_at = time.monotonic()
        while not self._signals and not any(_failed(worker.process) for worker in workers):
            time.sleep(_LOOK_SECONDS)
            # This process may have been suspended together with its workers, which then need time to beat again.
            passed = min(time.monotonic() - looked_at, 2 * _LOOK_SECONDS)
            looked_at = time.monotonic()
            workers = [self._look(number, worker, passed) for number, worker in enumerate(workers)]
        return self._end([worker.process for worker in workers])

    def _count(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGHUP or not self._signals:  # a terminal that closes may send it twice
            self._signals += 1

    def _begin(self, number: int, replaced: WorkerReplaced | None = None) -> _Worker:
        spawn = multiprocessing.get_context("spawn")
        reader, writer = spawn.Pipe(duplex=False)
        # A daemon ends with this process if that raises.
        arguments = (self._work, writer, self._workers.context(number), replaced)
        process = spawn.Process(target=_run, args=arguments, daemon=True)
        process.start()
        writer.close()
        return _Worker(process, reader)

    def _look(self, number: int, worker: _Worker, passed: float) -> _Worker:
        """The worker, or its replacement if it was killed. ``passed`` are the seconds since the last look."""
        if worker.process.exitcode is None:
            self._watch(number, worker, passed)
            return worker
        if worker.death is None:
            worker.stack.close()
            worker.death = self._record_death(number, worker)
        if _failed(worker.process) or time.monotonic() < worker.begun + _LEAST_LIFE_SECONDS:
            return worker
        return self._begin(number, worker.death)

    def _watch(self, number: int, worker: _Worker, passed: float) -> None:
        """Kill a worker that hangs."""
        heartbeat = self._workers.heartbeat(number)
        worker.silent_seconds = worker.silent_seconds + passed if heartbeat == worker.heartbeat else 0.0
        worker.heartbeat = heartbeat
        limit = self._hung_seconds if heartbeat else self._hung_seconds + _START_SECONDS
        if worker.silent_seconds > limit and not worker.hung and worker.process.pid is not None:
            worker.hung = True
            worker.hung_in = request_stack(worker.process.pid, worker.stack)
            worker.process.kill()

    def _record_death(self, number: int, worker: _Worker) -> WorkerReplaced:
        pid, exit_code = worker.process.pid, worker.process.exitcode
        assert pid is not None
        assert exit_code is not None
        crashed = exit_code > 0 or -exit_code in _CRASHES
        reason = DeathReason.HUNG if worker.hung else DeathReason.CRASHED if crashed else DeathReason.KILLED
        lost = self._workers.record_death(number, reason)
        return WorkerReplaced(number, pid, exit_code, reason, lost.connections, lost.requests, worker.hung_in)

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


def _run(work: Work, stack: Connection, context: object, replaced: WorkerReplaced | None) -> None:
    enable_stack_dump(stack)
    work(context, replaced)


def handle_hangup(handler: Callable[[int, FrameType | None], None]) -> SignalHandler:
    """Handle SIGHUP, unless it is ignored, as by nohup. Return what handled it before."""
    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)
    return before


def _failed(process: SpawnProcess) -> bool:
    return process.exitcode is not None and process.exitcode > 0

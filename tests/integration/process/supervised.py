"""A supervisor whose workers fail or hang: ``python -m tests.integration.process.supervised WORK``.

``WORK`` is the name of one of the functions below. Each worker writes lines of text.
"""

import os
import signal
import sys
import threading
import time
from multiprocessing import get_context
from typing import Any

from service.events import DeathReason, WorkerReplaced
from service.process.supervisor import Lost, Supervisor

END_SECONDS = 0.5
HUNG_SECONDS = 2.0
_BEAT_SECONDS = 0.05


class Beats:
    """Implements ``supervisor.Workers``: the context is the memory with the heartbeats, and a place in it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._beats = get_context("spawn").RawArray("d", count)

    def context(self, worker: int) -> object:
        return self._beats, worker

    def heartbeat(self, worker: int) -> float:
        beat: float = self._beats[worker]
        return beat

    def record_death(self, worker: int, reason: DeathReason) -> Lost:
        self._beats[worker] = 0
        return Lost(worker, 7)


def fail(_: object, __: WorkerReplaced | None) -> None:
    """Ends with an error."""
    sys.exit(3)


def ignore(_: object, __: WorkerReplaced | None) -> None:
    """Ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _write("ignores")
    while True:
        time.sleep(1)


def beat(context: Any, replaced: WorkerReplaced | None) -> None:  # noqa: ANN401 - the context of ``Beats``
    """Beats until the end."""
    _write(f"beats {replaced}")
    while True:
        _beat(context)


def stick(context: Any, replaced: WorkerReplaced | None) -> None:  # noqa: ANN401
    """The first worker stops to beat in a call that never returns; the one after it beats."""
    if replaced is None:
        _beat(context)
        _write(f"sticks {os.getpid()}")
        sit_forever(threading.Event())
    beat(context, replaced)


def sit_forever(event: threading.Event) -> None:
    event.wait()


def _beat(context: Any) -> None:  # noqa: ANN401
    beats, worker = context
    beats[worker] = time.monotonic()
    time.sleep(_BEAT_SECONDS)


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work = {function.__name__: function for function in (fail, ignore, beat, stick)}[sys.argv[1]]
    sys.exit(Supervisor(work, Beats(1 if work is stick else 2), HUNG_SECONDS, END_SECONDS).run())

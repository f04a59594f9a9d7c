"""The workers of one instance, as far as their metrics are concerned: a ledger, and a socket for each worker.

Each worker keeps its own metrics and serves them on a Unix socket in ``METRICS_DIR``. The sockets are bound before the
first worker starts, by the process that starts them, so a worker that replaces another one has the same address, and an
unusable directory prevents the start.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from observability.metrics.ledger import Ledger
from service.events import DeathReason
from service.process.supervisor import Lost

_MOST_BYTES = 107
"""Of the path of a Unix socket, as Linux limits it."""
_BACKLOG = 64


class MetricsDirectoryError(Exception):
    """The directory cannot be used; the text has the reason and the remedy."""


class WorkerContext(Struct, frozen=True):
    """What a worker has in common with the others. It can be passed to a process when that is started."""

    number: int
    ledger: Ledger
    directory: Path
    listener: socket.socket
    """Of this worker: others ask here for its metrics."""

    def address(self, worker: int) -> Path:
        return _address(self.directory, worker)


class WorkerGroup:
    """Implements ``supervisor.Workers``."""

    def __init__(self, directory: Path, ledger: Ledger, listeners: list[socket.socket]) -> None:
        self._directory = directory
        self._ledger = ledger
        self._listeners = listeners

    @property
    def count(self) -> int:
        return self._ledger.workers

    def context(self, worker: int) -> WorkerContext:
        """The argument of the application in the process of this worker."""
        return WorkerContext(worker, self._ledger, self._directory, self._listeners[worker])

    def heartbeat(self, worker: int) -> float:
        return self._ledger.heartbeat(worker)

    def record_death(self, worker: int, reason: DeathReason) -> Lost:
        return self._ledger.record_death(worker, reason)


@contextmanager
def worker_group(directory: Path, workers: int) -> Iterator[WorkerGroup]:
    """Prepare the directory, and lock it against other servers while the context lasts.

    Sockets of an earlier run are removed, other files are not. Raises ``MetricsDirectoryError``.
    """
    with ExitStack() as endings:
        try:
            with suppress(FileExistsError):
                directory.mkdir(mode=0o700, parents=True)
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            endings.callback(os.close, lock)
            _lock(lock, directory)
            for left in directory.glob("worker-*.sock"):
                left.unlink()
            listeners = [_listen(endings, _address(directory, worker)) for worker in range(workers)]
        except OSError as error:
            raise MetricsDirectoryError(
                f"The metrics directory {directory} cannot be used: {error.strerror}."
                " Name one that this user may write to."
            ) from error
        yield WorkerGroup(directory, Ledger(workers), listeners)


def _lock(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MetricsDirectoryError(
            f"The metrics directory {directory} is in use by another server. Name another."
        ) from error


def _address(directory: Path, worker: int) -> Path:
    return directory / f"worker-{worker}.sock"


def _listen(endings: ExitStack, address: Path) -> socket.socket:
    length = len(os.fsencode(address))
    if length > _MOST_BYTES:
        most = _MOST_BYTES - (length - len(os.fsencode(address.parent)))
        raise MetricsDirectoryError(
            f"The metrics directory {address.parent} has too long a path for sockets: it may have {most} bytes."
            " Name another."
        )
    listener = endings.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind(str(address))
    endings.callback(address.unlink, missing_ok=True)
    address.chmod(0o600)  # nothing can connect before it listens
    listener.listen(_BACKLOG)
    return listener

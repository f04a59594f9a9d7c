"""Whether this machine had time for the service, as the kernel counts it."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import psutil

_LOOK_SECONDS: Final = 0.5


class HostWatch:
    """Reads how long the threads of processes were ready to run and did not. Use it as a context.

    An alert on latencies is right about a host that is busy with other programs; the kernel counts it.
    """

    def __init__(self, processes: Callable[[], Iterable[psutil.Process]]) -> None:
        self.longest_seconds = 0.0
        """The longest wait of a thread for a processor in any half second; 0 if the kernel does not count it."""
        self._processes = processes
        self._waited: dict[Path, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            with suppress(psutil.Error, OSError):  # one of them has ended
                for process in self._processes():
                    for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
                        waited = int(file.read_text().split()[1]) / 1e9
                        self.longest_seconds = max(self.longest_seconds, waited - self._waited.get(file, waited))
                        self._waited[file] = waited

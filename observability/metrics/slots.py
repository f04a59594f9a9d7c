"""Slots: how the workers of one machine share their metrics.

Each worker writes its values to its own files, and the worker that is scraped merges the files of all. The files belong
to a *slot* (0, 1, …), not to a process id: a worker that replaces a dead one takes its slot, so counters continue and
no file is added.

- A slot is held by a lock, which the kernel releases when the process ends.
- Counters and histograms of every slot count; gauges only those of live workers.
- A gauge of which the minimum over workers is exposed keeps the value of the dead worker until the new one sets it: a 0
  would change the minimum.
- All files have their full size, also on the disk, before the first worker starts.

The limits of the library apply: no exemplars and no ``process_*`` and ``python_*`` metrics in this mode.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from observability.metrics.shared_values import file_path, file_sizes, set_to_zero, share_values

_MINIMUM = "gauge_min"
"""The kind of file with gauges of which the minimum over workers is exposed."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class MetricsDirectoryError(Exception):
    """The directory cannot be used; the text has the reason and the remedy."""


@contextmanager
def prepare_slots(directory: Path, workers: int, make_metrics: Callable[[], object]) -> Iterator[None]:
    """Prepare the directory for a number of workers, and lock it against other servers while the context lasts.

    To be entered before the first worker starts. Files of an earlier run are removed, other files are not.
    ``make_metrics`` creates every metric with all its label combinations; it is called once to compute the sizes.
    Raises ``MetricsDirectoryError``.
    """
    sizes = file_sizes(make_metrics)
    with ExitStack() as stack:
        try:
            with suppress(FileExistsError):
                directory.mkdir(parents=True)
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, lock)
            if not _lock(lock) or _has_workers(directory):
                raise MetricsDirectoryError(
                    f"The metrics directory {directory} is in use by another server. Name another."
                )
            _remove_files(directory)
            _allocate(directory, workers, sizes)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise MetricsDirectoryError(
                    f"The metrics directory {directory} cannot be used: {error.strerror}."
                    " Name one that this user may write to."
                ) from error
            _remove_files(directory)
            needed = workers * sum(sizes.values()) // 1024
            raise MetricsDirectoryError(
                f"The metrics directory {directory} is too small: the metrics of {workers} workers need {needed} KiB"
                " there. Make room, or name another."
            ) from error
        yield


def claim_slot(directory: Path) -> int:
    """Hold a free slot until this process ends, keep metrics that are created later in it, and return its number.

    Counters continue from the values of the last worker of the slot; gauges start at 0, except those of which the
    minimum is exposed. To be called once, before metrics are created; a gauge needs a ``multiprocess_mode``. Creating
    a metric that was unknown to ``prepare_slots`` raises ``NoRoomError``. Raises ``MetricsDirectoryError`` if no slot
    is free or files are missing.
    """
    with _missing_files_reported(directory):
        number = _lock_first_free(directory)
        kinds = [path.stem.removesuffix(f"_{number}") for path in _files(directory, number)]
        if not kinds:
            raise FileNotFoundError
        for kind in kinds:
            if _is_gauge(kind) and kind != _MINIMUM:
                set_to_zero(file_path(directory, kind, number))
        # Not earlier: a scrape could expose the gauges of the dead worker as those of this one. The lock may wait for
        # a scrape that checks it.
        fcntl.flock(os.open(_alive_path(directory, number), os.O_RDWR), fcntl.LOCK_EX)
        share_values(directory, number, kinds)
    return number


def merged_registry(directory: Path) -> CollectorRegistry:
    """The metrics of all slots, for a scrape. It only reads files, so any thread may encode it.

    Encoding it raises ``MetricsDirectoryError`` if files are missing: a failed scrape is better than wrong values.
    """
    registry = CollectorRegistry()
    registry.register(_SlotsCollector(directory))
    return registry


class _SlotsCollector(Collector):
    """Merges the values of all slots."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        files = []
        with _missing_files_reported(self._directory):
            for number in _numbers(self._directory):
                alive = self._is_alive(number)
                files += [str(path) for path in _files(self._directory, number) if alive or not _is_gauge(path.name)]
            if not files:
                raise FileNotFoundError
            merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return merged

    def _is_alive(self, number: int) -> bool:
        descriptor = os.open(_alive_path(self._directory, number), os.O_RDONLY)
        try:
            return not _lock(descriptor, fcntl.LOCK_SH)  # shared: two scrapes must not mistake each other for a worker
        finally:
            os.close(descriptor)


def _allocate(directory: Path, workers: int, sizes: dict[str, int]) -> None:
    for number in range(workers):
        for path in (_claimed_path(directory, number), _alive_path(directory, number)):
            path.touch()
        for kind, size in sizes.items():
            with file_path(directory, kind, number).open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, size)


def _remove_files(directory: Path) -> None:
    for number in _numbers(directory):
        # The lock file last: without it, remaining files would not be recognised.
        for path in (*_files(directory, number), _alive_path(directory, number), _claimed_path(directory, number)):
            path.unlink(missing_ok=True)


@contextmanager
def _missing_files_reported(directory: Path) -> Iterator[None]:
    """Raise ``MetricsDirectoryError`` for a file that existed when the workers started."""
    try:
        yield
    except FileNotFoundError as error:
        raise MetricsDirectoryError(f"Files are missing from the metrics directory {directory}.") from error


def _lock_first_free(directory: Path) -> int:
    numbers = _numbers(directory)
    for number in numbers:
        lock = os.open(_claimed_path(directory, number), os.O_RDWR)
        if _lock(lock):
            return number
        os.close(lock)
    if not numbers:
        raise FileNotFoundError
    raise MetricsDirectoryError(f"No slot is free in the metrics directory {directory}.")


def _has_workers(directory: Path) -> bool:
    """Whether workers hold slots, even if their server has ended."""
    for number in _numbers(directory):
        with _claimed_path(directory, number).open("r+b") as lock:
            if not _lock(lock.fileno()):
                return True
    return False


def _lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Whether the lock was acquired. It lasts until the descriptor is closed."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _numbers(directory: Path) -> list[int]:
    """The slots of the directory."""
    return sorted(int(path.stem) for path in directory.glob("*.claimed") if path.stem.isdecimal())


def _claimed_path(directory: Path, number: int) -> Path:
    """Locked by the worker that holds the slot."""
    return directory / f"{number}.claimed"


def _alive_path(directory: Path, number: int) -> Path:
    """Locked by the same worker once its gauges are valid."""
    return directory / f"{number}.alive"


def _files(directory: Path, number: int) -> list[Path]:
    """The files with the values of a slot."""
    return sorted(directory.glob(f"*_{number}.db"))


def _is_gauge(name: str) -> bool:
    return name.startswith("gauge_")

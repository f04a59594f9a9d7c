"""Slots: how the workers of one machine share their metrics.

Every worker writes its numbers to files of its own, and whoever is scraped adds up the files of all. The files belong
to a *slot* (0, 1, …), not to a process id: a worker that replaces a dead one takes over its slot, so counters go on
and no file is ever added.

- A slot is taken by a lock that the kernel frees when its process ends, however it ends.
- Counters and histograms count for every slot, gauges only for those whose worker lives.
- Of a gauge whose least value holds for all, a new worker says what the dead one said until it says something itself: a
  0 would be believed.
- All files have their full size, on the disk too, before the first worker starts: nothing grows later.

The library's limits hold: there are no exemplars in this mode, and no ``process_*`` and ``python_*`` metrics.
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

_LEAST = "gauge_min"
"""The kind of file whose gauges are shown as the least of all workers'."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class MetricsDirectoryError(Exception):
    """The workers cannot share their metrics there; the sentence says why, and what to do."""


@contextmanager
def prepared(directory: Path, workers: int, make_metrics: Callable[[], object]) -> Iterator[None]:
    """Makes the directory ready for so many workers, and keeps it from other servers while the context lasts.

    To be entered before the first worker starts. What an earlier run has left there is removed, other files are not.
    ``make_metrics`` makes every metric with each label combination that there will be; it is called once, to learn
    how much room they take. Raises ``MetricsDirectoryError``.
    """
    sizes = file_sizes(make_metrics)
    with ExitStack() as held:
        try:
            with suppress(FileExistsError):
                directory.mkdir(parents=True)
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            held.callback(os.close, lock)
            if not _locked(lock) or _has_workers(directory):
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


def claim(directory: Path) -> int:
    """Takes a free slot until this process ends, and returns its number; metrics that are made from now on live in it.

    Counters go on from where the slot's last worker left them, gauges begin at 0, but for those of which the least
    counts. To be called once, before metrics are made; a gauge needs a ``multiprocess_mode``. A metric that
    ``prepared`` did not learn of raises ``NoRoomError``. Raises ``MetricsDirectoryError`` if no slot is free, or
    somebody has removed its files.
    """
    with _missed(directory):
        number = _first_free(directory)
        kinds = [path.stem.removesuffix(f"_{number}") for path in _files(directory, number)]
        if not kinds:
            raise FileNotFoundError
        for kind in kinds:
            if _is_gauge(kind) and kind != _LEAST:
                set_to_zero(file_path(directory, kind, number))
        # Not before: a scrape could take the dead worker's gauges for this one's. A scrape's look may hold it up a
        # moment.
        fcntl.flock(os.open(_alive(directory, number), os.O_RDWR), fcntl.LOCK_EX)
        share_values(directory, number, kinds)
    return number


def of_all_slots(directory: Path) -> CollectorRegistry:
    """The metrics of all slots, for a scrape. It only reads files, so any thread may encode it.

    Encoding it raises ``MetricsDirectoryError`` if somebody has removed them: better no numbers than wrong ones.
    """
    registry = CollectorRegistry()
    registry.register(_AllSlots(directory))
    return registry


class _AllSlots(Collector):
    """Adds up what the slots hold."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        files = []
        with _missed(self._directory):
            for number in _numbers(self._directory):
                lives = self._lives(number)
                files += [str(path) for path in _files(self._directory, number) if lives or not _is_gauge(path.name)]
            if not files:
                raise FileNotFoundError
            merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return merged

    def _lives(self, number: int) -> bool:
        look = os.open(_alive(self._directory, number), os.O_RDONLY)
        try:
            return not _locked(look, fcntl.LOCK_SH)  # shared, so that two scrapes do not take each other for a worker
        finally:
            os.close(look)


def _allocate(directory: Path, workers: int, sizes: dict[str, int]) -> None:
    for number in range(workers):
        for path in (_claimed(directory, number), _alive(directory, number)):
            path.touch()
        for kind, size in sizes.items():
            with file_path(directory, kind, number).open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, size)


def _remove_files(directory: Path) -> None:
    for number in _numbers(directory):
        # The lock last: without it, what is left would not be recognised.
        for path in (*_files(directory, number), _alive(directory, number), _claimed(directory, number)):
            path.unlink(missing_ok=True)


@contextmanager
def _missed(directory: Path) -> Iterator[None]:
    """Raises ``MetricsDirectoryError`` for a file that was there when the workers started."""
    try:
        yield
    except FileNotFoundError as error:
        raise MetricsDirectoryError(f"Files are gone from the metrics directory {directory}.") from error


def _first_free(directory: Path) -> int:
    numbers = _numbers(directory)
    for number in numbers:
        lock = os.open(_claimed(directory, number), os.O_RDWR)
        if _locked(lock):
            return number
        os.close(lock)
    if not numbers:
        raise FileNotFoundError
    raise MetricsDirectoryError(f"No slot is free in the metrics directory {directory}.")


def _has_workers(directory: Path) -> bool:
    """Whether workers live there, be it that their server is gone."""
    for number in _numbers(directory):
        with _claimed(directory, number).open("r+b") as lock:
            if not _locked(lock.fileno()):
                return True
    return False


def _locked(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Whether the lock was to be had. It lasts until the descriptor is closed, at the latest with the process."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _numbers(directory: Path) -> list[int]:
    """The slots that there are."""
    return sorted(int(path.stem) for path in directory.glob("*.claimed") if path.stem.isdecimal())


def _claimed(directory: Path, number: int) -> Path:
    """Locked by the worker that has the slot."""
    return directory / f"{number}.claimed"


def _alive(directory: Path, number: int) -> Path:
    """Locked by the same worker, once its gauges count."""
    return directory / f"{number}.alive"


def _files(directory: Path, number: int) -> list[Path]:
    """A slot's values."""
    return sorted(directory.glob(f"*_{number}.db"))


def _is_gauge(name: str) -> bool:
    return name.startswith("gauge_")

"""Memory usage and limit, from the processes of the service or from the control groups (cgroups) of the kernel.

Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html,
https://docs.kernel.org/filesystems/proc.html
"""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from observability.registry import metrics as declared


class _Files(Struct, frozen=True):
    """The names that one version of cgroups has for its files and for the reclaimable page cache."""

    usage: str
    limit: str
    cache: frozenset[str]


_V2 = _Files("memory.current", "memory.max", frozenset({"inactive_file", "active_file"}))
_V1 = _Files("memory.usage_in_bytes", "memory.limit_in_bytes", frozenset({"total_inactive_file", "total_active_file"}))

_V1_NO_LIMIT = 2**62
"""Version 1 represents "no limit" by the largest number of whole pages, above this."""


class _Group(Struct, frozen=True):
    """One cgroup with the memory controller and its ancestors, the innermost first."""

    folders: tuple[Path, ...]
    files: _Files

    def nearest_limited(self) -> tuple[Path, int | None]:
        """The innermost folder with a limit, and the limit; the innermost folder and ``None`` if there is no limit."""
        for folder in self.folders:
            limit = _number(folder / self.files.limit)
            if limit is not None and limit < _V1_NO_LIMIT:
                return folder, limit
        return self.folders[0], None

    def usage(self, folder: Path) -> int | None:
        """Memory without the page cache, which the kernel reclaims before it kills a process. tmpfs is included."""
        usage = _number(folder / self.files.usage)
        if usage is None:
            return None
        lines = map(str.split, (_text(folder / "memory.stat") or "").splitlines())
        return max(0, usage - sum(int(value) for name, value in lines if name in self.files.cache))


def container_limit(root: Path = Path("/")) -> int | None:
    """Return the memory limit of the innermost group that has one, in bytes."""
    group = _group(root)
    return None if group is None else group.nearest_limited()[1]


class MemoryCollector(Collector):
    """Reads the files of the kernel at each scrape; a value that they lack is absent.

    Usage and limit are of the same thing, so that their ratio is the distance to the limit. With a ``limit`` from the
    settings, usage is that of all processes of the service. Without one, both are those of one cgroup, the innermost
    with a limit: the container. Without a cgroup, usage is that of all processes of the service, and there is no limit.
    All workers return the same values.
    """

    def __init__(self, limit: int | None, root: Path = Path("/"), first_process: int | None = None) -> None:
        """``first_process`` started all others of the service: by default the supervisor of this one, or this one."""
        self._limit = limit
        self._root = root
        self._group = _group(root) if limit is None else None
        supervisor = multiprocessing.parent_process()
        self._first_process = first_process or (supervisor and supervisor.pid) or os.getpid()

    def collect(self) -> Iterable[Metric]:
        usage, limit = self._measure()
        for metric, value in ((declared.MEMORY_USAGE, usage), (declared.MEMORY_LIMIT, limit)):
            if value is not None:
                yield GaugeMetricFamily(metric.name, metric.help, value, unit=metric.unit)

    def _measure(self) -> tuple[int | None, int | None]:
        if self._group is None:
            usages = [_private(process) for process in _processes(self._root / "proc", self._first_process)]
            return sum(usages) or None, self._limit
        folder, limit = self._group.nearest_limited()
        return self._group.usage(folder), limit


def _group(root: Path) -> _Group | None:
    """The group of this process, if it has the memory controller."""
    paths = {
        controllers: path
        for _, controllers, path in (
            line.split(":", 2) for line in (_text(root / "proc/self/cgroup") or "").splitlines()
        )
    }
    mounts = root / "sys/fs/cgroup"
    if "memory" in paths:
        return _find_group(mounts / "memory", paths["memory"], _V1)
    return _find_group(mounts, paths[""], _V2) if "" in paths else None


def _find_group(mount: Path, path: str, files: _Files) -> _Group | None:
    """The group and its ancestors, as far as they have the memory controller.

    In a container the path may be that of the host, of which only the last part exists, as the root of the mount.
    """
    own = mount / path.lstrip("/")
    ancestors = (folder for folder in own.parents if folder.is_relative_to(mount))
    folders = tuple(folder for folder in (own, *ancestors) if (folder / files.usage).exists())
    return _Group(folders, files) if folders else None


def _processes(proc: Path, first: int) -> Iterator[Path]:
    """The folders of a process and of all its descendants."""
    folder = proc / str(first)
    yield folder
    for children in folder.glob("task/*/children"):
        for child in (_text(children) or "").split():
            yield from _processes(proc, int(child))


def _private(process: Path) -> int:
    """Resident memory without the pages of files, which processes share and the kernel reclaims; 0 if it has ended."""
    pages = (_text(process / "statm") or "").split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _number(file: Path) -> int | None:
    """The number in a file; ``None`` for a word ("max") or an unreadable file."""
    text = (_text(file) or "").strip()
    return int(text) if text.isdecimal() else None


def _text(file: Path) -> str | None:
    try:
        return file.read_text()
    except OSError:
        return None

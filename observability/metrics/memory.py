"""Memory: how much is in use, and how much may be, as the kernel's control groups (cgroups) tell it.

Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

import os
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from observability.registry import metrics as declared


class _Files(Struct, frozen=True):
    """What one version of cgroups calls its files, and the page cache that it can give back."""

    usage: str
    limit: str
    cache: frozenset[str]


_V2 = _Files("memory.current", "memory.max", frozenset({"inactive_file", "active_file"}))
_V1 = _Files("memory.usage_in_bytes", "memory.limit_in_bytes", frozenset({"total_inactive_file", "total_active_file"}))

_V1_NO_LIMIT = 2**62
"""Version 1 says "none" with the largest number of whole pages, which no machine has."""


class _Group(Struct, frozen=True):
    """One cgroup with the memory controller: it and the groups around it, from the inside."""

    folders: tuple[Path, ...]
    files: _Files

    def nearest_limited(self) -> tuple[Path, int | None]:
        """The folder whose limit holds, and that limit; the innermost one if there is none."""
        for folder in self.folders:
            limit = _number(folder / self.files.limit)
            if limit is not None and limit < _V1_NO_LIMIT:
                return folder, limit
        return self.folders[0], None

    def usage(self, folder: Path) -> int | None:
        """Without the page cache, which the kernel takes back before it kills anybody. tmpfs is not part of that."""
        usage = _number(folder / self.files.usage)
        if usage is None:
            return None
        lines = map(str.split, (_text(folder / "memory.stat") or "").splitlines())
        return max(0, usage - sum(int(value) for name, value in lines if name in self.files.cache))


class MemoryCollector(Collector):
    """Asks the kernel at each scrape; what it does not know is absent. It takes three small reads.

    Usage and limit are those of one group, the innermost that has a limit, so that their ratio says how near the end
    is. All workers of a container are in one group and tell the same. Without a group, usage is the resident memory
    of the process that is asked, and of no other.
    """

    def __init__(self, limit: int | None, root: Path = Path("/")) -> None:
        self._limit = limit
        self._root = root
        self._group = _group(root)

    def collect(self) -> Iterable[Metric]:
        usage, limit = self._measured()
        for metric, value in ((declared.MEMORY_USAGE, usage), (declared.MEMORY_LIMIT, limit)):
            if value is not None:
                yield GaugeMetricFamily(metric.name, metric.help, value, unit=metric.unit)

    def _measured(self) -> tuple[int | None, int | None]:
        if self._group is None:
            return _resident(self._root), self._limit
        folder, limit = self._group.nearest_limited()
        return self._group.usage(folder), self._limit or limit


def _group(root: Path) -> _Group | None:
    """The group of this process, if its memory is counted."""
    paths = {
        controllers: path
        for _, controllers, path in (
            line.split(":", 2) for line in (_text(root / "proc/self/cgroup") or "").splitlines()
        )
    }
    mounts = root / "sys/fs/cgroup"
    if "memory" in paths:
        return _counted(mounts / "memory", paths["memory"], _V1)
    return _counted(mounts, paths[""], _V2) if "" in paths else None


def _counted(mount: Path, path: str, files: _Files) -> _Group | None:
    """The group and those around it, as far as their memory is counted.

    In a container the path may be the host's, of which the container sees the end alone, as the root of its mount.
    """
    own = mount / path.lstrip("/")
    around = (own, *(folder for folder in own.parents if folder.is_relative_to(mount)))
    folders = tuple(folder for folder in around if (folder / files.usage).exists())
    return _Group(folders, files) if folders else None


def _resident(root: Path) -> int | None:
    pages = (_text(root / "proc/self/statm") or "").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else None


def _number(file: Path) -> int | None:
    """The number in a file; ``None`` for a word ("max"), or if it cannot be read."""
    text = (_text(file) or "").strip()
    return int(text) if text.isdecimal() else None


def _text(file: Path) -> str | None:
    try:
        return file.read_text()
    except OSError:
        return None

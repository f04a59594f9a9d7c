"""The values behind metrics that several workers share, in files that never grow.

prometheus_client keeps each value as an entry of a memory-mapped file, one file for each type of metric, and for each
mode of a gauge. When one is full it doubles it by a hole; the first write into a hole for which the disk has no room
ends the process with SIGBUS. So here it is known beforehand how large the files must be, and what would have one grow
is refused.
"""

import mmap
import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict, mmap_key

_LIBRARY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the library looks for the directory whenever it opens a file."""

_HEADER_BYTES = 8
_ENTRY_BYTES = 4 + 8 + 16
"""What an entry takes beside its key, at most: the key's length, padding, value and time."""

_HEAD_ROOM = 2
"""Files are so many times as large as what is known beforehand."""


class NoRoomError(Exception):
    """A series was not known when the files were made, and they have no room for it."""


def file_sizes(make_metrics: Callable[[], object]) -> dict[str, int]:
    """The bytes of each file that the metrics need, by the file's kind; ``make_metrics`` is called once to see."""
    entries: Counter[str] = Counter()

    def measured(*series: Any, **mode: Any) -> object:  # noqa: ANN401 - the library's business
        kind, key = _place(*series, **mode)
        entries[kind] += _entry_bytes(key)
        return values.MutexValue(*series, **mode)  # type: ignore[no-untyped-call]

    ordinary, values.ValueClass = values.ValueClass, measured
    try:
        make_metrics()
    finally:
        values.ValueClass = ordinary
    return {kind: _whole_pages(_HEADER_BYTES + _HEAD_ROOM * size) for kind, size in entries.items()}


def file_path(directory: Path, kind: str, number: int) -> Path:
    """Where the library looks for a file."""
    return directory / f"{kind}_{number}.db"


def share_values(directory: Path, number: int, kinds: Iterable[str]) -> None:
    """Has every metric that is made from now on live in this number's files; each must exist in its full size.

    A metric whose file has no room for it then raises ``NoRoomError`` when it is made.
    """
    os.environ[_LIBRARY_VARIABLE] = str(directory)
    values.ValueClass = _Values(number, {kind: _Room(file_path(directory, kind, number)) for kind in kinds})


def set_to_zero(path: Path) -> None:
    """Every value of a file, in place: others may be reading it."""
    file = MmapedDict(path)  # type: ignore[no-untyped-call]
    for key, *_ in list(file.read_all_values()):  # type: ignore[no-untyped-call]
        file.write_value(key, 0.0, 0.0)  # type: ignore[no-untyped-call]
    file.close()  # type: ignore[no-untyped-call]


class _Values:
    """Stands in for the library's value class."""

    def __init__(self, number: int, rooms: dict[str, "_Room"]) -> None:
        self._make = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
        self._rooms = rooms

    def __call__(self, *series: Any, **mode: Any) -> object:  # noqa: ANN401 - the library's business
        kind, key = _place(*series, **mode)
        if kind not in self._rooms or not self._rooms[kind].holds(key):
            raise NoRoomError(f"There is no room for {key}: every series must be known before the workers start.")
        return self._make(*series, **mode)


class _Room:
    """How much of a file is left."""

    def __init__(self, path: Path) -> None:
        self._keys = {key for key, *_ in MmapedDict.read_all_values_from_file(path)}  # type: ignore[no-untyped-call]
        self._bytes = path.stat().st_size - _HEADER_BYTES - sum(map(_entry_bytes, self._keys))

    def holds(self, key: str) -> bool:
        """Whether the file has the key, or has room for it, which is then taken."""
        if key not in self._keys and self._bytes >= _entry_bytes(key):
            self._keys.add(key)
            self._bytes -= _entry_bytes(key)
        return key in self._keys


def _place(  # noqa: PLR0913, PLR0917 - what the library gives to a value class
    typ: str,
    metric_name: str,
    name: str,
    labelnames: list[str],
    labelvalues: list[str],
    help_text: str,
    multiprocess_mode: str = "",
) -> tuple[str, str]:
    """The kind of file in which the library keeps a value, and its key there."""
    kind = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
    return kind, mmap_key(metric_name, name, labelnames, labelvalues, help_text)


def _entry_bytes(key: str) -> int:
    return _ENTRY_BYTES + len(key.encode())


def _whole_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE

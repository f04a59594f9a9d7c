"""Files of fixed size for the metric values that several workers share.

prometheus_client keeps each value as an entry of a memory-mapped file, one file for each type of metric and each mode
of a gauge. It doubles a full file by a hole, and the first write into a hole on a full disk ends the process with
SIGBUS. So the sizes are computed in advance here, and a series that would make a file grow is refused.
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
"""The library reads the directory from it whenever it opens a file."""

_HEADER_BYTES = 8
_ENTRY_BYTES = 4 + 8 + 16
"""The size of an entry without its key, at most: length of the key, padding, value and time."""

_HEAD_ROOM = 2
"""The size of a file as a multiple of what the known series need."""


class NoRoomError(Exception):
    """A series was unknown when the files were created, and they have no room for it."""


def file_sizes(make_metrics: Callable[[], object]) -> dict[str, int]:
    """The bytes of each file, by its kind, for the metrics that one call of ``make_metrics`` creates."""
    entries: Counter[str] = Counter()

    def measure(*series: Any, **mode: Any) -> object:  # noqa: ANN401 - the signature of the library
        kind, key = _locate(*series, **mode)
        entries[kind] += _entry_bytes(key)
        return values.MutexValue(*series, **mode)  # type: ignore[no-untyped-call]

    ordinary, values.ValueClass = values.ValueClass, measure
    try:
        make_metrics()
    finally:
        values.ValueClass = ordinary
    return {kind: _whole_pages(_HEADER_BYTES + _HEAD_ROOM * size) for kind, size in entries.items()}


def file_path(directory: Path, kind: str, number: int) -> Path:
    """The path at which the library expects a file."""
    return directory / f"{kind}_{number}.db"


def share_values(directory: Path, number: int, kinds: Iterable[str]) -> None:
    """Keep the values of every metric that is created later in the files of this slot, which must have their full size.

    Creating a metric whose file has no room for it then raises ``NoRoomError``.
    """
    os.environ[_LIBRARY_VARIABLE] = str(directory)
    values.ValueClass = _Values(number, {kind: _Room(file_path(directory, kind, number)) for kind in kinds})


def set_to_zero(path: Path) -> None:
    """Set every value of a file to 0 in place: other processes may read it."""
    file = MmapedDict(path)  # type: ignore[no-untyped-call]
    for key, *_ in list(file.read_all_values()):  # type: ignore[no-untyped-call]
        file.write_value(key, 0.0, 0.0)  # type: ignore[no-untyped-call]
    file.close()  # type: ignore[no-untyped-call]


class _Values:
    """Replaces the value class of the library."""

    def __init__(self, number: int, rooms: dict[str, "_Room"]) -> None:
        self._make = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
        self._rooms = rooms

    def __call__(self, *series: Any, **mode: Any) -> object:  # noqa: ANN401 - the signature of the library
        kind, key = _locate(*series, **mode)
        if kind not in self._rooms or not self._rooms[kind].reserve(key):
            raise NoRoomError(f"There is no room for {key}: every series must be known before the workers start.")
        return self._make(*series, **mode)


class _Room:
    """The free space of a file."""

    def __init__(self, path: Path) -> None:
        self._keys = {key for key, *_ in MmapedDict.read_all_values_from_file(path)}  # type: ignore[no-untyped-call]
        self._bytes = path.stat().st_size - _HEADER_BYTES - sum(map(_entry_bytes, self._keys))

    def reserve(self, key: str) -> bool:
        """Whether the file has the key or room for it, which is then reserved."""
        if key not in self._keys and self._bytes >= _entry_bytes(key):
            self._keys.add(key)
            self._bytes -= _entry_bytes(key)
        return key in self._keys


def _locate(  # noqa: PLR0913, PLR0917 - the signature of the library
    typ: str,
    metric_name: str,
    name: str,
    labelnames: list[str],
    labelvalues: list[str],
    help_text: str,
    multiprocess_mode: str = "",
) -> tuple[str, str]:
    """The kind of file in which the library keeps a value, and its key in the file."""
    kind = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
    return kind, mmap_key(metric_name, name, labelnames, labelvalues, help_text)


def _entry_bytes(key: str) -> int:
    return _ENTRY_BYTES + len(key.encode())


def _whole_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE

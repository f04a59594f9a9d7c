"""The memory that content work takes at its peak, beyond what the process has before.

A program of its own for each content, as memory that was used once is not given back: reads a ``Task``, writes bytes.
"""

import gc
import re
import sys
from pathlib import Path

import msgspec

from benchmarks.content_speed import prepared
from benchmarks.contents import HOSTILE, RICH

_WARM_UP_BYTES = 10_000


class Task(msgspec.Struct, frozen=True):
    name: str
    """One of ``RICH`` and ``HOSTILE``."""
    size_bytes: int


def peak_bytes(task: Task) -> int:
    """With what is loaded once (dictionaries, code) already there, and the content itself."""
    asking = {**RICH, **HOSTILE}[task.name]
    prepared(asking(_WARM_UP_BYTES))
    request = asking(task.size_bytes)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: proc(5)
    before = _status_bytes("VmRSS")
    plan = prepared(request)
    peak = _status_bytes("VmHWM") - before
    del plan
    return max(0, peak)


def _status_bytes(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(peak_bytes(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))))

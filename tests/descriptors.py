"""The descriptors of a server, for tests of their lack."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.conftest import RunningServer


@contextmanager
def further_descriptors(server: RunningServer, count: int) -> Iterator[None]:
    """Let the server open at most ``count`` further descriptors, 0 or 1, within the context.

    The limit is one of their numbers. What a server opens once must be open already, or it cannot be.
    """
    process = psutil.Process(server.process.pid)
    before = process.rlimit(resource.RLIMIT_NOFILE)
    opened = {int(entry.name) for entry in Path(f"/proc/{process.pid}/fd").iterdir()}
    lowest_free = min(set(range(max(opened) + 2)) - opened)
    process.rlimit(resource.RLIMIT_NOFILE, (lowest_free + count, before[1]))
    try:
        yield
    finally:
        process.rlimit(resource.RLIMIT_NOFILE, before)

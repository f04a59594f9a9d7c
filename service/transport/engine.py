"""Content work in threads, so that the event loop goes on."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from service.core.content import Plan, Stage, prepare
from service.core.limits import Limits
from service.core.messages import StreamRequest

_THREADS = 2
"""The native parsers let go of the interpreter while they work; the rest holds it, so more threads gain nothing."""


class ThreadedContentEngine:
    """``core.content.prepare`` behind a small pool; what waits, waits there and not in the loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="content")

    async def prepare(self, request: StreamRequest, seconds_left: float) -> tuple[Plan, float]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._prepare, request)

    def _prepare(self, request: StreamRequest) -> tuple[Plan, float]:
        started = time.perf_counter()
        plan = prepare(request, self._limits, _untimed)
        return plan, time.perf_counter() - started

    def close(self) -> None:
        """Drop what waits; what is being worked on ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _untimed(_stage: Stage) -> Iterator[None]:
    yield

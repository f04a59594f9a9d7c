"""Content work in threads, so that the event loop goes on."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from service.core.content import Stage, StageTime, prepare
from service.core.effects import Preparation
from service.core.limits import Limits
from service.core.messages import StreamRequest

_THREADS = 2
"""The native parsers let go of the interpreter while they work; the rest holds it, so more threads gain nothing."""


class ThreadedContentEngine:
    """``core.content.prepare`` behind a small pool; what waits, waits there and not in the loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="content")

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._prepare, request)

    def _prepare(self, request: StreamRequest) -> Preparation:
        stopwatch = _Stopwatch()
        plan = prepare(request, self._limits, stopwatch.time)
        return Preparation(plan, stopwatch.seconds, tuple(stopwatch.stages))

    def close(self) -> None:
        """Drop what waits; what is being worked on ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Stopwatch:
    """The times of one piece of work, from now on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.stages: list[StageTime] = []

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        began = self.seconds
        yield
        self.stages.append(StageTime(stage, began, self.seconds - began))

"""Content work in a thread, so that the event loop goes on."""

import asyncio
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from service.core.content import Stage, StageTime, coalesced, prepare
from service.core.effects import Preparation, WorkFailed
from service.core.limits import Limits
from service.core.messages import StreamRequest

_THREADS = 1
"""Only the native parsers let go of the interpreter, so a second thread gains nothing, and takes its turns before the
event loop gets one. Processes would not disturb the loop, but cost 20 MB each, and a copy of every document each way.
"""

_SWITCH_SECONDS = 0.0005
"""After this a thread that computes makes way for the event loop; the interpreter's own 5 ms would pass before each of
its turns, and be felt in the pace of every stream."""


class ThreadedContentEngine:
    """``core.content`` behind a thread; what waits, waits there and not in the loop.

    To make one is to have all threads of this process take shorter turns.
    """

    def __init__(self, limits: Limits) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._limits = limits
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="content")

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        stopwatch = _Stopwatch()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._prepare, request, seconds_left, stopwatch)

    def _prepare(self, request: StreamRequest, seconds_left: float, stopwatch: "_Stopwatch") -> Preparation:
        try:
            whole = prepare(request, self._limits, stopwatch.time)
            plan = coalesced(whole, seconds_left - stopwatch.seconds)
        except Exception as error:
            raise WorkFailed(stopwatch.seconds, tuple(stopwatch.stages)) from error
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
        try:
            yield
        finally:
            self.stages.append(StageTime(stage, began, self.seconds - began))

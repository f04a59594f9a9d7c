"""Content work in a thread, so that the event loop goes on."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from service.content import CachedPlan, Plan, Stage, StageTime, coalesce, pack_plan, prepare, unpack_plan
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest
from service.session.ports import Preparation, PreparationFailed

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_THREADS = 1
"""Only the native parsers let go of the interpreter, so a second thread gains nothing, and takes its turns before the
event loop gets one. Processes would not disturb the loop, but cost 20 MB each, and a copy of every document each way.
"""

_SWITCH_SECONDS = 0.0005
"""After this a thread that computes makes way for the event loop; the interpreter's own 5 ms would pass before each of
its turns, and be felt in the pace of every stream."""


class Stopwatch:
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


class ThreadedContentEngine:
    """Fulfils ``core.ports.ContentEngine``; what waits, waits in front of the thread and not in the loop.

    To make one is to have all threads of this process take shorter turns. ``packs`` says that content may be stored:
    then plans come packed too.
    """

    def __init__(self, limits: Limits, *, packs: bool = False) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.limits = limits
        self._packs = packs
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="content")

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        return await self.in_thread(self._prepare, request, seconds_left, Stopwatch())

    async def unpack_plan(self, plan: bytes) -> Plan:
        return await self.in_thread(unpack_plan, plan)

    def close(self) -> None:
        """Drop what waits; what is being worked on ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread(
        self, work: Callable[_Arguments, _Result], *arguments: _Arguments.args, **_none: _Arguments.kwargs
    ) -> _Result:
        """What ``work`` returns, after all that came before it. If cancelled while it waits, it is never done."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def whole(self, request: StreamRequest, stopwatch: Stopwatch) -> CachedPlan:
        """In the thread: the plan, whatever time there is for it. Raises ``PreparationFailed``."""
        with _failing(stopwatch):
            plan = prepare(request, self.limits, stopwatch.time)
            return CachedPlan(plan, pack_plan(plan) if self._packs else None)

    def fitted(self, whole: CachedPlan, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        """In the thread: the plan for what is left of ``seconds_left`` by now. Raises ``PreparationFailed``."""
        with _failing(stopwatch):
            plan, as_packed = coalesce(whole.plan, seconds_left - stopwatch.seconds), whole.packed
            if as_packed is not None and plan is not whole.plan:
                as_packed = pack_plan(plan)
            return Preparation(plan, stopwatch.seconds, tuple(stopwatch.stages), as_packed)

    def _prepare(self, request: StreamRequest, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        return self.fitted(self.whole(request, stopwatch), seconds_left, stopwatch)


@contextmanager
def _failing(stopwatch: Stopwatch) -> Iterator[None]:
    """Whatever breaks off in here tells how long it took."""
    try:
        yield
    except Exception as error:
        raise PreparationFailed(stopwatch.seconds, tuple(stopwatch.stages)) from error

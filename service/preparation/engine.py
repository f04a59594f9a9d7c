"""A content engine that works in a thread and does not block the event loop."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from service.content import (
    DEFAULT_RULES,
    CachedPlan,
    ContentRules,
    Plan,
    Stage,
    StageTime,
    coalesce,
    pack_plan,
    prepare,
    unpack_plan,
)
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest
from service.session.ports import Preparation, PreparationFailed

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_THREADS = 1
"""Only the native parsers release the GIL, so a second thread gains nothing and delays the event loop. Processes would
not delay it, but take 20 MB each, and copy every document in both directions."""

_SWITCH_SECONDS = 0.0005
"""The switch interval of the interpreter. With its default of 5 ms the content thread would delay each pass of the
event loop by that, and so every chunk."""


class Stopwatch:
    """Measures one preparation, from its construction on."""

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
    """Implements ``session.ports.ContentEngine`` with one thread, which processes requests in order.

    The constructor sets the switch interval of the process. With ``packs``, that is where content may be stored, plans
    are packed too.
    """

    def __init__(self, limits: Limits, rules: ContentRules = DEFAULT_RULES, *, packs: bool = False) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.limits = limits
        self.rules = rules
        self._packs = packs
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="content")

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        return await self.run_in_thread(self._prepare, request, seconds_left, Stopwatch())

    async def unpack_plan(self, plan: bytes) -> Plan:
        return await self.run_in_thread(unpack_plan, plan)

    def close(self) -> None:
        """Drop queued work; work in progress is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run_in_thread(
        self, work: Callable[_Arguments, _Result], *arguments: _Arguments.args, **_none: _Arguments.kwargs
    ) -> _Result:
        """Return the result of ``work``, done after all earlier work. If cancelled while queued, it is not done."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def make_plan(self, request: StreamRequest, stopwatch: Stopwatch) -> CachedPlan:
        """In the thread: the plan, without regard to the time left. Raises ``PreparationFailed``."""
        with _measure_failure(stopwatch):
            plan = prepare(request, self.limits, stopwatch.time, self.rules)
            return CachedPlan(plan, pack_plan(plan) if self._packs else None)

    def fit_plan(self, whole: CachedPlan, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        """In the thread: fit the plan into what is left of ``seconds_left``. Raises ``PreparationFailed``."""
        with _measure_failure(stopwatch):
            plan, as_packed = coalesce(whole.plan, seconds_left - stopwatch.seconds), whole.packed
            if as_packed is not None and plan is not whole.plan:
                as_packed = pack_plan(plan)
            return Preparation(plan, stopwatch.seconds, tuple(stopwatch.stages), as_packed)

    def _prepare(self, request: StreamRequest, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        return self.fit_plan(self.make_plan(request, stopwatch), seconds_left, stopwatch)


@contextmanager
def _measure_failure(stopwatch: Stopwatch) -> Iterator[None]:
    """Convert an exception into ``PreparationFailed`` with the time that was spent."""
    try:
        yield
    except Exception as error:
        raise PreparationFailed(stopwatch.seconds, tuple(stopwatch.stages)) from error

"""A content engine that works in a thread and does not block the event loop."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

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
from service.events import ContentWorker
from service.preparation.fair_thread import FairThread, Turn
from service.preparation.work_limits import DEFAULT_WORK_LIMITS, WorkLimits
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, StreamRequest
from service.session.ports import Preparation, PreparationFailed, Recorder

_Result = TypeVar("_Result")

_WORST_SECONDS_PER_CHARACTER = {ContentType.TEXT: 1.2e-6, ContentType.HTML: 10e-6, ContentType.MARKDOWN: 10e-6}
"""The processor time for the most expensive content of each type, as the benchmarks have it. It decides about turns
until the cost is measured: a client that is not known yet may send the worst."""

_UNPACKING_SECONDS_PER_BYTE = 0.2e-6

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
    """Implements ``session.ports.ContentEngine`` with one thread, which clients share equally.

    The constructor sets the switch interval of the process. With ``packs``, that is where content may be stored, plans
    are packed too.
    """

    def __init__(
        self,
        limits: Limits,
        recorder: Recorder,
        rules: ContentRules = DEFAULT_RULES,
        *,
        packs: bool = False,
        work_limits: WorkLimits = DEFAULT_WORK_LIMITS,
    ) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.limits = limits
        self.rules = rules
        self._packs = packs
        self._thread = FairThread(ContentWorker.THREAD, work_limits, recorder)

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        return await self.work_on(request, client, partial(self._prepare, request, seconds_left, Stopwatch()))

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        return await self.read(plan, client, unpack_plan)

    def close(self) -> None:
        """Cancel queued work; work in progress is not waited for."""
        self._thread.close()

    async def work_on(self, request: StreamRequest, client: str, work: Callable[[], _Result]) -> _Result:
        """Return the result of ``work``, which prepares the request. If cancelled while it waits, it is not done.

        Raises ``ServerBusy``.
        """
        characters = len(request.content)
        turn = Turn(client, characters * _WORST_SECONDS_PER_CHARACTER[request.content_type], characters)
        return await self._thread.run(turn, work)

    async def read(self, plan: bytes, client: str, work: Callable[[bytes], _Result]) -> _Result:
        """Return the result of ``work``, which reads a packed plan, as ``work_on`` does."""
        turn = Turn(client, len(plan) * _UNPACKING_SECONDS_PER_BYTE, len(plan))
        return await self._thread.run(turn, partial(work, plan))

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

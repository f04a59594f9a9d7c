"""A content engine that works outside the event loop: in a thread, and for large content in a process."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from threading import Thread
from typing import TypeVar

from service.content import (
    DEFAULT_RULES,
    CachedPlan,
    ContentRules,
    Plan,
    Stage,
    pack_plan,
    unpack_plan,
)
from service.events import ContentWorker, ContentWorkKilled, KilledBecause
from service.preparation.content_process import ContentProcess
from service.preparation.fair_thread import FairThread, Turn
from service.preparation.stopwatch import Stopwatch
from service.preparation.work_limits import DEFAULT_WORK_LIMITS, WorkLimits
from service.preparation.worker_messages import Setup
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, StreamRequest
from service.session.ports import Preparation, PreparationFailed, Recorder

_Result = TypeVar("_Result")

_WORST_SECONDS_PER_CHARACTER = {ContentType.TEXT: 1.2e-6, ContentType.HTML: 10e-6, ContentType.MARKDOWN: 10e-6}
"""The processor time for the most expensive content of each type, as the benchmarks have it. It decides about turns
until the cost is measured: a client that is not known yet may send the worst."""

_LARGE_SECONDS = 0.1
"""Content that may take longer is prepared in the process: 10 KB of HTML and Markdown, 83 KB of text. This is the
longest time for which other clients wait for a piece of work in the thread."""

_READING_SECONDS_PER_BYTE = 0.2e-6

_SECONDS_PER_CPU_SECOND = 10
"""The process has a low priority: of one core that is in use, it gets a quarter at most."""

_START_SECONDS = 30.0

_IDLE_SECONDS = 600.0
"""After this time without large content the process ends, which takes 25 MB; to start it takes 0.3 s."""

_SWITCH_SECONDS = 0.0005
"""The switch interval of the interpreter. With its default of 5 ms the content thread would delay each pass of the
event loop by that, and so every chunk."""


def load_in_background() -> None:
    """Load the content engine, for which the first request would wait otherwise; the start does not wait for it."""
    Thread(target=_load, name="content loader", daemon=True).start()


def _load() -> None:
    with suppress(Exception):  # as without a free descriptor: the first request loads it, or reports why not
        for name in (
            "service.content.prepare",
            "service.content.live.live_content",
            "service.content.live.live_documents",
        ):
            import_module(name)


class ThreadedContentEngine:
    """Implements ``session.ports.ContentEngine`` with one thread and one process, which clients share equally.

    The constructor sets the switch interval of this process. With ``packs``, that is where content may be stored, plans
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
        self._process = ContentProcess(
            Setup(limits, rules, work_limits.cpu_seconds, work_limits.memory_bytes),
            _START_SECONDS + work_limits.cpu_seconds * _SECONDS_PER_CPU_SECOND,
            self._record_killed,
        )
        self._process_thread = FairThread(
            ContentWorker.PROCESS,
            work_limits,
            recorder,
            cpu_clock=lambda: time.thread_time() + self._process.cpu_seconds,
            idle_seconds=_IDLE_SECONDS,
            on_idle=self._process.stop,
        )

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        stopwatch = Stopwatch()
        return await self.work_on(request, client, stopwatch, partial(self._prepare, request, seconds_left, stopwatch))

    async def find(self, _request: StreamRequest, _seconds_left: float, _client: str = "") -> Preparation | None:
        """No plan is kept."""
        return None

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        return await self.read(len(plan), client, Stopwatch(), partial(unpack_plan, plan))

    @property
    def process_cpu_seconds(self) -> float:
        """The processor time that large content has taken in the process."""
        return self._process.cpu_seconds

    def close(self) -> None:
        """Cancel queued work; work in progress is not waited for."""
        self._thread.close()
        self._process_thread.close()
        self._process.close()

    async def work_on(
        self, request: StreamRequest, client: str, stopwatch: Stopwatch, work: Callable[[], _Result]
    ) -> _Result:
        """Return the result of ``work``, which prepares the request. If cancelled while it waits, it is not done.

        The stopwatch measures the wait. Raises ``ServerBusy``.
        """
        turn = Turn(client, _worst_seconds(request), len(request.content))
        thread = self._process_thread if _is_large(request) else self._thread
        return await _run(thread, turn, stopwatch, work)

    async def read(self, size_bytes: int, client: str, stopwatch: Stopwatch, work: Callable[[], _Result]) -> _Result:
        """Return the result of ``work``, which reads a plan of this size, as ``work_on`` does."""
        turn = Turn(client, size_bytes * _READING_SECONDS_PER_BYTE, size_bytes)
        return await _run(self._thread, turn, stopwatch, work)

    def make_plan(self, request: StreamRequest, stopwatch: Stopwatch) -> CachedPlan:
        """In the thread: the plan, without regard to the time left. Raises ``PreparationFailed``."""
        from service.content.prepare import prepare  # noqa: PLC0415 - a third of the start: see load_in_background

        with _measure_failure(stopwatch):
            if _is_large(request):
                made = self._process.make_plan(request, stopwatch)
                return made if self._packs else CachedPlan(made.plan)
            plan = prepare(request, self.limits, stopwatch.time, self.rules)
            return CachedPlan(plan, pack_plan(plan) if self._packs else None)

    def fit_plan(self, whole: CachedPlan, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        """In the thread: fit the plan into what is left of ``seconds_left``. Raises ``PreparationFailed``."""
        from service.content.coalesce import coalesce  # noqa: PLC0415 - as above

        with _measure_failure(stopwatch):
            plan, as_packed = coalesce(whole.plan, seconds_left - stopwatch.seconds), whole.packed
            if as_packed is not None and plan is not whole.plan:
                as_packed = pack_plan(plan)
            return Preparation(plan, stopwatch.seconds, tuple(stopwatch.stages), as_packed)

    def _record_killed(self, reason: KilledBecause, request: StreamRequest) -> None:
        self._process_thread.record(ContentWorkKilled(reason, request.content_type))

    def _prepare(self, request: StreamRequest, seconds_left: float, stopwatch: Stopwatch) -> Preparation:
        return self.fit_plan(self.make_plan(request, stopwatch), seconds_left, stopwatch)


async def _run(thread: FairThread, turn: Turn, stopwatch: Stopwatch, work: Callable[[], _Result]) -> _Result:
    """Run the work when its turn comes, and measure the wait, also if it is refused."""
    end_wait = stopwatch.begin(Stage.WAIT)

    def begin() -> _Result:
        end_wait()
        return work()

    try:
        return await thread.run(turn, begin)
    finally:
        end_wait()


def _worst_seconds(request: StreamRequest) -> float:
    return len(request.content) * _WORST_SECONDS_PER_CHARACTER[request.content_type]


def _is_large(request: StreamRequest) -> bool:
    return _worst_seconds(request) > _LARGE_SECONDS


@contextmanager
def _measure_failure(stopwatch: Stopwatch) -> Iterator[None]:
    """Convert an exception into ``PreparationFailed`` with the time that was spent."""
    try:
        yield
    except Exception as error:
        raise PreparationFailed(stopwatch.seconds, tuple(stopwatch.stages)) from error

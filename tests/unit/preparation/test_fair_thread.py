"""The thread serves clients in turn; what does not get its turn is refused, and nothing is lost or done twice."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from service.events import ContentQueueChanged, ContentRefused, ContentWorked, ContentWorker, Event, RefusedBecause
from service.preparation.fair_thread import FairThread, Turn
from service.preparation.work_limits import WorkLimits
from service.protocol.errors import ServerBusy

WORKER = ContentWorker.THREAD
LIMIT_SECONDS = 60


class Bench:
    """A thread whose first work waits for the gate, and the names of the work in the order in which it was done."""

    def __init__(self, limits: WorkLimits) -> None:
        self.events: list[Event] = []
        self.done: list[str] = []
        self.began, self.gate = threading.Event(), threading.Event()
        self.thread = FairThread(WORKER, limits, self)

    def record(self, event: Event) -> None:
        self.events.append(event)

    @property
    def queue_lengths(self) -> list[int]:
        return [event.requests for event in self.events if isinstance(event, ContentQueueChanged)]

    @property
    def refusals(self) -> list[RefusedBecause]:
        return [event.reason for event in self.events if isinstance(event, ContentRefused)]

    def start(self, client: str, name: str, *, cost: float = 0.01, size: int = 1) -> "asyncio.Task[str]":
        return asyncio.create_task(self.thread.run(Turn(client, cost, size), partial(self._work, name)))

    async def occupy(self, client: str = "first") -> "asyncio.Task[None]":
        """Return when the thread works and waits for the gate."""
        task = asyncio.create_task(self.thread.run(Turn(client, 0.01, 1), self._wait))
        assert await asyncio.to_thread(self.began.wait, LIMIT_SECONDS)
        return task

    def _wait(self) -> None:
        self.began.set()
        assert self.gate.wait(LIMIT_SECONDS)

    def _work(self, name: str) -> str:
        self.done.append(name)
        return name


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(WorkLimits(max_queue_bytes=100, max_wait_seconds=LIMIT_SECONDS))
    yield bench
    bench.gate.set()
    bench.thread.close()


async def test_clients_take_turns(bench: Bench) -> None:
    busy = await bench.occupy()
    tasks = [bench.start("greedy", f"g{number}") for number in range(3)]
    await asyncio.sleep(0)
    tasks.append(bench.start("modest", "m0"))
    await asyncio.sleep(0)
    bench.gate.set()
    assert await asyncio.gather(*tasks) == ["g0", "g1", "g2", "m0"]
    await busy
    assert bench.done == ["g0", "m0", "g1", "g2"]
    assert bench.queue_lengths == [1, 2, 3, 4, 5, *bench.queue_lengths[5:]]
    assert bench.queue_lengths[-1] == 0
    assert sum(isinstance(event, ContentWorked) for event in bench.events) == 5


async def test_an_exception_belongs_to_its_caller_and_the_thread_continues(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        await bench.thread.run(Turn("a", 0.01, 1), lambda: 1 / 0)
    assert await bench.start("a", "next") == "next"


async def test_work_that_is_cancelled_while_it_waits_is_not_done(bench: Bench) -> None:
    busy = await bench.occupy()
    cancelled, other = bench.start("a", "cancelled"), bench.start("a", "other")
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    bench.gate.set()
    await asyncio.gather(busy, other)
    assert bench.done == ["other"]
    assert bench.queue_lengths[-1] == 0


async def test_work_that_is_cancelled_in_progress_ends_without_a_result(bench: Bench) -> None:
    busy = await bench.occupy()
    busy.cancel()
    await asyncio.wait([busy])
    bench.gate.set()
    assert await bench.start("a", "next") == "next"
    assert sum(isinstance(event, ContentWorked) for event in bench.events) == 2


async def test_without_a_place_in_the_queue_a_request_is_refused_with_a_time_to_retry(bench: Bench) -> None:
    busy = await bench.occupy()
    modest, greedy = bench.start("modest", "m", size=20), bench.start("greedy", "g", size=90)
    with pytest.raises(ServerBusy) as refusal:
        await greedy
    assert str(refusal.value) == f"The server has too much content to prepare. Try again in {LIMIT_SECONDS} s."
    assert refusal.value.retry_after_seconds == LIMIT_SECONDS
    bench.gate.set()
    await busy
    assert await modest == "m"
    assert bench.refusals == [RefusedBecause.QUEUE_FULL]


async def test_a_request_whose_turn_does_not_come_in_time_is_refused() -> None:
    bench = Bench(WorkLimits(max_wait_seconds=0.01))
    busy = await bench.occupy()
    with pytest.raises(ServerBusy):
        await bench.start("a", "late")
    bench.gate.set()
    await busy
    assert await bench.start("a", "next") == "next"
    assert bench.done == ["next"]
    assert bench.refusals == [RefusedBecause.WAITED]
    bench.thread.close()


async def test_the_measured_time_decides_whose_turn_is_next() -> None:
    times = iter([0.0, 5.0, *range(6, 100)])
    bench = Bench(WorkLimits())
    bench.thread = FairThread(WORKER, WorkLimits(), bench, cpu_clock=partial(next, times))
    busy = await bench.occupy("heavy")
    tasks = [bench.start("heavy", "h"), bench.start("light", "l", cost=0.5)]
    await asyncio.sleep(0)
    bench.gate.set()
    await asyncio.gather(busy, *tasks)
    assert bench.done == ["l", "h"]
    assert [event.cpu_seconds for event in bench.events if isinstance(event, ContentWorked)] == [5.0, 1.0, 1.0]
    bench.thread.close()


async def test_an_idle_thread_calls_back() -> None:
    idle = asyncio.Event()
    loop = asyncio.get_running_loop()
    thread = FairThread(
        WORKER,
        WorkLimits(),
        Bench(WorkLimits()),
        idle_seconds=0.001,
        on_idle=lambda: loop.call_soon_threadsafe(idle.set),
    )
    await thread.run(Turn("a", 0.01, 1), lambda: None)
    await asyncio.wait_for(idle.wait(), LIMIT_SECONDS)
    thread.close()


async def test_a_closed_thread_cancels_what_waits_and_accepts_nothing(bench: Bench) -> None:
    busy = await bench.occupy()
    waiting = bench.start("a", "never")
    await asyncio.sleep(0)
    bench.thread.close()
    bench.gate.set()
    await busy
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    with pytest.raises(RuntimeError):
        await bench.start("a", "later")
    assert bench.done == []

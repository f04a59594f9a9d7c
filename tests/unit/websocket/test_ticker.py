"""The ticker wakes sleepers when they are due, not before, and keeps nothing of those that are cancelled."""

import asyncio

from service.process import clock
from service.protocol.instant import Instant
from service.websocket.ticker import QUANTUM_SECONDS, Ticker


def new_ticker() -> Ticker:
    return Ticker(clock.now)


class OneSleep:
    """Is woken once, at or after ``wake_at``."""

    def __init__(self, ticker: Ticker) -> None:
        self.ticker = ticker
        self.slot: int | None = None
        self.wake_at = 0.0
        self.woken: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def until(self, wake_at: float) -> None:
        self.wake_at = wake_at
        self.ticker.schedule(self, wake_at)

    def wake(self, now: Instant) -> None:
        if now.seconds >= self.wake_at:
            self.woken.set_result(now.seconds)
        else:
            self.ticker.schedule(self, self.wake_at)


async def test_a_sleeper_is_woken_at_its_time_and_never_before() -> None:
    ticker = new_ticker()
    start = clock.now().seconds
    sleepers = []
    for delay in (0.03, 0.0, 0.011, 0.03, 1.2):  # the last is on the coarse grid first
        sleeper = OneSleep(ticker)
        sleeper.until(start + delay)
        sleepers.append((delay, sleeper))
    for delay, sleeper in sleepers:
        woken_at = await asyncio.wait_for(sleeper.woken, 5)
        assert woken_at >= start + delay


async def test_an_earlier_time_moves_the_wake_up_and_a_later_one_does_not() -> None:
    ticker = new_ticker()
    now = clock.now().seconds
    first = OneSleep(ticker)
    first.until(now)
    await asyncio.wait_for(first.woken, 5)  # a sweep updates the range of the fine grid
    sleeper = OneSleep(ticker)
    sleeper.until(now + 0.5)
    late = sleeper.slot
    sleeper.until(now + 0.02)
    early = sleeper.slot
    assert late is not None
    assert early is not None
    assert early < late
    sleeper.until(now + 0.5)
    assert sleeper.slot == early


async def test_a_cancelled_sleeper_is_not_woken_even_if_cancelled_during_the_sweep() -> None:
    ticker = new_ticker()
    victim, after = OneSleep(ticker), OneSleep(ticker)

    class Canceller(OneSleep):
        def wake(self, now: Instant) -> None:
            ticker.cancel(victim)
            super().wake(now)

    now = clock.now().seconds
    slot_time = (int(now / QUANTUM_SECONDS) + 3) * QUANTUM_SECONDS
    canceller = Canceller(ticker)
    for one in (canceller, victim, after):
        one.until(slot_time)
    await asyncio.wait_for(after.woken, 5)
    assert canceller.woken.done()
    assert not victim.woken.done()
    assert victim.slot is None


async def test_a_sleeper_that_schedules_itself_at_once_does_not_delay_the_others() -> None:
    ticker = new_ticker()
    order: list[str] = []

    class Greedy(OneSleep):
        def wake(self, now: Instant) -> None:
            order.append("greedy")
            if len(order) < 100:
                self.until(now.seconds - 1)

    greedy, other = Greedy(ticker), OneSleep(ticker)
    start = clock.now().seconds
    greedy.until(start)
    other.until(start + QUANTUM_SECONDS)
    await asyncio.wait_for(other.woken, 5)
    assert len(order) <= 3


async def test_distant_wake_ups_share_few_slots() -> None:
    ticker = new_ticker()
    now = clock.now().seconds
    for number in range(10_000):
        sleeper = OneSleep(ticker)
        sleeper.until(now + 100 + number / 100)
        ticker.cancel(sleeper)
    assert ticker.slots <= 110

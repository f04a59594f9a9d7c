"""The ticker: wakes whatever is due, not before, and keeps no trace of what was cancelled."""

import asyncio

from service.process import clock
from service.protocol.instant import Instant
from service.websocket.ticker import QUANTUM_SECONDS, Ticker


def ticking() -> Ticker:
    return Ticker(clock.now, on_swept=lambda _woken, _lag: None)


class Sleeper:
    """Wants to be woken once, and says when it was."""

    def __init__(self, ticker: Ticker) -> None:
        self.ticker = ticker
        self.slot: int | None = None
        self.wake_at = 0.0
        self.woken: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def wake(self, now: Instant) -> None:
        if now.seconds >= self.wake_at:
            self.woken.set_result(now.seconds)
        else:
            self.ticker.schedule(self, self.wake_at)


async def test_each_is_woken_at_its_time_and_never_before() -> None:
    sweeps: list[tuple[int, float]] = []
    ticker = Ticker(clock.now, lambda woken, lag: sweeps.append((woken, lag)))
    start = clock.now().seconds
    sleepers = []
    for delay in (0.03, 0.0, 0.011, 0.03, 1.2):  # the last is on the coarse grid first
        sleeper = Sleeper(ticker)
        ticker.schedule(sleeper, start + delay)
        sleepers.append((delay, sleeper))
    for delay, sleeper in sleepers:
        woken_at = await asyncio.wait_for(sleeper.woken, 5)
        assert woken_at >= start + delay
    assert sum(woken for woken, _ in sweeps) >= len(sleepers)
    assert all(lag >= 0 for _, lag in sweeps)


async def test_an_earlier_wish_moves_the_wake_up_and_a_later_one_does_not() -> None:
    ticker = ticking()
    now = clock.now().seconds
    first = Sleeper(ticker)
    ticker.schedule(first, now)
    await asyncio.wait_for(first.woken, 5)  # a sweep tells the ticker what is far
    sleeper = Sleeper(ticker)
    ticker.schedule(sleeper, now + 0.5)
    late = sleeper.slot
    ticker.schedule(sleeper, now + 0.02)
    early = sleeper.slot
    assert late is not None
    assert early is not None
    assert early < late
    ticker.schedule(sleeper, now + 0.5)
    assert sleeper.slot == early


async def test_who_cancels_is_not_woken_even_from_within_the_sweep() -> None:
    ticker = ticking()
    victim, after = Sleeper(ticker), Sleeper(ticker)

    class Canceller(Sleeper):
        def wake(self, now: Instant) -> None:
            ticker.cancel(victim)
            super().wake(now)

    now = clock.now().seconds
    slot_time = (int(now / QUANTUM_SECONDS) + 3) * QUANTUM_SECONDS
    canceller = Canceller(ticker)
    for one in (canceller, victim, after):
        ticker.schedule(one, slot_time)
    await asyncio.wait_for(after.woken, 5)
    assert canceller.woken.done()
    assert not victim.woken.done()
    assert victim.slot is None


async def test_one_that_always_wants_more_does_not_keep_the_others_waiting() -> None:
    ticker = ticking()
    order: list[str] = []

    class Greedy(Sleeper):
        def wake(self, now: Instant) -> None:
            order.append("greedy")
            if len(order) < 100:
                ticker.schedule(self, now.seconds - 1)

    greedy, other = Greedy(ticker), Sleeper(ticker)
    start = clock.now().seconds
    ticker.schedule(greedy, start)
    ticker.schedule(other, start + QUANTUM_SECONDS)
    await asyncio.wait_for(other.woken, 5)
    assert len(order) <= 3


async def test_the_far_future_holds_few_slots_however_many_deadlines_come_and_go() -> None:
    ticker = ticking()
    now = clock.now().seconds
    for number in range(10_000):
        sleeper = Sleeper(ticker)
        ticker.schedule(sleeper, now + 100 + number / 100)
        ticker.cancel(sleeper)
    assert ticker.slots <= 110

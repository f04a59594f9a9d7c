"""One timer for the whole process: it wakes whatever is due."""

import asyncio
import heapq
import math
from collections.abc import Callable
from typing import Protocol

from service.protocol.instant import Instant

QUANTUM_SECONDS = 0.005
"""The grid of wake-ups. All gaps are multiples of it, and streams that share a slot share a pass of the event loop."""

_COARSE_SLOTS = 200
"""Wake-ups more than this many slots (1 s) away go to a slot on a grid of this many, a little early, and are asked
for again then: so the far future, which is mostly cancelled, holds few slots."""


class Waker(Protocol):
    """Something that wants to be woken; it is in at most one slot."""

    slot: int | None
    wake_at: float

    def wake(self, now: Instant) -> None:
        """May be early, never raises, and asks for the next wake-up itself."""


class Ticker:
    """Slots of wakers on a grid of ``QUANTUM_SECONDS``, and one timer for the first of them.

    Nobody is woken for a slot before its time; a sweep reports how many it woke and how late the latest was.
    """

    def __init__(self, clock: Callable[[], Instant], on_swept: Callable[[int, float], None]) -> None:
        self._clock = clock
        self._on_swept = on_swept
        self._slots: dict[int, dict[Waker, None]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_slot = 0
        self._swept_slot = -1
        """The last slot of the last sweep."""
        self._near_slot = 0
        """The last slot that is not far away, reckoned at each sweep; one that is behind only wakes too early."""

    @property
    def slots(self) -> int:
        """Slots that are kept, some of them empty."""
        return len(self._slots)

    def schedule(self, waker: Waker, wake_at: float) -> None:
        """Wake it at ``wake_at`` (monotonic seconds) or a little later, unless it is to be woken earlier anyway."""
        slot = max(math.ceil(wake_at / QUANTUM_SECONDS), self._swept_slot + 1)  # never into the sweep under way
        if slot > self._near_slot:
            slot = max(slot - slot % _COARSE_SLOTS, self._swept_slot + 1)
        if waker.slot is not None:
            if waker.slot <= slot:
                return
            self.cancel(waker)
        waker.slot = slot
        waker.wake_at = wake_at
        wakers = self._slots.get(slot)
        if wakers is None:
            self._slots[slot] = {waker: None}
            heapq.heappush(self._order, slot)
            self._arm()
        else:
            wakers[waker] = None

    def cancel(self, waker: Waker) -> None:
        if waker.slot is not None:
            self._slots.get(waker.slot, {}).pop(waker, None)
            waker.slot = None

    def _arm(self) -> None:
        if not self._order:
            return
        first = self._order[0]
        if self._timer is not None:
            if self._timer_slot <= first:
                return
            self._timer.cancel()
        self._timer_slot = first
        delay = first * QUANTUM_SECONDS - self._clock().seconds
        self._timer = asyncio.get_running_loop().call_later(max(0.0, delay), self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock()
        self._swept_slot = int(now.seconds / QUANTUM_SECONDS)
        self._near_slot = self._swept_slot + _COARSE_SLOTS
        woken = 0
        worst_lag = 0.0
        while self._order and self._order[0] <= self._swept_slot:
            slot = heapq.heappop(self._order)
            for waker in self._slots.pop(slot):
                if waker.slot != slot:  # cancelled by one before it
                    continue
                waker.slot = None
                woken += 1
                worst_lag = max(worst_lag, now.seconds - waker.wake_at)
                waker.wake(now)
        self._arm()
        if woken:
            self._on_swept(woken, worst_lag)

"""The one timer of a process, which wakes the drivers that are due."""

import asyncio
import heapq
import math
from collections.abc import Callable
from typing import Protocol

from service.protocol.instant import Instant

QUANTUM_SECONDS = 0.005
"""The grid of wake-ups. All gaps are multiples of it, and streams in one slot share one callback of the event loop."""

_COARSE_SLOTS = 200
"""A wake-up more than this number of slots (1 s) ahead goes to a coarser grid of this number of slots. It comes early,
and is scheduled again then: distant wake-ups, most of which are cancelled, share few slots."""


def slot_after(seconds: float) -> int:
    """Return the first slot that is not before ``seconds``."""
    return math.ceil(seconds / QUANTUM_SECONDS)


def slot_before(seconds: float) -> int:
    """Return the last slot that is not after ``seconds``."""
    return int(seconds / QUANTUM_SECONDS)


class Sleeper(Protocol):
    """An object that is woken; it is in at most one slot."""

    slot: int | None

    def wake(self, now: Instant) -> None:
        """May be called early. Never raises; schedules the next wake-up itself."""


class Ticker:
    """Slots of sleepers on a grid of ``QUANTUM_SECONDS``, and one timer for the first slot.

    No slot is swept before its time.
    """

    def __init__(self, clock: Callable[[], Instant]) -> None:
        self._clock = clock
        self._slots: dict[int, dict[Sleeper, None]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_slot = 0
        self._swept_slot = -1
        """The last slot of the last sweep."""
        self._near_slot = 0
        """The last slot on the fine grid; updated by each sweep. An outdated value only causes early wake-ups."""

    @property
    def slots(self) -> int:
        """The number of slots, including empty ones."""
        return len(self._slots)

    def schedule(self, sleeper: Sleeper, wake_at: float) -> None:
        """Wake ``sleeper`` at ``wake_at`` (monotonic seconds) or shortly after, unless it is already woken earlier."""
        slot = max(slot_after(wake_at), self._swept_slot + 1)  # never into the sweep in progress
        if slot > self._near_slot:
            slot = max(slot - slot % _COARSE_SLOTS, self._swept_slot + 1)
        if sleeper.slot is not None:
            if sleeper.slot <= slot:
                return
            self.cancel(sleeper)
        sleeper.slot = slot
        sleepers = self._slots.get(slot)
        if sleepers is None:
            self._slots[slot] = {sleeper: None}
            heapq.heappush(self._order, slot)
            self._start_timer()
        else:
            sleepers[sleeper] = None

    def cancel(self, sleeper: Sleeper) -> None:
        if sleeper.slot is not None:
            self._slots.get(sleeper.slot, {}).pop(sleeper, None)
            sleeper.slot = None

    def _start_timer(self) -> None:
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
        self._swept_slot = slot_before(now.seconds)
        self._near_slot = self._swept_slot + _COARSE_SLOTS
        while self._order and self._order[0] <= self._swept_slot:
            slot = heapq.heappop(self._order)
            for sleeper in self._slots.pop(slot):
                if sleeper.slot != slot:  # cancelled earlier in this sweep
                    continue
                sleeper.slot = None
                sleeper.wake(now)
        self._start_timer()

"""The order in which one worker serves clients: fair queueing over measured processor time.

*Virtual time* is what a client would have received that always had a request waiting: while several clients want work,
each second of work advances it by a second divided by their number. Each client has an *account*, which is at least the
virtual time when its request begins to wait, and to which the measured time of each request is added. A request waits
under a *tag*: the account plus the estimated cost of the request. The smallest tag is served first. So a client that
received more than its share waits behind the others, and a small request of an unknown client precedes a large one.

While at most one client wants work, virtual time advances by its budget, ``BUDGET``. A client that uses more of an idle
worker is not delayed, but waits behind others that come later, until virtual time has reached its account.

A. Demers, S. Keshav, S. Shenker, "Analysis and simulation of a fair queueing algorithm", SIGCOMM 1989.
"""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

Item = TypeVar("Item")

BUDGET = 0.1
"""Seconds of processor time in each second."""

LARGEST_LEAD_SECONDS = 1.0
"""A client that alone uses more than its budget is at most this far ahead of virtual time."""

SMALLEST_COST_SECONDS = 0.001
"""The least cost of a request, so that each one that is served advances the virtual time."""

_SMALLEST_SWEEP = 64


class Entry(Generic[Item]):
    """One request in the queue, or in service."""

    __slots__ = ("account", "cost_seconds", "item", "number", "size_bytes")

    def __init__(
        self, item: Item, account: "_Account[Item]", number: int, cost_seconds: float, size_bytes: int
    ) -> None:
        self.item = item
        self.account = account
        self.number = number
        self.cost_seconds = cost_seconds
        self.size_bytes = size_bytes


class _Account(Generic[Item]):
    """What one client has received, and its requests in order."""

    __slots__ = ("received", "size_bytes", "tag", "waiting")

    def __init__(self) -> None:
        self.received = 0.0
        """In virtual time: below it, the client had no request."""
        self.waiting: deque[Entry[Item]] = deque()
        self.size_bytes = 0
        """Of the waiting requests."""
        self.tag = 0.0
        """Of the first waiting request, while none is in service."""


class FairQueue(Generic[Item]):
    """Requests of clients for one worker, which calls ``take`` and then ``finish``. Instants are monotonic seconds.

    What is served before a waiting request is bounded, however many clients there are: all work advances the virtual
    time, and no tag is below it.
    """

    __slots__ = (
        "_accounts",
        "_active",
        "_at",
        "_heap",
        "_last_number",
        "_length",
        "_max_bytes",
        "_serving",
        "_sweep_at",
        "_virtual",
        "size_bytes",
    )

    def __init__(self, max_bytes: int, now: float) -> None:
        """The waiting requests have up to ``max_bytes`` together; a larger one may wait alone."""
        self._max_bytes = max_bytes
        self._accounts: dict[str, _Account[Item]] = {}
        self._heap: list[tuple[float, int, _Account[Item]]] = []
        """Tags and numbers of the first requests of accounts. Stale where the account has another first one or tag."""
        self._virtual = 0.0
        self._at = now
        self._last_number = 0
        self._active = 0
        """Accounts with waiting requests."""
        self._length = 0
        self._serving: _Account[Item] | None = None
        self._sweep_at = _SMALLEST_SWEEP
        self.size_bytes = 0

    def __len__(self) -> int:
        """The number of waiting requests."""
        return self._length

    def add(
        self, client: str, item: Item, now: float, *, cost_seconds: float, size_bytes: int
    ) -> tuple[Entry[Item], list[Entry[Item]]]:
        """Return the new entry, and those for which there is no place: they have left the queue.

        The client with the most waiting bytes loses its latest requests, which may be the new one.
        """
        self._advance(now)
        account = self._accounts.get(client)
        if account is None:
            self._sweep()
            account = self._accounts[client] = _Account()
        self._last_number += 1
        entry = Entry(item, account, self._last_number, max(cost_seconds, SMALLEST_COST_SECONDS), size_bytes)
        account.waiting.append(entry)
        self._count(entry, 1)
        if account.waiting[0] is entry:
            self._active += 1
            self._push(account)
        refused = []
        while self.size_bytes > self._max_bytes and self._length > 1:
            waiting = (one for one in self._accounts.values() if one.waiting)
            largest = max(waiting, key=lambda one: (one.size_bytes, one.waiting[-1].number))
            refused.append(largest.waiting[-1])
            self.remove(largest.waiting[-1], now)
        return entry, refused

    def take(self, now: float) -> Entry[Item] | None:
        """Return the next request, which is in service from now on; ``None`` if there is none."""
        self._advance(now)
        while self._heap:
            tag, number, account = heappop(self._heap)
            if not self._is_current(tag, number, account):
                continue
            entry = account.waiting.popleft()
            self._count(entry, -1)
            self._active -= not account.waiting
            self._serving = account
            account.received = tag - entry.cost_seconds
            return entry
        return None

    def finish(self, entry: Entry[Item], seconds: float, now: float) -> None:
        """The request in service has ended, after ``seconds`` of processor time."""
        self._advance(now)
        account, cost_seconds = entry.account, max(seconds, SMALLEST_COST_SECONDS)
        account.received += cost_seconds
        if (clients := self._clients) > 1:
            self._virtual += cost_seconds / clients
        else:
            account.received = min(account.received, self._virtual + LARGEST_LEAD_SECONDS)
        self._serving = None
        self._push(account)

    def remove(self, entry: Entry[Item], now: float) -> bool:
        """Remove a request that waits; return false, and change nothing, if it does not wait."""
        self._advance(now)
        account = entry.account
        if entry not in account.waiting:
            return False
        was_first = account.waiting[0] is entry
        account.waiting.remove(entry)
        self._count(entry, -1)
        self._active -= not account.waiting
        if was_first:
            self._push(account)
        return True

    @property
    def _clients(self) -> int:
        """The clients that want work: those with a request that waits or is in service."""
        return self._active + (self._serving is not None and not self._serving.waiting)

    def _push(self, account: _Account[Item]) -> None:
        """Give the first waiting request its tag, unless one of the client is in service: its cost is not known yet."""
        if not account.waiting or account is self._serving:
            return
        first = account.waiting[0]
        account.tag = max(self._virtual, account.received) + first.cost_seconds
        heappush(self._heap, (account.tag, first.number, account))
        if len(self._heap) > 2 * self._length + _SMALLEST_SWEEP:
            self._heap = [waiting for waiting in self._heap if self._is_current(*waiting)]
            heapify(self._heap)

    @staticmethod
    def _is_current(tag: float, number: int, account: _Account[Item]) -> bool:
        return bool(account.waiting) and account.waiting[0].number == number and account.tag == tag

    def _count(self, entry: Entry[Item], sign: int) -> None:
        self._length += sign
        self.size_bytes += sign * entry.size_bytes
        entry.account.size_bytes += sign * entry.size_bytes

    def _advance(self, now: float) -> None:
        """Virtual time follows the clock only while at most one client wants work."""
        if self._clients <= 1:
            self._virtual += BUDGET * max(0.0, now - self._at)
        self._at = now

    def _sweep(self) -> None:
        """Drop accounts that equal new ones. Amortised: each time twice as many may have been added."""
        if len(self._accounts) >= self._sweep_at:
            self._accounts = {
                client: account
                for client, account in self._accounts.items()
                if account.waiting or account is self._serving or account.received > self._virtual
            }
            self._sweep_at = max(_SMALLEST_SWEEP, 2 * len(self._accounts))

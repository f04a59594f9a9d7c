"""A bus that runs, for tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service.live.ports import LiveBus, LiveNotice
from tests.waiting import LIMIT_SECONDS


class Listener:
    """A bus that runs, and what it has received."""

    def __init__(self, bus: LiveBus, errors: Sequence[Exception] = ()) -> None:
        self.bus = bus
        self.errors = errors
        self.received: list[LiveNotice] = []
        self._news = asyncio.Event()

    def _receive(self, notice: LiveNotice) -> None:
        self.received.append(notice)
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Listener"]:
        async with self.bus.running(self._receive):
            yield self

    async def has(self, notice: LiveNotice) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while notice not in self.received:
                self._news.clear()
                await self._news.wait()

"""Plans in Redis, shared by the processes of all machines that use the same server.

Keys: ``streaming:plan:<key>``, a string, the packed plan, with a time to live.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from service.events import DataSystem, Dependency, Operation
from service.process.dependency_calls import DependencyCalls
from service.session.ports import Recorder, StoreUnavailable
from service.stores.breaker import Breaker
from service.stores.dependency_monitor import DependencyMonitor
from service.stores.redis.client import RedisClient

_PREFIX = "streaming:plan:"

_DEADLINE_SECONDS = 0.25
"""The work that a plan saves rarely takes longer."""
_PUTS = 16
"""Concurrent writes; a further plan is not stored, and does not occupy memory."""
_CHECK_SECONDS = 1.0


class RedisPlanStore:
    """Implements ``session.ports.PlanStore``. ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    While Redis is unavailable only probes are sent. In ``running`` it is probed without requests too.
    """

    def __init__(self, url: str, ttl_seconds: float, recorder: Recorder, breaker: Breaker | None = None) -> None:
        self._ttl_milliseconds = max(1, round(ttl_seconds * 1000))
        calls = DependencyCalls(Dependency.PLAN_CACHE, DataSystem.REDIS, recorder)
        self._server = RedisClient(url, _DEADLINE_SECONDS, calls.measure)
        self._monitor = DependencyMonitor(
            Dependency.PLAN_CACHE, lambda: self._server.command(Operation.PING, "PING"), recorder, breaker
        )
        self._puts: set[asyncio.Task[None]] = set()

    async def get(self, key: bytes) -> bytes | None:
        with suppress(StoreUnavailable):
            found: bytes | None = await self._monitor.call(
                lambda: self._server.command(Operation.GET, "GET", _name(key))
            )
            return found
        return None

    def put(self, key: bytes, plan: bytes) -> None:
        if len(self._puts) < _PUTS and self._monitor.available:
            task = asyncio.get_running_loop().create_task(self._put(key, plan))
            self._puts.add(task)
            task.add_done_callback(self._puts.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Probe Redis while it has not answered for a while and the context lasts; then close."""
        check = asyncio.create_task(self._check_periodically())
        try:
            yield
        finally:
            check.cancel()
            await asyncio.wait([check])
            await self.close()

    async def close(self) -> None:
        puts = list(self._puts)
        for put in puts:
            put.cancel()
        await asyncio.gather(*puts, return_exceptions=True)
        await self._monitor.close()
        await self._server.close()

    async def _check_periodically(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            await self._monitor.check()

    async def _put(self, key: bytes, plan: bytes) -> None:
        with suppress(StoreUnavailable):
            await self._monitor.call(
                lambda: self._server.command(Operation.PUT, "SET", _name(key), plan, "PX", self._ttl_milliseconds)
            )


def _name(key: bytes) -> str:
    return _PREFIX + key.hex()

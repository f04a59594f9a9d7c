"""Plans in Redis, shared by all processes of all machines that are given the same one.

What Redis holds: ``streaming:plan:<key>``, a string: a packed plan, until its time to live is over.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.core.events import Dependency, DependencyChanged, DependencyFailed
from service.core.ports import Recorder
from service.stores.breaker import Breaker

_PREFIX = "streaming:plan:"

_CALL_SECONDS = 0.25
"""For all of a call. The work that a plan spares rarely takes as long."""
_CONNECTIONS = 10
_IDLE_SECONDS = 15
"""A connection that was idle for longer is asked whether it still stands, and made anew if not."""
_PROBE_SECONDS = 0.1
"""How often the breaker is asked whether it is time."""
_PUTS = 16
"""On their way at once; what comes beyond them is not stored, rather than kept in memory."""

Answer = TypeVar("Answer")


class RedisPlanStore:
    """Fulfils ``core.ports.PlanStore``. ``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    While it is away nothing is asked of it but whether it is back. ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        ttl_seconds: float,
        recorder: Recorder,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_milliseconds = max(1, round(ttl_seconds * 1000))
        self._recorder = recorder
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._probing: asyncio.Task[None] | None = None
        self._puts: set[asyncio.Task[object]] = set()
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=_CALL_SECONDS,
                socket_timeout=_CALL_SECONDS,
                socket_connect_timeout=_CALL_SECONDS,
                health_check_interval=_IDLE_SECONDS,
                retry=Retry(NoBackoff(), 1),
                # The older protocol: under the newer one the library takes connections that were closed for whole ones.
                protocol=2,
                driver_info=None,
            )
        )

    async def get(self, key: bytes) -> bytes | None:
        found = await self._ask(lambda: self._redis.get(_name(key)))
        return found if isinstance(found, bytes) else None

    def put(self, key: bytes, plan: bytes) -> None:
        if len(self._puts) < _PUTS:
            call = self._ask(lambda: self._redis.set(_name(key), plan, px=self._ttl_milliseconds))
            task = asyncio.get_running_loop().create_task(call)
            self._puts.add(task)
            task.add_done_callback(self._puts.discard)

    async def close(self) -> None:
        tasks = [*self._puts, *([] if self._probing is None else [self._probing])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _ask(self, call: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """What Redis answers; ``None`` if it is not asked, or does not answer."""
        return await self._answer(call) if self._breaker.closed else None

    async def _answer(self, call: Callable[[], Awaitable[Answer]]) -> Answer | None:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                answer = await call()
        except (RedisError, OSError) as error:
            self._recorder.record(DependencyFailed(Dependency.PLAN_CACHE))
            if self._breaker.failed(self._clock()):
                self._recorder.record(DependencyChanged(Dependency.PLAN_CACHE, up=False, reason=_reason(error)))
                self._probing = asyncio.get_running_loop().create_task(self._probe())
            return None
        if self._breaker.answered():
            self._recorder.record(DependencyChanged(Dependency.PLAN_CACHE, up=True))
        return answer

    async def _probe(self) -> None:
        """No request waits for a probe."""
        while not self._breaker.closed:
            if self._breaker.probes(self._clock()):
                await self._answer(self._redis.ping)
            else:
                await asyncio.sleep(_PROBE_SECONDS)


def _name(key: bytes) -> str:
    return _PREFIX + key.hex()


def _reason(error: Exception) -> str:
    """In a line. What Redis itself answers may quote the command, and so content: then only what kind it is."""
    if isinstance(error, TimeoutError | RedisTimeoutError):
        return f"Redis did not answer within {_CALL_SECONDS} s"
    if isinstance(error, OSError | RedisConnectionError):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__

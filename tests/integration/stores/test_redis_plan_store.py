"""Plans in Redis: shared for their time to live, and a miss while Redis is unavailable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager

import pytest

from service.events import DataSystem, Dependency, DependencyCalled, DependencyChanged, DependencyFailed, Event
from service.stores.breaker import FAILURES, Breaker
from service.stores.redis.plan_store import RedisPlanStore
from tests.backends.dead import black_hole, refusing, silent
from tests.backends.fixtures import StartRedis
from tests.backends.redis import Redis
from tests.waiting import wait_for

TTL_SECONDS = 30
KEY = bytes(range(32))
FAILED = DependencyFailed(Dependency.PLAN_CACHE)


class Recording:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls: list[tuple[str, str]] = []
        """Operations and their errors."""
        self._news = asyncio.Event()

    def record(self, event: Event) -> None:
        if isinstance(event, DependencyCalled):
            assert (event.dependency, event.system) == (Dependency.PLAN_CACHE, DataSystem.REDIS)
            self.calls.append((event.operation, event.error_type))
        else:
            self.events.append(event)
        self._news.set()

    @property
    def changes(self) -> list[DependencyChanged]:
        return [event for event in self.events if isinstance(event, DependencyChanged)]

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def store_at(url: str, recording: Recording, rest_seconds: float = 0.05) -> AsyncIterator[RedisPlanStore]:
    store = RedisPlanStore(url, TTL_SECONDS, recording, Breaker(rest_seconds=rest_seconds))
    yield store
    await store.close()


async def stored(redis: Redis) -> bytes:
    """Wait until Redis has a key, and return it."""
    with redis.client() as client:
        names = await asyncio.to_thread(wait_for, lambda: list(client.scan_iter()), "the plan is stored")
        return bytes(names[0])


async def test_a_plan_is_shared_for_its_time_to_live(redis: Redis) -> None:
    recording = Recording()
    async with store_at(redis.url, recording) as one, store_at(redis.unix_url, recording) as other:
        assert await other.get(KEY) is None
        one.put(KEY, b"a plan\0\xff")
        name = await stored(redis)
        assert await other.get(KEY) == b"a plan\0\xff"
        assert await other.get(KEY[::-1]) is None
    with redis.client() as client:
        assert name == b"streaming:plan:" + KEY.hex().encode()
        assert (TTL_SECONDS - 10) * 1000 < client.pttl(name) <= TTL_SECONDS * 1000
    assert recording.events == []
    assert recording.calls == [("get", ""), ("put", ""), ("get", ""), ("get", "")]


@pytest.mark.parametrize("dead", [refusing, silent, black_hole])
async def test_while_redis_is_unavailable_get_misses_and_calls_stop(
    dead: Callable[[], AbstractContextManager[str]],
) -> None:
    recording = Recording()
    with dead() as address:
        async with store_at(f"redis://:secret@{address}/0", recording, rest_seconds=3600) as store:
            for _ in range(FAILURES):
                assert await store.get(KEY) is None
            for _ in range(1000):
                assert await store.get(KEY) is None
                store.put(KEY, b"a plan")
    assert recording.events.count(FAILED) == FAILURES, "only the first calls reached the network"
    (change,) = recording.changes
    assert (change.dependency, change.up, "secret" in change.reason) == (Dependency.PLAN_CACHE, False, False)
    assert change.reason


async def test_redis_is_used_again_without_a_request_when_it_is_available(start_redis: StartRedis) -> None:
    redis, recording = start_redis(), Recording()
    async with store_at(redis.url, recording) as store:
        store.put(KEY, b"a plan")
        await stored(redis)
        redis.stop()
        for _ in range(FAILURES):
            assert await store.get(KEY) is None
        redis.start()
        await recording.wait_for(lambda: [change.up for change in recording.changes] == [False, True])
        store.put(KEY, b"a plan")
        await stored(redis)
        assert await store.get(KEY) == b"a plan"


async def test_redis_that_hangs_is_unavailable_without_a_request() -> None:
    recording = Recording()
    with silent() as address:
        store = RedisPlanStore(f"redis://{address}/0", TTL_SECONDS, recording, Breaker(rest_seconds=3600))
        async with store.running():
            await recording.wait_for(lambda: bool(recording.changes))
        assert [change.up for change in recording.changes] == [False]
        assert recording.calls == [("ping", "NoAnswer")] * FAILURES
    assert len(asyncio.all_tasks()) == 1, "no check is left"


async def test_more_callers_than_connections_wait_in_order(redis: Redis) -> None:
    recording = Recording()

    async def call_often() -> None:
        for _ in range(30):
            await store.get(KEY)

    async with store_at(redis.url, recording) as store:
        await asyncio.gather(*(call_often() for _ in range(300)))
    assert recording.events == []


async def test_concurrent_puts_are_bounded() -> None:
    recording = Recording()
    with silent() as address:
        async with store_at(f"redis://{address}/0", recording, rest_seconds=3600) as store:
            before = len(asyncio.all_tasks())
            for _ in range(1000):
                store.put(KEY, b"a plan")
            assert len(asyncio.all_tasks()) - before < 20
        assert len(asyncio.all_tasks()) == before, "close leaves no task"

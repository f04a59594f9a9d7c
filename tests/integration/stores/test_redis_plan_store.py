"""Plans in a real Redis: found by everybody for a time, and nobody waits for a Redis that is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager

import pytest

from service.events import Dependency, DependencyChanged, DependencyFailed, Event
from service.stores.breaker import FAILURES, Breaker
from service.stores.redis.plan_store import RedisPlanStore
from tests.backends.dead import black_hole, refusing, silent
from tests.backends.fixtures import StartRedis
from tests.backends.redis import Redis
from tests.waiting import wait_for

TTL_SECONDS = 30
KEY = bytes(range(32))
FAILED = DependencyFailed(Dependency.PLAN_CACHE)


class Told:
    """Fulfils ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def record(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    @property
    def changes(self) -> list[DependencyChanged]:
        return [event for event in self.events if isinstance(event, DependencyChanged)]

    async def has(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not wanted():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def store_at(url: str, told: Told, rest_seconds: float = 0.05) -> AsyncIterator[RedisPlanStore]:
    store = RedisPlanStore(url, TTL_SECONDS, told, Breaker(rest_seconds=rest_seconds))
    yield store
    await store.close()


async def stored(redis: Redis) -> bytes:
    """The name of the one thing that Redis holds, waited for."""
    with redis.client() as client:
        names = await asyncio.to_thread(wait_for, lambda: list(client.scan_iter()), "the plan is there")
        return bytes(names[0])


async def test_what_one_process_puts_another_gets_until_its_time_is_over(redis: Redis) -> None:
    told = Told()
    async with store_at(redis.url, told) as one, store_at(redis.unix_url, told) as other:
        assert await other.get(KEY) is None
        one.put(KEY, b"a plan\0\xff")
        name = await stored(redis)
        assert await other.get(KEY) == b"a plan\0\xff"
        assert await other.get(KEY[::-1]) is None
    with redis.client() as client:
        assert name == b"streaming:plan:" + KEY.hex().encode()
        assert (TTL_SECONDS - 10) * 1000 < client.pttl(name) <= TTL_SECONDS * 1000
    assert told.events == []


@pytest.mark.parametrize("away", [refusing, silent, black_hole])
async def test_a_redis_that_is_away_is_a_miss_and_soon_costs_nothing(
    away: Callable[[], AbstractContextManager[str]],
) -> None:
    told = Told()
    with away() as address:
        async with store_at(f"redis://:secret@{address}/0", told, rest_seconds=3600) as store:
            for _ in range(FAILURES):
                assert await store.get(KEY) is None
            for _ in range(1000):
                assert await store.get(KEY) is None
                store.put(KEY, b"a plan")
    assert told.events.count(FAILED) == FAILURES, "only the first calls reached the network"
    (change,) = told.changes
    assert (change.dependency, change.up, "secret" in change.reason) == (Dependency.PLAN_CACHE, False, False)
    assert change.reason


async def test_it_is_asked_again_once_it_is_back_though_no_request_tries(start_redis: StartRedis) -> None:
    redis, told = start_redis(), Told()
    async with store_at(redis.url, told) as store:
        store.put(KEY, b"a plan")
        await stored(redis)
        redis.stop()
        for _ in range(FAILURES):
            assert await store.get(KEY) is None
        redis.start()
        await told.has(lambda: [change.up for change in told.changes] == [False, True])
        store.put(KEY, b"a plan")
        await stored(redis)
        assert await store.get(KEY) == b"a plan"


async def test_a_crowd_is_served_in_turn(redis: Redis) -> None:
    told = Told()

    async def ask_often() -> None:
        for _ in range(30):
            await store.get(KEY)

    async with store_at(redis.url, told) as store:
        await asyncio.gather(*(ask_often() for _ in range(300)))
    assert told.events == []


async def test_only_so_many_puts_are_on_their_way() -> None:
    told = Told()
    with silent() as address:
        async with store_at(f"redis://{address}/0", told, rest_seconds=3600) as store:
            before = len(asyncio.all_tasks())
            for _ in range(1000):
                store.put(KEY, b"a plan")
            assert len(asyncio.all_tasks()) - before < 20
        assert len(asyncio.all_tasks()) == before, "closing it leaves nothing behind"

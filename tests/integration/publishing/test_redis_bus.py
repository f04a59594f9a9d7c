"""Notices over a real Redis. Here several buses run in one event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

from service.live.ports import LiveNotice, StreamCreated, StreamTouched
from service.publishing.redis_bus import RedisBus
from tests.backends.fixtures import StartRedis
from tests.backends.redis import Redis
from tests.integration.publishing.bus_listener import Listener
from tests.unit.publishing.notices import a_record, stored
from tests.waiting import LIMIT_SECONDS

_NUMBERS = count()


@asynccontextmanager
async def _running(redis: Redis, number: int) -> AsyncIterator[list[Listener]]:
    """Buses that follow the stream, and a last one that does not; all are connected."""
    listeners = [Listener(RedisBus(redis.url)) for _ in range(number)]
    for listener in listeners[:-1]:
        listener.bus.follow("stream")
    async with AsyncExitStack() as stack:
        for listener in listeners:
            await stack.enter_async_context(listener.running())
        await _connected(listeners)
        yield listeners


async def _connected(listeners: list[Listener]) -> None:
    """Send notices until each bus receives those of the others, and those of the stream if it follows it."""
    async with asyncio.timeout(LIMIT_SECONDS):
        for sender in listeners:
            others = [one for one in listeners if one is not sender]
            for number in _NUMBERS:
                created = StreamCreated(a_record(f"probe {number}"))
                touched = StreamTouched("stream", number)
                sender.bus.publish([touched, created])
                await asyncio.sleep(0.02)
                if all(created in one.received for one in others) and all(
                    touched in one.received for one in listeners[:-1] if one is not sender
                ):
                    break
    for listener in listeners:
        listener.received.clear()


async def test_notices_reach_those_who_follow_and_not_their_sender(redis: Redis) -> None:
    async with _running(redis, 3) as (sender, follower, other):
        sent: list[LiveNotice] = [StreamCreated(a_record()), stored(0, b"abc"), StreamTouched("stream", 1)]
        last = StreamCreated(a_record("last"))
        sender.bus.publish([*sent, stored(9, b"", stream_id="foreign"), last])
        for listener, expected in ((follower, [*sent, last]), (other, [sent[0], last])):
            for notice in expected:
                await listener.has(notice)
            assert sorted(map(repr, listener.received)) == sorted(map(repr, expected))
        assert sender.received == []


async def test_streams_are_followed_and_left_while_it_runs(redis: Redis) -> None:
    async with _running(redis, 2) as (sender, other):
        other.bus.follow("later")
        async with asyncio.timeout(LIMIT_SECONDS):
            for number in _NUMBERS:
                sender.bus.publish([stored(number, b"later", stream_id="later")])
                await asyncio.sleep(0.02)
                if other.received:
                    break
        other.bus.unfollow("later")
        async with asyncio.timeout(LIMIT_SECONDS):
            for number in _NUMBERS:
                before = len(other.received)
                sender.bus.publish([stored(number, b"left", stream_id="later"), StreamCreated(a_record(f"{number}"))])
                await other.has(StreamCreated(a_record(f"{number}")))
                if len(other.received) == before + 1:
                    break


async def test_it_reconnects_and_follows_what_it_followed(start_redis: StartRedis) -> None:
    redis = start_redis()
    async with _running(redis, 3) as listeners:
        await asyncio.to_thread(redis.stop)
        listeners[0].bus.publish([stored(0, b"lost or late")])
        await asyncio.to_thread(redis.start)
        await _connected(listeners)

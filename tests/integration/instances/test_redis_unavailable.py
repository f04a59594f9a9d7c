"""The Redis that instances share becomes unavailable and available again: what is lost until then, and what is not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.backends.redis import Redis
from tests.clients.recovering import CountedStream, RecoveringClient
from tests.integration.instances.instances import Instance, Instances, sharing
from tests.waiting import eventually, wait_for

LONG_TEXT = "".join(f"word{number} " for number in range(2000))
"""A minute of stream: more than any of the tests takes."""
IN_REDIS = {"session_store", "live_store", "plan_cache"}
"""What becomes unavailable: the stores when they are called, the cache at its next call or probe."""
STREAMS = 20
MAX_REQUESTS = 5


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    running = Redis(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def instances(tmp_path: Path, redis: Redis) -> Iterator[Instances]:
    settings = {"DRAIN_SECONDS": 0, "MAX_REQUESTS_PER_SESSION": MAX_REQUESTS}
    with Instances(tmp_path, sharing(tmp_path, 2, redis.url, settings)) as running:
        yield running
    assert running.faults == []


def ready(instance: Instance) -> tuple[int, Any]:
    answer = httpx.get(f"http://{instance.address}/ready")
    return answer.status_code, answer.json()


async def wait_until_all_are(instances: Instances, status: str) -> None:
    for member in instances.members:
        await asyncio.to_thread(wait_for, lambda member=member: ready(member)[1]["status"] == status, status)


class Load:
    """Streams on connections of their own, from before the context until after it."""

    def __init__(self, instances: Instances) -> None:
        self._clients = [RecoveringClient(instances.address, f"load-{number}") for number in range(STREAMS)]
        self._received = [0] * STREAMS

    async def all_receive_chunks(self) -> None:
        """Return when each stream has received a chunk from now on."""
        before = list(self._received)

        async def all_have() -> bool:
            return all(now > then for now, then in zip(self._received, before, strict=True))

        await eventually(all_have)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            streams = [group.create_task(self._stream(number)) for number in range(STREAMS)]
            await self.all_receive_chunks()
            yield
            await self.all_receive_chunks()
            assert not any(stream.done() for stream in streams)
            for client in self._clients:
                await client.skip()

    async def _stream(self, number: int) -> None:
        """Receive one stream on one connection, without a gap."""
        async with self._clients[number] as client:
            await client.join()
            await client.send("stream_request", content=LONG_TEXT, speed="superfast")
            parts: list[str] = []
            while (message := await client.receive())["type"] != "stream_complete":
                if message["type"] == "chunk":
                    assert message["index"] == len(parts)
                    parts.append(message["data"])
                    self._received[number] += 1
            assert "".join(parts) == LONG_TEXT


async def check_unavailable(instances: Instances, load: Load) -> None:
    """Requests are served, streams continue, and the instances report degraded mode."""
    for member in instances.members:
        async with RecoveringClient(member.address, "unavailable") as client:
            await client.join()
            stream = await client.stream(content="one two", speed="superfast")
            assert (stream.end["type"], stream.resumable) == ("stream_complete", False)
            assert (await client.recover(stream.stream_id, 0, client.token))["reason"] == "unavailable"
    await wait_until_all_are(instances, "degraded")
    for member in instances.members:
        status, answer = ready(member)
        assert (status, answer["status"]) == (200, "degraded")
        assert {"session_store"} <= {*answer["unavailable"]} <= IN_REDIS
    await load.all_receive_chunks()


async def check_available(instances: Instances) -> None:
    """Streams can be recovered again, without a restart of an instance."""
    await wait_until_all_are(instances, "ready")
    here, there = instances.members
    async with RecoveringClient(here.address, "later") as first, RecoveringClient(there.address, "later") as client:
        stream = CountedStream(content=LONG_TEXT, speed="superfast")
        await first.follow(stream, until_chunks=1)
        assert stream.resumable
        await client.join()
        assert (await client.recover(stream.stream_id, 0, first.token))["recovered"]


async def test_streams_continue_while_redis_is_stopped(instances: Instances, redis: Redis) -> None:
    load = Load(instances)
    async with load.running():
        redis.stop()
        await check_unavailable(instances, load)
    await asyncio.to_thread(redis.start)
    await check_available(instances)


async def test_streams_continue_while_redis_does_not_answer(instances: Instances, redis: Redis) -> None:
    load = Load(instances)
    async with load.running():
        with redis.frozen():
            await check_unavailable(instances, load)
    await check_available(instances)


async def test_streams_continue_while_redis_is_restarted(instances: Instances, redis: Redis) -> None:
    async with Load(instances).running():
        await asyncio.to_thread(redis.restart)
    await check_available(instances)


async def test_each_process_counts_on_from_its_latest_count(instances: Instances, redis: Redis) -> None:
    here, there = instances.members
    async with RecoveringClient(here.address, "counted") as first, RecoveringClient(there.address, "counted") as second:
        for _ in range(3):
            await first.stream(content="word")
        assert (await second.join())["requests_left"] == 2
        with redis.frozen():
            for client in (first, second):
                ends = [(await client.stream(content="word")).end for _ in range(3)]
                codes = [end.get("code", end["type"]) for end in ends]
                assert codes == ["stream_complete", "stream_complete", "RATE_LIMIT_EXCEEDED"]
        await wait_until_all_are(instances, "ready")
        assert (await first.stream(content="word")).end["code"] == "RATE_LIMIT_EXCEEDED"

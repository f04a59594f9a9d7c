"""The Redis that instances share goes away and comes back: what is lost meanwhile, and what is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.backends.redis import Redis
from tests.clients.recovering import CountedStream, RecoveringClient
from tests.integration.instances.instances import Instance, Instances, sharing
from tests.waiting import wait_for

TEXT = "".join(f"word{number} " for number in range(150))
STREAMS = 20
LONGEST_PAUSE_SECONDS = 0.5
"""Between two chunks that are due every 30 ms."""

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


def says(instance: Instance, status: str) -> bool:
    return bool(ready(instance)[1]["status"] == status)


@asynccontextmanager
async def under_load(instances: Instances) -> AsyncIterator[None]:
    """Streams run over all of it, none of which is interrupted, and all of which are whole."""

    async def streams(number: int) -> float:
        async with RecoveringClient(instances.address, f"load-{number}") as client:
            await client.join()
            await client.send("stream_request", content=TEXT, speed="superfast")
            await client.receive_type("stream_start")
            await begun.wait()
            moments, parts = [], []
            while (message := await client.receive())["type"] == "chunk":
                moments.append(time.perf_counter())
                parts.append(message["data"])
            assert (message["type"], "".join(parts)) == ("stream_complete", TEXT)
            return max(later - earlier for earlier, later in pairwise(moments))

    begun = asyncio.Barrier(STREAMS + 1)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(streams(number)) for number in range(STREAMS)]
        await begun.wait()
        yield
        assert not any(task.done() for task in tasks), "they ran over all of it"
    assert max(task.result() for task in tasks) < LONGEST_PAUSE_SECONDS


async def check_away(instances: Instances) -> None:
    """What holds while nobody answers."""
    for member in instances.members:
        async with RecoveringClient(member.address, "away") as client:
            began = time.perf_counter()
            await client.join()
            stream = await client.stream(content="one two", speed="superfast")
            assert (stream.end["type"], stream.resumable) == ("stream_complete", False)
            assert (await client.recover(stream.stream_id, 0, client.token))["reason"] == "unavailable"
            assert time.perf_counter() - began < 3
    for member in instances.members:
        await asyncio.to_thread(wait_for, lambda member=member: says(member, "degraded"), "it says what is away")
        assert ready(member) == (200, {"status": "degraded", "unavailable": ["session_store"]})


async def check_back(instances: Instances) -> None:
    """What holds once somebody does, without a restart of anything."""
    for member in instances.members:
        await asyncio.to_thread(wait_for, lambda member=member: says(member, "ready"), "it is ready again")
    here, there = instances.members
    async with RecoveringClient(here.address, "back") as first, RecoveringClient(there.address, "back") as client:
        stream = CountedStream(content=TEXT, speed="superfast")
        await first.follow(stream, until_chunks=1)
        assert stream.resumable
        await client.join()
        assert (await client.recover(stream.stream_id, 0, first.token))["recovered"]


async def test_one_that_is_stopped_and_started_again(instances: Instances, redis: Redis) -> None:
    async with under_load(instances):
        redis.stop()
        await check_away(instances)
    await asyncio.to_thread(redis.start)
    await check_back(instances)


async def test_one_that_answers_nothing_for_a_while(instances: Instances, redis: Redis) -> None:
    async with under_load(instances):
        with redis.frozen():
            await check_away(instances)
    await check_back(instances)


async def test_one_that_is_restarted_under_load(instances: Instances, redis: Redis) -> None:
    async with under_load(instances):
        await asyncio.to_thread(redis.restart)
    await check_back(instances)


async def test_while_it_is_away_each_process_counts_on_from_what_it_knew(instances: Instances, redis: Redis) -> None:
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
        for member in instances.members:
            await asyncio.to_thread(wait_for, lambda member=member: says(member, "ready"), "it is ready again")
        assert (await first.stream(content="word")).end["code"] == "RATE_LIMIT_EXCEEDED"

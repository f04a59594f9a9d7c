"""kill -9 while streams run: every client receives its content exactly once and is charged once."""

import asyncio

from tests.clients.recovering import CountedStream, RecoveringClient
from tests.e2e.chaos.account import Account
from tests.e2e.chaos.storm import MAX_REQUESTS, storm
from tests.integration.instances.conftest import StartInstances
from tests.integration.instances.instances import Instances

KILLS = 5
"""A hundred in tests/e2e/chaos/test_long.py, with the gaps that clients see."""


async def test_clients_lose_nothing_when_instances_are_killed(start_instances: StartInstances) -> None:
    instances = start_instances(2, MAX_REQUESTS_PER_SESSION=MAX_REQUESTS)
    account = await storm(instances, KILLS)
    check(account, instances)


async def test_clients_lose_nothing_when_workers_are_killed(start_instances: StartInstances) -> None:
    instances = start_instances(1, MAX_REQUESTS_PER_SESSION=MAX_REQUESTS, MAX_WORKERS=2)
    account = await storm(instances, KILLS)
    check(account, instances)


async def test_a_stream_continues_after_all_instances_were_killed(start_instances: StartInstances) -> None:
    """Only the store has the state of the stream."""
    instances = start_instances(2)
    async with RecoveringClient(instances.address, "all") as client:
        stream = CountedStream(content="word " * 60, speed="superfast")
        await client.follow(stream, until_chunks=20)
        for member in instances.members:
            member.server.process.kill()
            await asyncio.to_thread(member.server.process.wait)
        for member in instances.members:
            await asyncio.to_thread(member.start)
        await client.follow(stream)
        await client.leave()
        await client.join()
        assert stream.data == "word " * 60
        assert (stream.breaks, stream.lost, stream.double) == (1, 0, 0)
        assert client.requests_left == 99


def check(account: Account, instances: Instances) -> None:
    assert (account.kills, account.exact, account.lost, account.double) == (KILLS, account.streams, 0, 0), account
    assert account.charged == account.sessions
    assert account.breaks >= KILLS, "each kill interrupts a stream"
    assert instances.faults == []

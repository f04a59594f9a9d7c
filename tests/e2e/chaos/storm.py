"""Kill processes while clients stream without a pause."""

import asyncio
import random
from collections.abc import Mapping
from itertools import cycle, islice

from tests.clients.recovering import RecoveringClient
from tests.e2e.chaos.account import Account
from tests.integration.instances.documents import REQUESTS
from tests.integration.instances.instances import Instances

MAX_REQUESTS = 1_000_000
"""The request limit of a session: more than a storm needs."""

_LONGEST_WAIT_SECONDS = 0.5


async def storm(instances: Instances, kills: int, clients: int = len(REQUESTS)) -> Account:
    """Kill processes at random moments, each time the one with the most clients.

    Each client streams one kind of document after the other, in a session of its own. Raises ``GaveUp``.
    """
    found = await asyncio.gather(*(_digest(instances.address, request) for request in REQUESTS.values()))
    digests = dict(zip(REQUESTS, found, strict=True))
    account = Account()
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(_streams(instances.address, number, digests, over, account))
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0, _LONGEST_WAIT_SECONDS))
            instance, process = await asyncio.to_thread(instances.busiest)
            process.kill()
            account.kills += 1
            await instance.replaced(process)
        over.set()
    return account


async def _digest(address: str, request: Mapping[str, str]) -> str:
    async with RecoveringClient(address, "reference") as client:
        stream = await client.stream(**request, speed="superfast")
    assert (stream.end["type"], stream.breaks) == ("stream_complete", 0), stream.end
    return stream.digest


async def _streams(
    address: str, number: int, digests: Mapping[str, str], over: asyncio.Event, account: Account
) -> None:
    requested = 0
    async with RecoveringClient(address, f"storm-{number}") as client:
        for kind in islice(cycle(REQUESTS), number, None):
            if over.is_set():
                break
            requested += 1
            account.add(await client.stream(**REQUESTS[kind], speed="superfast"), digests[kind])
        await client.leave()
        await client.join()
        account.add_session(requested=requested, used=MAX_REQUESTS - client.requests_left)

"""Many clients that connect at once: none fails, and each has a stream that can be recovered."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from tests.clients.recovering import RecoveringClient
from tests.integration.instances.conftest import StartInstances


async def check_burst(start_instances: StartInstances, clients: int) -> None:
    """All clients connect at once, and each sends a request at once."""
    instances = start_instances(1)
    (instance,) = instances.members

    async def stream(number: int) -> tuple[bool, bool, str]:
        async with RecoveringClient(instance.address, f"s-{number}") as client:
            connected = await client.join()
            stream = await client.stream(content="one two", speed="superfast")
            return "resume_token" in connected, stream.resumable, stream.end["type"]

    outcomes = Counter(await asyncio.gather(*map(stream, range(clients))))
    assert outcomes == {(True, True, "stream_complete"): clients}
    assert not [line for line in instance.server.log if line["event"] == "dependency_unavailable"]


async def test_a_burst_of_clients_is_no_outage_of_the_store(start_instances: StartInstances) -> None:
    await check_burst(start_instances, 300)


@pytest.mark.proof
@pytest.mark.usefixtures("busy_loops")
async def test_burst_beside_busy_loops(
    start_instances: StartInstances, record_property: Callable[[str, object], None]
) -> None:
    """1900 clients connect at once, beside two endless loops: each can recover its stream."""
    await check_burst(start_instances, 1900)
    record_property("clients", 1900)

"""Ten minutes of streams without a pause."""

import asyncio
from collections.abc import Callable

import psutil
import pytest

from tests.clients.direct import joined, stream
from tests.conftest import RunningServer, StartServer

CLIENTS = 100
WARM_UP_ROUNDS = 20
ROUNDS = 180
GROWTH_BYTES = 8 * 1024 * 1024
"""A leak of 500 bytes for each stream would be more."""

DOCUMENT = "word " * 100  # 3 s at the highest speed


async def _run_clients(server: RunningServer, rounds: int) -> None:
    async def run(number: int) -> None:
        async with joined(server, f"soak-{number}") as client:
            for _ in range(rounds):
                assert await stream(client, DOCUMENT) == DOCUMENT

    await asyncio.gather(*map(run, range(CLIENTS)))


@pytest.mark.proof
async def test_memory_does_not_grow_with_the_number_of_streams(
    start_server: StartServer, record_property: Callable[[str, object], None]
) -> None:
    """100 clients that each receive 200 streams: the memory of the service does not grow after the first 20."""
    server = start_server(MAX_REQUESTS_PER_SESSION=1_000_000)
    process = psutil.Process(server.process.pid)
    await _run_clients(server, WARM_UP_ROUNDS)
    before = process.memory_info().rss
    await _run_clients(server, ROUNDS)
    after = process.memory_info().rss
    record_property("streams", CLIENTS * (WARM_UP_ROUNDS + ROUNDS))
    record_property("RSS", f"{before / 2**20:.1f} to {after / 2**20:.1f} MiB")
    record_property("CPU", f"{sum(process.cpu_times()[:2]):.0f} s")
    assert after - before < GROWTH_BYTES

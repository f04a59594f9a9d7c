"""Long storms: 100 kills for each store, with several instances and with several workers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.chaos.__main__ import STORES, start_instances
from tests.e2e.chaos.storm import storm

KILLS = 100
CLIENTS = 8


@pytest.mark.proof
@pytest.mark.parametrize(("instances", "workers"), [(2, 1), (1, 2)], ids=["2 instances", "2 workers"])
@pytest.mark.parametrize("store", STORES)
async def test_clients_lose_nothing_in_100_kills(
    tmp_path: Path, store: str, instances: int, workers: int, record_property: Callable[[str, object], None]
) -> None:
    """kill -9 of the busiest process 100 times, with 8 clients that stream without a pause."""
    with start_instances(tmp_path, store, instances, workers) as running:
        account = await storm(running, KILLS, CLIENTS)
        faults = running.faults
    for name, value in account.figures().items():
        record_property(name, value)
    assert account.spotless, account.deviations
    assert faults == []

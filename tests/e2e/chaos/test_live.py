"""Kills of producers, servers and readers of live streams in turn."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.chaos.__main__ import STORES, start_instances
from tests.e2e.chaos.live_sources import PUBLISH_TOKEN
from tests.e2e.chaos.live_storm import live_storm


async def kill(
    folder: Path, store: str, kills: int, record_property: Callable[[str, object], None], *, workers: int
) -> None:
    instances = 3 - workers
    with start_instances(folder, store, instances, workers, PUBLISH_TOKEN=PUBLISH_TOKEN) as running:
        account = await live_storm(running, kills)
        faults = running.faults
    for name, value in account.figures().items():
        record_property(name, value)
    assert account.spotless, account.deviations
    assert faults == []


@pytest.mark.parametrize(("store", "workers"), [("sqlite", 2), ("redis", 1)])
async def test_live_streams_are_exact_in_a_few_kills(
    tmp_path: Path, store: str, workers: int, record_property: Callable[[str, object], None]
) -> None:
    await kill(tmp_path, store, 6, record_property, workers=workers)


@pytest.mark.proof
@pytest.mark.parametrize(("store", "workers"), [("sqlite", 2), ("redis", 1)], ids=["SQLite, 2 workers", "2 instances"])
async def test_live_streams_are_exact_in_300_kills(
    tmp_path: Path, store: str, workers: int, record_property: Callable[[str, object], None]
) -> None:
    """kill -9 of producer, server and reader in turn, 300 times, with 3 live streams."""
    assert store in STORES
    await kill(tmp_path, store, 300, record_property, workers=workers)

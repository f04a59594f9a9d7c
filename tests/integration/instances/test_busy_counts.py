"""The request limit of a session on a machine that does something else, with a store that is slow."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service.stores.factory import FILE_NAME
from tests.integration.instances.conftest import StartInstances, Store
from tests.integration.instances.test_counts import REQUESTS_OF_EACH, check_exact

INSTANCES = 4
CONNECTIONS = INSTANCES * 2000 // REQUESTS_OF_EACH
ROUNDS = 10
SLOW_SECONDS = 1


@pytest.fixture
def slow(store: Store, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Keeps the store from answering for a second: another program locks the file, or pauses Redis."""
    if store == "redis":
        redis = request.getfixturevalue("redis")

        def pause() -> None:
            with redis.client() as client:
                client.client_pause(SLOW_SECONDS * 1000)

        return pause
    other: Any = request.getfixturevalue("other_program")

    def lock() -> None:
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(SLOW_SECONDS, other.execute, "ROLLBACK")

    return lock


@pytest.fixture
def other_program(tmp_path: Path) -> Any:  # noqa: ANN401 - a generator of a connection
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME, timeout=60, isolation_level=None)) as other:
        yield other


@pytest.mark.proof
@pytest.mark.usefixtures("busy_loops")
async def test_limit_is_exact_beside_busy_loops(
    start_instances: StartInstances, slow: Callable[[], None], record_property: Callable[[str, object], None]
) -> None:
    """Four instances, 2000 requests each, two endless loops, a store that does not answer for a second: ten rounds."""
    instances = start_instances(INSTANCES)
    for number in range(ROUNDS):
        await check_exact(instances, slow, f"round-{number}", CONNECTIONS)
    record_property("admitted in each round", 100)
    assert instances.faults == []

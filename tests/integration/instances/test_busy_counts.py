"""The request limit of a session on a machine that does something else, with a store that is slow."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from service.stores.factory import FILE_NAME
from tests.integration.instances.conftest import StartInstances, Store
from tests.integration.instances.test_counts import REQUESTS_OF_EACH, check_exact

INSTANCES = 4
CONNECTIONS = INSTANCES * 2000 // REQUESTS_OF_EACH
ROUNDS = 10
SLOW_SECONDS = 1
LOCKING_PROGRAM = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
other.execute("ROLLBACK")
"""
"""A process of its own: the event loop of the test is late by seconds, and would hold the lock for as long."""


@pytest.fixture
def slow(store: Store, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Keeps the store from answering for a second: another program locks the file, or pauses Redis."""
    if store == "redis":
        redis = request.getfixturevalue("redis")

        def pause() -> None:
            with redis.client() as client:
                client.client_pause(SLOW_SECONDS * 1000)

        return pause
    file = request.getfixturevalue("tmp_path") / "data" / FILE_NAME

    def lock() -> None:
        program = [sys.executable, "-c", LOCKING_PROGRAM, str(file), str(SLOW_SECONDS)]
        locking = subprocess.Popen(program, stdout=subprocess.PIPE)
        request.addfinalizer(locking.communicate)  # closes its output too
        assert locking.stdout is not None
        locking.stdout.readline()

    return lock


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

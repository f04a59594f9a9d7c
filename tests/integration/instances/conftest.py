"""Instances for tests."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest

from tests.clients.recovering import RecoveringClient
from tests.integration.instances.instances import Instance, Instances, sharing

Store = Literal["sqlite", "redis"]

STORES: tuple[Store, ...] = ("sqlite", "redis")

StartInstances = Callable[..., Instances]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    """The store that the instances share: the file in ``DATA_DIR``, or Redis."""
    kind: Store = request.param
    return kind


@pytest.fixture
def start_instances(tmp_path: Path, store: Store, request: pytest.FixtureRequest) -> Iterator[StartInstances]:
    """Starts a number of instances with the given settings: ``start_instances(2, RESUME_TTL=1)``.

    With Redis they share nothing else.
    """
    url = request.getfixturevalue("redis").url if store == "redis" else None
    with ExitStack() as endings:

        def start(count: int, **settings: object) -> Instances:
            each = sharing(tmp_path, count, url, {"DRAIN_SECONDS": 0} | settings)
            return endings.enter_context(Instances(tmp_path, each))

        yield start


@pytest.fixture(scope="package", params=STORES)
def pair(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Instances]:
    """Two instances with the default settings, for several tests."""
    folder = tmp_path_factory.mktemp("pair")
    url = request.getfixturevalue("shared_redis").url if request.param == "redis" else None
    with Instances(folder, sharing(folder, 2, url, {"DRAIN_SECONDS": 0})) as instances:
        yield instances
    assert instances.faults == []


@pytest.fixture
def here(pair: Instances) -> Iterator[Instance]:
    """The instance that a test may kill. Killed instances are started again after the test."""
    yield pair.members[0]
    for member in pair.members:
        if member.server.process.poll() is not None:
            member.start()


@pytest.fixture
def there(pair: Instances) -> Instance:
    """The other instance."""
    return pair.members[1]


@pytest.fixture
async def begun(here: Instance, session_id: str) -> AsyncIterator[RecoveringClient]:
    """A connected client of the instance ``here``."""
    async with RecoveringClient(here.address, session_id) as client:
        await client.join()
        yield client

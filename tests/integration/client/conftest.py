"""Services into which the client publishes."""

from collections.abc import AsyncIterator, Iterator

import pytest

from streaming_content import Publisher
from tests.conftest import RunningServer, stop_cleanly
from tests.integration.publishing.back_end import OPEN, PUBLISH_TOKEN, BackEnd, back_end


@pytest.fixture(scope="session")
def publishing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Without authentication; shared by tests that do not change its state."""
    running = RunningServer(tmp_path_factory.mktemp("publishing"), {"DRAIN_SECONDS": 0, **OPEN})
    yield running
    stop_cleanly(running)


@pytest.fixture
def publisher(publishing: RunningServer) -> Publisher:
    return Publisher(publishing.url, token=PUBLISH_TOKEN)


@pytest.fixture
async def calls(publishing: RunningServer) -> AsyncIterator[BackEnd]:
    """The same service without the client."""
    async with back_end(publishing) as one:
        yield one

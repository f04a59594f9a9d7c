"""Servers on which back ends publish."""

from collections.abc import AsyncIterator, Iterator

import pytest

from service.asyncapi.conversations import WITH_TOKENS
from tests.conftest import RunningServer, stop_cleanly
from tests.integration.publishing.back_end import OPEN, BackEnd, back_end


@pytest.fixture(scope="session")
def publishing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Without authentication; shared by tests that do not change its state."""
    running = RunningServer(tmp_path_factory.mktemp("publishing"), {"DRAIN_SECONDS": 0, **OPEN})
    yield running
    stop_cleanly(running)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With authentication; shared by tests that do not change its state."""
    running = RunningServer(tmp_path_factory.mktemp("guarded"), {"DRAIN_SECONDS": 0, **WITH_TOKENS})
    yield running
    stop_cleanly(running)


@pytest.fixture
async def producer(publishing: RunningServer) -> AsyncIterator[BackEnd]:
    async with back_end(publishing) as one:
        yield one

"""A server with authentication."""

from collections.abc import Iterator

import pytest

from service.asyncapi.conversations import WITH_TOKENS
from tests.conftest import RunningServer, stop_cleanly


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Shared by tests that do not change its state."""
    running = RunningServer(tmp_path_factory.mktemp("guarded"), {"DRAIN_SECONDS": 0, **WITH_TOKENS})
    yield running
    stop_cleanly(running)

"""A server whose parts fail on request."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import RunningServer, StartServer


@pytest.fixture
def start_breaking_server(tmp_path: Path) -> Iterator[StartServer]:
    """As ``start_server``, with parts that fail on request: it may log errors, and ends with status 0."""
    with ExitStack() as endings:

        def start(**settings: object) -> RunningServer:
            server = RunningServer(
                tmp_path, {"DRAIN_SECONDS": 0} | settings, "tests.integration.observability.breaking"
            )
            endings.callback(_stop, server)
            return server

        yield start


def _stop(server: RunningServer) -> None:
    assert (server.stop(), server.noise) == (0, [])

"""A server whose faults are asked for."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import RunningServer, StartServer


@pytest.fixture
def start_breaking_server(tmp_path: Path) -> Iterator[StartServer]:
    """As ``start_server``, of the service whose parts break on demand: it may log errors, and still leaves in order."""
    with ExitStack() as endings:

        def start(**settings: object) -> RunningServer:
            server = RunningServer(
                tmp_path, {"DRAIN_SECONDS": 0} | settings, "tests.integration.observability.breaking"
            )
            endings.callback(_leaves, server)
            return server

        yield start


def _leaves(server: RunningServer) -> None:
    assert (server.stop(), server.noise) == (0, [])

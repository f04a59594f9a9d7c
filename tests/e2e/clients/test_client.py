"""The JavaScript client against the real service; the tests are in JavaScript."""

import pytest

from tests.conftest import RunningServer
from tests.e2e.clients.program import run_tests


@pytest.mark.parametrize("about", ["streams", "recovery", "backoff", "waits", "listeners"])
async def test_the_javascript_tests_pass(server: RunningServer, about: str) -> None:
    await run_tests(f"{about}.test.mjs", SERVICE=server.url)

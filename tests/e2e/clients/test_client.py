"""The JavaScript client against the real service; the tests are in JavaScript."""

import pytest

from tests.conftest import RunningServer
from tests.e2e.clients.program import passed


@pytest.mark.parametrize("about", ["streams", "recovery", "backoff", "listeners"])
async def test_it_does_all_that_its_own_tests_ask(server: RunningServer, about: str) -> None:
    await passed(f"{about}.test.mjs", SERVICE=server.url)

"""The adapters for React, Vue and Svelte, with the real frameworks and the real service."""

import pytest

from tests.conftest import RunningServer, StartServer
from tests.e2e.clients.program import run_tests

PUBLISHING = {"PUBLISH_TOKEN": "of-the-back-end-of-these-tests"}


@pytest.mark.parametrize("version", ["18", "19"])
async def test_the_javascript_tests_of_react_pass(start_server: StartServer, version: str) -> None:
    await run_tests("react.test.mjs", SERVICE=start_server(**PUBLISHING).url, REACT=version, **PUBLISHING)


async def test_the_javascript_tests_of_vue_pass(start_server: StartServer) -> None:
    await run_tests("vue.test.mjs", SERVICE=start_server(**PUBLISHING).url, **PUBLISHING)


async def test_the_javascript_tests_of_svelte_pass(start_server: StartServer) -> None:
    browser = "--conditions=browser"
    await run_tests("svelte.test.mjs", browser, SERVICE=start_server(**PUBLISHING).url, **PUBLISHING)


async def test_the_javascript_tests_of_svelte_on_a_server_pass(server: RunningServer) -> None:
    await run_tests("svelte-server.test.mjs", SERVICE=server.url)


async def test_the_examples_of_the_readme_run(server: RunningServer) -> None:
    await run_tests("readme.test.mjs", "--conditions=browser", SERVICE=server.url)

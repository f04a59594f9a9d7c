"""The JavaScript client against the real service; the tests are in JavaScript."""

import pytest

from service.asyncapi.conversations import WITH_TOKENS
from tests.conftest import RunningServer, StartServer
from tests.e2e.clients.program import run_tests

TOPICS = [
    "streams",
    "recovery",
    "backoff",
    "survival",
    "misuse",
    "waits",
    "listeners",
    "events",
    "parallel",
    "saved",
    "storage",
]


@pytest.mark.parametrize("about", TOPICS)
async def test_the_javascript_tests_pass(server: RunningServer, about: str) -> None:
    await run_tests(f"{about}.test.mjs", SERVICE=server.url)


async def test_the_javascript_tests_of_reports_pass(start_server: StartServer) -> None:
    await run_tests("reports.test.mjs", SERVICE=start_server(CLIENT_REPORTS="on").url)


async def test_the_javascript_tests_of_origins_pass(start_server: StartServer) -> None:
    await run_tests("origin.test.mjs", SERVICE=start_server(ALLOWED_ORIGINS="https://page.example").url)


async def test_the_javascript_tests_of_tokens_pass(start_server: StartServer) -> None:
    await run_tests("tokens.test.mjs", SERVICE=start_server(AUTH_TIMEOUT=1, **WITH_TOKENS).url, **WITH_TOKENS)


async def test_the_javascript_tests_of_quotas_pass(start_server: StartServer) -> None:
    await run_tests("quotas.test.mjs", SERVICE=start_server(QUOTA_REQUESTS=1, **WITH_TOKENS).url, **WITH_TOKENS)


async def test_the_javascript_tests_of_live_streams_pass(start_server: StartServer) -> None:
    publishing = {"PUBLISH_TOKEN": "of-the-back-end-of-these-tests"}
    await run_tests("live.test.mjs", SERVICE=start_server(**publishing).url, **publishing)


async def test_the_javascript_tests_of_rollover_pass(start_server: StartServer) -> None:
    few = {"MAX_REQUESTS_PER_SESSION": 4}
    await run_tests("rollover.test.mjs", SERVICE=start_server(**few).url, **few)

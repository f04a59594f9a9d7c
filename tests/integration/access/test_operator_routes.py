"""With authentication on, operators' routes need the scope admin; those of platforms and the page stay open."""

import pytest

from service.asyncapi.conversations import WITH_TOKENS
from tests.clients.direct import get
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import bearer, token


@pytest.mark.parametrize("path", ["/metrics", "/docs", "/openapi.json", "/asyncapi.json"])
async def test_operators_need_the_scope_admin(guarded: RunningServer, path: str) -> None:
    statuses = [
        (await get(guarded, path, **headers)).status_code
        for headers in ({}, bearer(token()), bearer(token(scope="admin")))
    ]
    assert statuses == [401, 403, 200]


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/websocket-test"])
async def test_others_are_open(guarded: RunningServer, path: str) -> None:
    assert (await get(guarded, path)).status_code == 200


async def test_a_scraper_uses_its_own_token(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, METRICS_TOKEN="of-the-scraper")
    assert (await get(server, "/metrics", **bearer("of-the-scraper"))).status_code == 200
    assert (await get(server, "/docs", **bearer("of-the-scraper"))).status_code == 401

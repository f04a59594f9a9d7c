"""ALLOWED_ORIGINS holds for pages that fetch and for pages that open a socket."""

import json

from tests.clients.direct import get, handshake
from tests.conftest import RunningServer, StartServer

OURS = "https://app.example.com"
ALSO_OURS = "http://localhost:5173"
FOREIGN = ["https://evil.example.com", "http://app.example.com", "https://app.example.com.evil.example", "null", ""]


async def test_by_default_all_may_come_in(server: RunningServer, session_id: str) -> None:
    status, _, _ = await handshake(server, f"/ws/stream/{session_id}", Origin=FOREIGN[0])
    assert status == 101
    assert (await get(server, "/", Origin=FOREIGN[0])).headers["access-control-allow-origin"] == "*"
    assert server.logged("service_started")["settings"]["ALLOWED_ORIGINS"] == "*"


async def test_a_list_is_enforced_on_the_socket(start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS=f"{OURS}, {ALSO_OURS}/")
    for origin in (OURS, ALSO_OURS):
        status, _, _ = await handshake(server, "/ws/stream/a", Origin=origin)
        assert status == 101
    for origin in FOREIGN:
        status, _, body = await handshake(server, "/ws/stream/a", Origin=origin)
        assert status == 403, origin
        assert "ALLOWED_ORIGINS" in json.loads(body)["error"]


async def test_a_client_that_is_no_browser_sends_no_origin_and_may_come_in(start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS=OURS)
    status, _, _ = await handshake(server, "/ws/stream/a")
    assert status == 101
    assert (await get(server, "/")).status_code == 200


async def test_a_list_is_enforced_for_pages_that_fetch(start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS=f"{OURS},{ALSO_OURS}")
    for origin in (OURS, ALSO_OURS):
        answer = await get(server, "/health", Origin=origin)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "origin" in answer.headers["vary"].lower()
    for origin in FOREIGN:
        assert "access-control-allow-origin" not in (await get(server, "/health", Origin=origin)).headers

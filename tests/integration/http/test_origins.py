"""ALLOWED_ORIGINS applies to CORS and to the Origin of handshakes."""

import json

import httpx

from tests.clients.direct import get, handshake
from tests.conftest import RunningServer, StartServer

FIRST = "https://app.example.com"
SECOND = "http://localhost:5173"
FOREIGN = ["https://evil.example.com", "http://app.example.com", "https://app.example.com.evil.example", "null", ""]


async def test_all_origins_are_allowed_by_default(server: RunningServer, session_id: str) -> None:
    status, _, _ = await handshake(server, f"/ws/stream/{session_id}", Origin=FOREIGN[0])
    assert status == 101
    assert (await get(server, "/", Origin=FOREIGN[0])).headers["access-control-allow-origin"] == "*"
    assert server.logged("service_started")["settings"]["ALLOWED_ORIGINS"] == "*"


async def test_a_list_applies_to_handshakes(start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS=f"{FIRST}, {SECOND}/")
    for origin in (FIRST, SECOND):
        status, _, _ = await handshake(server, "/ws/stream/a", Origin=origin)
        assert status == 101
    for origin in FOREIGN:
        status, _, body = await handshake(server, "/ws/stream/a", Origin=origin)
        assert status == 403, origin
        assert "ALLOWED_ORIGINS" in json.loads(body)["error"]


async def test_a_client_without_an_origin_is_accepted(start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS=FIRST)
    status, _, _ = await handshake(server, "/ws/stream/a")
    assert status == 101
    assert (await get(server, "/")).status_code == 200


async def test_a_page_may_read_events_and_cancel_with_its_token(server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        for method, path in (("GET", "/v1/streams/x/events"), ("POST", "/v1/streams/x/cancel")):
            answer = await client.options(
                path,
                headers={
                    "Origin": FIRST,
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": "authorization,last-event-id,x-session-secret",
                },
            )
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
            assert "access-control-allow-credentials" not in answer.headers


async def test_a_list_applies_to_cors(start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS=f"{FIRST},{SECOND}")
    for origin in (FIRST, SECOND):
        answer = await get(server, "/health", Origin=origin)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "origin" in answer.headers["vary"].lower()
    for origin in FOREIGN:
        assert "access-control-allow-origin" not in (await get(server, "/health", Origin=origin)).headers

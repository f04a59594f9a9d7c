"""Each carrier of a token, and each refusal with its status or its code."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import connect as open_socket
from websockets.typing import Subprotocol

from service.access.principal import AccessRefusal
from service.asyncapi.conversations import WITH_TOKENS
from tests.clients.direct import DOCUMENT, handshake, joined, stream, until_closed
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import bearer, entered, token

V1 = Subprotocol("streaming.v1")

REFUSED: dict[str, tuple[dict[str, Any], AccessRefusal]] = {
    "another audience": ({"aud": "another service"}, AccessRefusal.INVALID),
    "another issuer": ({"iss": "another issuer"}, AccessRefusal.INVALID),
    "expired": ({"seconds": -60}, AccessRefusal.EXPIRED),
    "without a scope to enter": ({"scope": "admin publish"}, AccessRefusal.FORBIDDEN),
    "of other sessions": ({"sessions": ["mine-*"]}, AccessRefusal.FORBIDDEN),
}


def pair(token: str) -> list[Subprotocol]:
    return [V1, Subprotocol(f"bearer.{token}")]


async def test_a_program_sends_a_header(guarded: RunningServer, session_id: str) -> None:
    async with entered(guarded, session_id, token()) as client:
        assert "auth_expires_at" in client.connected
        assert await stream(client, DOCUMENT) == DOCUMENT


async def test_a_browser_offers_two_subprotocols_and_receives_the_one_without_its_token(
    guarded: RunningServer, session_id: str
) -> None:
    async with open_socket(guarded.ws(session_id), subprotocols=pair(token())[::-1]) as socket:
        assert json.loads(await socket.recv())["type"] == "connected"
        assert socket.subprotocol == V1


async def test_a_browser_sends_a_message_and_need_not_wait_for_the_answer(
    guarded: RunningServer, session_id: str
) -> None:
    async with joined(guarded, session_id, wait_connected=False) as client:
        await client.send("auth", token=token())
        await client.send("ping")
        assert [(await client.receive())["type"] for _ in range(2)] == ["connected", "pong"]


@pytest.mark.parametrize("why", [*REFUSED, "guessed"])
async def test_a_header_is_refused_with_a_status_and_a_sentence(
    guarded: RunningServer, session_id: str, why: str
) -> None:
    claims, refusal = REFUSED.get(why, ({}, AccessRefusal.INVALID))
    bad = token(**claims) if claims else "guessed"
    status, headers, body = await handshake(guarded, f"/ws/stream/{session_id}", **bearer(bad))
    assert (status, json.loads(body)) == (refusal.status, {"error": refusal.sentence})
    assert headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize("why", [*REFUSED, "guessed"])
@pytest.mark.parametrize("carrier", ["subprotocol", "message"])
async def test_another_carrier_is_refused_with_an_error_and_a_code(
    guarded: RunningServer, session_id: str, carrier: str, why: str
) -> None:
    claims, refusal = REFUSED.get(why, ({}, AccessRefusal.INVALID))
    bad = token(**claims) if claims else "guessed"
    offered = pair(bad) if carrier == "subprotocol" else None
    async with joined(guarded, session_id, wait_connected=False, subprotocols=offered) as client:
        if carrier == "message":
            await client.send("auth", token=bad)
        [error], close = await until_closed(client)
    assert (error["message"], error["fatal"], close) == (refusal.sentence, True, refusal.close)
    assert error["code"] == refusal.close.error


async def test_the_header_comes_before_the_subprotocol(guarded: RunningServer, session_id: str) -> None:
    offered = ", ".join(pair(token()))
    path = f"/ws/stream/{session_id}"
    status, *_ = await handshake(guarded, path, **bearer("guessed"), Sec_WebSocket_Protocol=offered)
    assert status == 401


async def test_anything_but_a_token_closes(guarded: RunningServer, session_id: str) -> None:
    async with joined(guarded, session_id, wait_connected=False) as client:
        await client.request("content")
        [error], close = await until_closed(client)
    assert (error["code"], close) == ("UNAUTHENTICATED", 4121)


async def test_without_a_token_in_time_the_connection_closes(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, AUTH_TIMEOUT=0.3)
    async with joined(server, "silent", wait_connected=False) as client:
        [error], close = await until_closed(client)
    assert (error["code"], error["message"], close) == ("UNAUTHENTICATED", AccessRefusal.MISSING.sentence, 4121)
    assert server.logged("connection_refused", session_id="silent")["outcome"] == "refused_token"


async def test_connections_without_a_token_close_at_a_shutdown(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS)
    async with joined(server, "silent", wait_connected=False) as client:
        server.terminate()
        assert await until_closed(client) == ([], 1012)


async def test_they_count_for_the_limit_of_their_address(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, MAX_CONNECTIONS_PER_ADDRESS=2)
    async with joined(server, "a", wait_connected=False), joined(server, "b", wait_connected=False) as client:
        for _ in range(10):  # a further one never takes their place
            status, *_ = await handshake(server, "/ws/stream/c", **bearer(token()))
            assert status == 429
        await client.send("auth", token=token())
        assert (await client.receive())["type"] == "connected"


async def test_they_take_no_place_of_a_user(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, MAX_CONNECTIONS=1)
    async with (
        joined(server, "a", wait_connected=False),
        joined(server, "b", wait_connected=False),
        entered(server, "c", token()) as client,
    ):
        assert await stream(client, DOCUMENT) == DOCUMENT


@pytest.mark.parametrize("carrier", ["header", "subprotocol"])
async def test_without_authentication_no_token_is_read(server: RunningServer, session_id: str, carrier: str) -> None:
    in_header = carrier == "header"
    options = {"additional_headers": bearer("guessed")} if in_header else {"subprotocols": pair("guessed")}
    async with joined(server, session_id, **options) as client:
        await client.send("auth", token="guessed")
        await client.send("ping")
        assert (await client.receive())["type"] == "pong"
        assert "auth_expires_at" not in client.connected


async def test_without_authentication_the_subprotocol_is_answered_too(server: RunningServer, session_id: str) -> None:
    path = f"/ws/stream/{session_id}"
    for offered, accepted in {"bearer.x, streaming.v1": "streaming.v1", "bearer.x": None}.items():
        status, headers, _ = await handshake(server, path, Sec_WebSocket_Protocol=offered)
        assert (status, headers.get("sec-websocket-protocol")) == (101, accepted)


async def test_silent_sockets_make_room_for_a_user(start_server: StartServer) -> None:
    """More than the process keeps: the oldest of them closes for each further one."""
    server = start_server(**WITH_TOKENS, MAX_CONNECTIONS=32, MAX_PENDING_SOCKETS=32, AUTH_TIMEOUT=60)
    async with AsyncExitStack() as sockets:
        silent = [
            await sockets.enter_async_context(joined(server, f"silent-{number}", wait_connected=False))
            for number in range(48)
        ]
        client = await sockets.enter_async_context(entered(server, "user", token()))
        assert await stream(client, DOCUMENT) == DOCUMENT
        assert await until_closed(silent[0]) == ([], 1006)

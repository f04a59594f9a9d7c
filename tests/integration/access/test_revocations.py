"""What one process revokes ends the connections of another one, and its tokens are accepted nowhere."""

from typing import Any

import httpx
import pytest

from service.asyncapi.conversations import WITH_TOKENS
from tests.clients.direct import DOCUMENT, handshake, request, stream, until_closed
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import bearer, entered, token


async def revoke(server: RunningServer, **tokens: str) -> int:
    async with httpx.AsyncClient(base_url=server.url) as client:
        admin = bearer(token("boss", scope="admin"))
        return (await client.post("/revocations", json=tokens, headers=admin)).status_code


@pytest.mark.parametrize(
    ("tokens", "claims"),
    [({"token_id": "t-1"}, {}), ({"subject": "u-1"}, {}), ({"subject": "u-1"}, {"iat": ...})],
    ids=["by its id", "by its subject", "by its subject, without the time of its issue"],
)
async def test_it_reaches_another_process_in_the_middle_of_a_stream(
    start_server: StartServer, tokens: dict[str, str], claims: dict[str, Any]
) -> None:
    one, other = start_server(**WITH_TOKENS), start_server(**WITH_TOKENS)
    revoked, spared = token(jti="t-1", **claims), token("u-2", jti="t-2", **claims)
    async with entered(other, "s", revoked) as client, entered(other, "s", spared) as neighbour:
        await request(client, "word " * 20_000, speed="slow")
        await client.receive_until("chunk")
        assert await revoke(one, **tokens) == 204
        messages, close = await until_closed(client)
        assert (messages[-1]["code"], close) == ("TOKEN_REVOKED", 4123)
        assert await stream(neighbour, DOCUMENT) == DOCUMENT
    assert other.logged("stream_ended", session_id="s", outcome="disconnected")
    for server in (one, other):
        assert (await handshake(server, "/ws/stream/s", **bearer(revoked)))[0] == 401
    later = start_server(**WITH_TOKENS)  # reads what was revoked before its start
    assert (await handshake(later, "/ws/stream/s", **bearer(revoked)))[0] == 401
    assert (await handshake(later, "/ws/stream/s", **bearer(spared)))[0] == 101


async def test_a_refresh_with_a_revoked_token_is_refused(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS)
    async with entered(server, "s", token(jti="t-1")) as client:
        assert await revoke(server, token_id="t-2") == 204
        await client.send("auth_refresh", token=token(jti="t-2"))
        assert "revoked" in (await client.receive())["message"]


async def test_without_authentication_there_is_no_route(server: RunningServer) -> None:
    assert await revoke(server, subject="u-1") == 404

"""Quotas of a user hold over its connections, sessions and processes."""

import json

from service.asyncapi.conversations import WITH_TOKENS
from tests.clients.direct import DOCUMENT, handshake, joined, request, stream, until_closed
from tests.conftest import StartServer
from tests.integration.access.users import bearer, entered, token


async def test_connections(start_server: StartServer) -> None:
    one, other = (start_server(**WITH_TOKENS, QUOTA_CONNECTIONS=2) for _ in range(2))
    for server in (one, other):
        assert (await handshake(server, "/ws/stream/s", **bearer(token())))[0] == 101
    status, headers, body = await handshake(one, "/ws/stream/s", **bearer(token()))
    assert (status, 1 <= int(headers["retry-after"]) <= 30) == (429, True)
    assert "connections opened" in json.loads(body)["error"]
    async with joined(other, "s", wait_connected=False) as client:
        await client.send("auth", token=token())
        [error], close = await until_closed(client)
    assert (error["code"], error["scope"], error["fatal"], close) == ("RATE_LIMIT_EXCEEDED", "connections", True, 4126)
    assert 0 < error["retry_after_ms"] <= 30_000
    assert (await handshake(one, "/ws/stream/s", **bearer(token("u-2"))))[0] == 101


async def test_sessions(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, QUOTA_SESSIONS=2)
    for name in "aab":
        async with entered(server, name, token()) as client:
            assert client.connected["session_id"] == name
    assert (await handshake(server, "/ws/stream/c", **bearer(token())))[0] == 429


async def test_requests(start_server: StartServer) -> None:
    one, other = (start_server(**WITH_TOKENS, QUOTA_REQUESTS=2) for _ in range(2))
    async with entered(one, "a", token()) as first, entered(other, "b", token()) as second:
        assert [await stream(client, DOCUMENT) for client in (first, second)] == [DOCUMENT] * 2
        await request(first, DOCUMENT, request_id="one-more")
        error = await first.receive()
        assert (error["code"], error["scope"], error["request_id"]) == ("RATE_LIMIT_EXCEEDED", "requests", "one-more")
        assert (error["fatal"], error["retryable"], error["retry_after_ms"] > 0) == (False, True, True)


async def test_stored_size(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, QUOTA_STORED_SIZE=1)
    async with entered(server, "a", token()) as client:
        assert await stream(client, DOCUMENT) == DOCUMENT
        await request(client, DOCUMENT)
        assert (await client.receive())["scope"] == "stored_size"


async def test_by_address_without_users(start_server: StartServer) -> None:
    server = start_server(QUOTA_CONNECTIONS=1, QUOTA_BY_ADDRESS="on")
    async with joined(server, "a"), joined(server, "b", wait_connected=False) as client:
        [error], close = await until_closed(client)
    assert (error["scope"], close) == ("connections", 4126)

"""A token that ends in the middle of a stream, with a new one and without."""

import pytest

from tests.clients.direct import data, joined, request, until_closed
from tests.conftest import RunningServer
from tests.integration.access.users import entered, token

LONG = "word " * 400


async def test_a_refresh_in_the_middle_of_a_stream_changes_nothing_else(
    guarded: RunningServer, session_id: str
) -> None:
    content = "word " * 80
    async with entered(guarded, session_id, token(seconds=61)) as client:
        await request(client, content)
        before = await client.receive_until("auth_expiring")
        await client.send("auth_refresh", token=token(seconds=600))
        between = await client.receive_until("auth_refreshed")
        after = await client.receive_until("stream_complete")
        assert data([*before, *between, *after]) == content
        assert between[-1]["expires_at"] > before[-1]["expires_at"]
        await client.send("ping")
        assert (await client.receive())["type"] == "pong"


async def test_without_a_refresh_the_stream_ends_with_the_token(guarded: RunningServer, session_id: str) -> None:
    async with entered(guarded, session_id, token()) as client:
        await request(client, LONG)
        before = await client.receive_until("chunk")
        await client.send("auth_refresh", token=token(seconds=1))
        after, close = await until_closed(client)
    others = [message["type"] for message in after if message["type"] != "chunk"]
    assert (others[0], others[-1], after[-1]["code"], close) == ("auth_refreshed", "error", "TOKEN_EXPIRED", 4122)
    assert LONG.startswith(data([*before, *after]))
    assert guarded.logged("connection_closed", session_id=session_id)["reason"] == "token_expired"
    assert guarded.logged("stream_ended", session_id=session_id)["outcome"] == "timeout"


@pytest.mark.parametrize("claims", [{"sub": "u-2"}, {"scope": ""}, {"aud": "another"}])
async def test_a_refused_refresh_keeps_the_token(
    guarded: RunningServer, session_id: str, claims: dict[str, str]
) -> None:
    async with entered(guarded, session_id, token()) as client:
        await client.send("auth_refresh", token=token(**{"subject": "u-1"} | claims))  # type: ignore[arg-type]
        error = await client.receive()
        assert (error["code"], error["fatal"]) == ("UNAUTHENTICATED", False)
        await client.send("ping")
        assert (await client.receive())["type"] == "pong"


async def test_without_authentication_a_refresh_is_answered(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as client:
        await client.send("auth_refresh", token="any")
        answer = await client.receive()
    assert (answer["type"], "expires_at" in answer) == ("auth_refreshed", False)

"""Each user has sessions and streams of its own, and cannot learn of those of others."""

from service.asyncapi.conversations import WITH_TOKENS
from tests.clients.direct import DOCUMENT, data, joined, request, stream, until_closed
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import entered, token


async def test_the_same_id_is_another_session_of_another_user(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, MAX_REQUESTS_PER_SESSION=1)
    for user in ("u-1", "u-2"):
        async with entered(server, "draft", token(user)) as client:
            assert client.connected["requests_left"] == 1
            assert await stream(client, DOCUMENT) == DOCUMENT
    async with entered(server, "draft", token("u-1")) as client:
        assert client.connected["requests_left"] == 0


async def test_a_space_of_several_users_has_one_session(start_server: StartServer) -> None:
    server = start_server(**WITH_TOKENS, AUTH_SPACE_CLAIM="org", MAX_REQUESTS_PER_SESSION=1)
    async with entered(server, "draft", token("u-1", org="o-1")) as client:
        await stream(client, DOCUMENT)
    async with entered(server, "draft", token("u-2", org="o-1")) as client:
        assert client.connected["requests_left"] == 0


async def test_a_stranger_with_the_id_and_the_resume_token_receives_unknown(
    guarded: RunningServer, session_id: str
) -> None:
    async with entered(guarded, session_id, token("u-1")) as client:
        started = await request(client, DOCUMENT)
        await client.receive_until("chunk")
        resume_token = client.resume_token
        await client.abort()
    asked = {"stream_id": started.stream_id, "last_index": 0, "token": resume_token}
    answers = []
    async with entered(guarded, session_id, token("u-2")) as stranger:
        for stream_id in (started.stream_id, "no-stream-at-all"):
            await stranger.send("recover", **asked | {"stream_id": stream_id})
            answers.append(await stranger.receive_until("stream_recovered"))
    reasons = [answer[-1]["reason"] for answer in answers]
    assert reasons == ["unknown", "unknown"]
    async with entered(guarded, session_id, token("u-1")) as owner:
        await owner.send("recover", **asked)
        received = await owner.receive_until("stream_complete")
    assert received[0]["recovered"]
    assert data([{"type": "chunk", "index": 0, "data": started.chunks[0].data}, *received]) == DOCUMENT


async def test_a_secret_reserves_a_session_where_there_are_no_users(server: RunningServer, session_id: str) -> None:
    secret = {"X-Session-Secret": "of its creator"}
    async with joined(server, session_id, additional_headers=secret) as creator:
        for headers in ({}, {"X-Session-Secret": "guessed"}):
            async with joined(server, session_id, additional_headers=headers, wait_connected=False) as stranger:
                [error], close = await until_closed(stranger)
            assert (error["code"], close) == ("FORBIDDEN", 4124)
        async with joined(server, session_id, subprotocols=["streaming.v1", "secret.b2YgaXRzIGNyZWF0b3I"]) as again:
            assert again.connected["requests_left"] == creator.connected["requests_left"]
            assert await stream(again, DOCUMENT) == DOCUMENT

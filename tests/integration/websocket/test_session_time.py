"""Idle timeouts and the end of sessions, and the connections after them."""

import json

import pytest

from tests.clients.direct import DOCUMENT, data, joined, request, stream, until_closed
from tests.conftest import RunningServer, StartServer

LONG_DOCUMENT = "word " * 20_000
"""Too long for a session of seconds, in chunks as long as they may be."""


async def test_an_idle_connection_is_closed(start_server: StartServer) -> None:
    server = start_server(IDLE_TIMEOUT=1)
    async with joined(server, "idle") as client:
        # The client sends nothing for the over one second of the stream, which is not idle time.
        content = "word " * 50
        assert await stream(client, content) == content
        [error], code = await until_closed(client)
    assert (error["type"], error["code"], error["fatal"], code) == ("error", "IDLE_TIMEOUT", True, 4111)
    assert server.logged("connection_closed", session_id="idle")["reason"] == "idle_timeout"


async def test_a_paused_stream_does_not_prevent_the_idle_timeout(start_server: StartServer) -> None:
    server = start_server(IDLE_TIMEOUT=1)
    async with joined(server, "paused") as client:
        await request(client, LONG_DOCUMENT)
        await client.send("stream_control", action="pause")
        messages, code = await until_closed(client)
    assert (messages[-1]["code"], code) == ("IDLE_TIMEOUT", 4111)


async def test_a_session_ends_during_a_stream(start_server: StartServer) -> None:
    server = start_server(MAX_SESSION_DURATION=5)
    async with joined(server, "short") as streaming, joined(server, "short") as silent:
        await request(streaming, LONG_DOCUMENT)
        messages, code = await until_closed(streaming)
        [error], other_code = await until_closed(silent)
    assert messages[0]["type"] == "stream_start"
    assert LONG_DOCUMENT.startswith(data(messages))
    assert data(messages)
    assert [message["code"] for message in messages if message["type"] == "error"] == ["SESSION_TIMEOUT"]
    assert (messages[-1]["type"], messages[-1]["fatal"], code) == ("error", True, 4010)
    assert (error["code"], other_code) == ("SESSION_TIMEOUT", 4010)


@pytest.mark.parametrize("html_mode", ["fragment", "incremental"])
async def test_a_document_too_long_for_its_session_is_split_into_larger_chunks(
    start_server: StartServer, html_mode: str
) -> None:
    server = start_server(MAX_SESSION_DURATION=5)  # of which a busy machine may need some before the first chunk
    document = "<p>One</p><p>more</p>" * 500
    async with joined(server, "short") as client:
        await request(client, document, content_type="html", speed="superfast", html_mode=html_mode)
        start, *chunks, complete = await client.receive_until("stream_complete")
    assert data(chunks) == document
    assert start["total_chunks"] == complete["total_chunks"] == len(chunks) < 1000
    assert start["metadata"]["estimated_duration_ms"] < 5000
    assert len({len(chunk["data"]) for chunk in chunks}) <= 3, "evenly"
    assert {chunk.get("close") for chunk in chunks} == {None if html_mode == "fragment" else ""}


async def test_a_client_of_2_4_1_that_reconnects_works_after_the_end_of_its_session(
    start_server: StartServer,
) -> None:
    """It ignores newer fields, sends unknown fields and reconnects after every close."""
    server = start_server(MAX_SESSION_DURATION=5, MAX_REQUESTS_PER_SESSION=2)
    message = {
        "type": "stream_request",
        "content": DOCUMENT,
        "content_type": "text",
        "speed": "superfast",
        "chunk_by": "sentence",
        "test_mode": True,
        "turnId": "turn-1",
        "timestamp": 1.5,
        "responseId": None,
    }
    ends: list[tuple[list[str], int | None]] = []
    while len(ends) < 2:
        client = await joined(server, "editor")
        assert client.connected["requests_left"] == 2
        for _ in range(2):
            await client.send_frame(json.dumps(message))
            assert data(await client.receive_until("stream_complete")) == DOCUMENT
        await client.send_frame(json.dumps(message))
        errors, code = await until_closed(client)
        ends.append(([error["code"] for error in errors], code))
    assert ends == [(["RATE_LIMIT_EXCEEDED", "SESSION_TIMEOUT"], 4010)] * 2


async def test_two_connections_of_a_session_share_only_its_requests(start_server: StartServer) -> None:
    server = start_server(MAX_REQUESTS_PER_SESSION=3)
    async with joined(server, "shared") as one, joined(server, "shared") as other:
        await request(one, DOCUMENT)
        assert await stream(other, "other") == "other"
        assert data(await one.receive_until("stream_complete")) == DOCUMENT
        assert await stream(one, "one") == "one"
        await request(other, "one too many", request_id="label")
        refusal = await other.receive()
    assert (refusal["code"], refusal["request_id"], refusal["fatal"]) == ("RATE_LIMIT_EXCEEDED", "label", False)
    async with joined(server, "shared", wait_connected=False) as back:
        assert (await back.receive())["requests_left"] == 0


@pytest.mark.parametrize(("type_", "answer"), [("ping", "pong"), ("heartbeat", "heartbeat_ack")])
async def test_it_is_answered_during_a_stream(server: RunningServer, session_id: str, type_: str, answer: str) -> None:
    async with joined(server, session_id) as client:
        await request(client, DOCUMENT)
        before = await client.receive_until("chunk")
        await client.send(type_)
        between = await client.receive_until(answer)
        after = await client.receive_until("stream_complete")
    assert data(before + between + after) == DOCUMENT
    assert any(message["type"] == "chunk" for message in after)

"""Readers by server-sent events."""

import asyncio
import json

import httpx
import pytest

from tests.clients.direct import handshake, joined, metric
from tests.clients.raw import raw_socket
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import token
from tests.integration.live.event_client import EventClient, events
from tests.integration.live.socket_reader import Document, reading
from tests.integration.publishing.back_end import OPEN, BackEnd, back_end
from tests.integration.publishing.conftest import guarded, producer, publishing
from tests.waiting import eventually

__all__ = ["guarded", "producer", "publishing"]

_MARKDOWN = "# Title\n\nSome *words* here.\n\nAnd `more` of them."


def _address(server: RunningServer) -> str:
    return "{}:{}".format(*server.address)


async def _refusal(client: EventClient) -> tuple[int, str]:
    body = json.loads(await client.response.aread())
    return client.response.status_code, body["error"]["code"]


async def test_the_messages_are_those_of_a_socket(
    publishing: RunningServer, producer: BackEnd, session_id: str
) -> None:
    stream_id = (await producer.create(session_id, "markdown"))["stream_id"]
    document = Document()
    async with events(
        _address(publishing), stream_id, session_id=session_id, html_mode="incremental", speed="adaptive"
    ) as client:
        headers = client.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        await producer.append(stream_id, 0, _MARKDOWN[:30].encode())
        await client.until(document, "<em>words</em>")
        await producer.append(stream_id, 30, _MARKDOWN[30:].encode())
        await producer.close(stream_id, len(_MARKDOWN))
        assert (await client.to_end(document))["type"] == "stream_complete"
    assert document.kept == "<h1>Title</h1><p>Some <em>words</em> here.</p><p>And <code>more</code> of them.</p>"
    assert client.last_id == str(len(document.kept))


async def test_a_reader_comes_back_with_its_last_id(
    publishing: RunningServer, producer: BackEnd, session_id: str
) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    await producer.append(stream_id, 0, b"One two three ")
    document = Document()
    async with events(_address(publishing), stream_id, session_id=session_id) as client:
        await client.until(document, "three")
    await producer.append(stream_id, 14, b"four")
    await producer.close(stream_id, 18)
    document.kept = document.kept[: document.settled]
    headers = {"Last-Event-ID": client.last_id}
    async with events(_address(publishing), stream_id, headers, session_id=session_id, settled=0) as client:
        await client.to_end(document)
    assert document.kept == "One two three four"
    async with events(_address(publishing), stream_id, session_id=session_id, settled=14) as client:
        again = Document()
        again.kept = "One two three "
        await client.to_end(again)
    assert again.kept == "One two three four"


async def test_a_reader_that_leaves_is_forgotten(publishing: RunningServer, producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    async with events(_address(publishing), stream_id, session_id=session_id) as client:
        await client.receive()
        assert (await producer.state(stream_id))["readers"] == 1

    async def forgotten() -> bool:
        return bool((await producer.state(stream_id))["readers"] == 0)

    await eventually(forgotten)


async def test_requests_that_are_refused(publishing: RunningServer, producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    address = _address(publishing)
    for id_, headers, query, refusal in (
        (stream_id, {}, {}, (403, "forbidden")),
        (stream_id, {}, {"session_id": f"{session_id}x"}, (404, "unknown_stream")),
        ("unknown", {}, {"session_id": session_id}, (404, "unknown_stream")),
        (stream_id, {}, {"session_id": session_id, "settled": -1}, (400, "invalid_request")),
        (stream_id, {}, {"session_id": session_id, "html_mode": "other"}, (400, "invalid_request")),
        (stream_id, {"Last-Event-ID": "abc"}, {"session_id": session_id}, (400, "invalid_request")),
    ):
        async with events(address, id_, headers, **query) as client:
            assert await _refusal(client) == refusal


async def test_a_reserved_session_needs_its_secret(publishing: RunningServer, session_id: str) -> None:
    secret = {"X-Session-Secret": "correct horse"}
    async with back_end(publishing, **secret) as owner:
        stream_id = (await owner.create(session_id))["stream_id"]
    async with events(_address(publishing), stream_id, session_id=session_id) as client:
        assert await _refusal(client) == (403, "session_reserved")
    async with events(_address(publishing), stream_id, secret, session_id=session_id) as client:
        assert (await client.receive() or {})["type"] == "stream_start"


async def test_streams_of_a_reserved_session_need_its_secret_after_its_end(
    start_server: StartServer, session_id: str
) -> None:
    server = start_server(MAX_SESSION_DURATION=4, **OPEN)
    secret = {"X-Session-Secret": "correct horse"}
    async with back_end(server, **secret) as owner, back_end(server) as other:
        stream_id = (await owner.create(session_id))["stream_id"]
        reserved = _address(server), stream_id

        async def has_ended() -> bool:
            await other.call(f"/sessions/{session_id}/streams", json={"content_type": "text"})
            return other.status == 201

        await eventually(has_ended)
        async with events(*reserved, session_id=session_id) as client:
            assert await _refusal(client) == (403, "session_reserved")
        async with httpx.AsyncClient(base_url=server.url) as reader:
            refused = await reader.post(f"/v1/streams/{stream_id}/cancel", params={"session_id": session_id})
            assert refused.json()["error"]["code"] == "session_reserved"
        async with reading(_address(server), session_id) as next_one:
            await next_one.send("stream_control", action="leave")  # the stream of the session now
            await next_one.send("watch", stream_id=stream_id)
            while (message := await next_one.receive())["type"] != "error" or message["code"] == "NO_ACTIVE_STREAM":
                assert message.get("stream_id") != stream_id
            assert (message["code"], message["stream_id"]) == ("UNKNOWN_STREAM", stream_id)


async def test_with_tokens_the_sessions_of_the_token_count(guarded: RunningServer, session_id: str) -> None:
    address = _address(guarded)
    async with back_end(guarded, token("someone", scope="publish")) as producer:
        stream_id = (await producer.create(session_id))["stream_id"]
    for scope, subject, refusal in (("watch", "other", 404), ("publish", "someone", 404), ("watch", "someone", None)):
        headers = {"Authorization": f"Bearer {token(subject, scope=scope)}"}
        async with events(address, stream_id, headers) as client:
            if refusal is None:
                assert (await client.receive() or {})["type"] == "stream_start"
            else:
                assert (await _refusal(client))[0] == refusal
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        async with events(address, stream_id, headers) as client:
            assert await _refusal(client) == (401, "unauthenticated")
            assert client.response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("limit", ["MAX_CONNECTIONS", "MAX_CONNECTIONS_PER_ADDRESS"])
async def test_readers_count_as_connections(start_server: StartServer, session_id: str, limit: str) -> None:
    server = start_server(**{limit: 1}, **OPEN)
    async with back_end(server) as producer:
        stream_id = (await producer.create(session_id))["stream_id"]
        async with events(_address(server), stream_id, session_id=session_id) as first:
            await first.receive()
            async with events(_address(server), stream_id, session_id=session_id) as second:
                assert await _refusal(second) == (429, "overloaded")
            outcome = "refused_capacity" if limit == "MAX_CONNECTIONS" else "refused_address"
            assert await metric(server, f'stream_connection_attempts_total{{outcome="{outcome}"}}') == 1

        async def free() -> bool:
            async with events(_address(server), stream_id, session_id=session_id) as third:
                return third.response.status_code == 200

        await eventually(free)


async def test_readers_and_sockets_of_an_address_share_one_limit(start_server: StartServer, session_id: str) -> None:
    server = start_server(MAX_CONNECTIONS_PER_ADDRESS=2, **OPEN)
    async with back_end(server) as producer:
        stream_id = (await producer.create(session_id))["stream_id"]
        async with joined(server, "one"), events(_address(server), stream_id, session_id=session_id) as reader:
            await reader.receive()
            assert (await handshake(server, "/ws/stream/two"))[0] == 429
            async with events(_address(server), stream_id, session_id=session_id) as second:
                assert await _refusal(second) == (429, "overloaded")


async def test_a_reader_that_reads_nothing_is_disconnected(start_server: StartServer, session_id: str) -> None:
    server = start_server(CHUNK_TIMEOUT=0.3, SEND_BUFFER_SIZE=4096, **OPEN)
    async with back_end(server) as producer, raw_socket(server) as client:
        stream_id = (await producer.create(session_id))["stream_id"]
        path = f"/v1/streams/{stream_id}/events?session_id={session_id}"
        client.writer.transport.pause_reading()  # type: ignore[attr-defined] # of a stream's transport
        await client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        part = b"word " * 12_000
        for offset in range(0, 10 * len(part), len(part)):
            await producer.append(stream_id, offset, part)

        async def is_dropped() -> bool:
            return await metric(server, 'stream_sockets_dropped_total{reason="stalled"}') == 1

        await eventually(is_dropped)


async def test_a_reader_that_takes_nothing_of_little_gives_its_place_to_another(
    start_server: StartServer, session_id: str
) -> None:
    server = start_server(CHUNK_TIMEOUT=0.1, SEND_BUFFER_SIZE=4096, **OPEN)
    async with back_end(server) as producer, raw_socket(server, receive_buffer_bytes=4096) as client:
        stream_id = (await producer.create(session_id))["stream_id"]
        client.writer.transport.pause_reading()  # type: ignore[attr-defined] # as above
        path = f"/v1/streams/{stream_id}/events?session_id={session_id}"
        await client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await producer.append(stream_id, 0, (b"x" * 399 + b" ") * 60)  # less than what stops the writer of the response

        async def is_forgotten() -> bool:
            return bool(await metric(server, 'stream_live_reads_total{end="disconnected"}'))

        await eventually(is_forgotten)
        assert await metric(server, 'stream_sockets_dropped_total{reason="stalled"}') == 0


async def test_a_drain_ends_the_events_with_the_time_to_come_back(start_server: StartServer, session_id: str) -> None:
    server = start_server(DRAIN_SECONDS=5, RESTART_SECONDS=2, **OPEN)
    async with back_end(server) as producer:
        stream_id = (await producer.create(session_id))["stream_id"]
        async with events(_address(server), stream_id, session_id=session_id) as client:
            await client.receive()
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            assert await client.receive() is None
            assert client.retry_ms is not None
            assert client.retry_ms > 1000
    await stopping

"""Each invalid message gets its error code, and the connection stays open."""

import asyncio
import json

import pytest

from streaming_content import Connection
from tests.clients.direct import DOCUMENT, data, handshake, joined, metric, request, stream, until_closed
from tests.conftest import RunningServer, StartServer

INVALID: dict[str, tuple[str | bytes, str]] = {
    "not JSON": ("hello", "INVALID_MESSAGE"),
    "an empty frame": ("", "INVALID_MESSAGE"),
    "an array": ('[{"type": "ping"}]', "INVALID_MESSAGE"),
    "null": ("null", "INVALID_MESSAGE"),
    "deep nesting": ("[" * 100_000, "INVALID_MESSAGE"),
    "deep nesting in a field": (
        '{"type": "ping", "extra": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "INVALID_MESSAGE",
    ),
    "a 5000-digit number": ("9" * 5000, "INVALID_MESSAGE"),
    "a 5000-digit content": ('{"type": "stream_request", "content": ' + "9" * 5000 + "}", "INVALID_MESSAGE"),
    "NaN": ('{"type": "stream_request", "content": NaN}', "INVALID_MESSAGE"),
    "NaN in an extra field": ('{"type": "ping", "extra": NaN}', "INVALID_MESSAGE"),
    "a lone surrogate": ('{"type": "stream_request", "content": "\\ud800"}', "INVALID_MESSAGE"),
    "a binary frame": (b'{"type": "ping"}', "INVALID_MESSAGE"),
    "a type that is not a string": ('{"type": 7}', "INVALID_MESSAGE"),
    "a content that is not a string": ('{"type": "stream_request", "content": ["a"]}', "INVALID_MESSAGE"),
    "an action that is not a string": ('{"type": "stream_control", "action": {}}', "INVALID_MESSAGE"),
    "an empty object": ("{}", "UNKNOWN_MESSAGE_TYPE"),
    "an unknown type": ('{"type": "teleport"}', "UNKNOWN_MESSAGE_TYPE"),
    "an unknown content type": (
        '{"type": "stream_request", "content": "a", "content_type": "pdf"}',
        "INVALID_CONTENT_TYPE",
    ),
    "an unknown chunk strategy": (
        '{"type": "stream_request", "content": "a", "chunk_by": "page"}',
        "INVALID_CHUNK_STRATEGY",
    ),
    "an unknown speed": ('{"type": "stream_request", "content": "a", "speed": "warp"}', "INVALID_SPEED"),
    "an unknown action": ('{"type": "stream_control", "action": "explode"}', "INVALID_CONTROL_ACTION"),
    "no content": ('{"type": "stream_request"}', "EMPTY_CONTENT"),
    "1 MB of content": (json.dumps({"type": "stream_request", "content": "x" * 1_000_000}), "CONTENT_TOO_LARGE"),
    "100 KB in more bytes than characters": (
        json.dumps({"type": "stream_request", "content": "é" * 50_001}),
        "CONTENT_TOO_LARGE",
    ),
}


async def _error_code(socket: Connection) -> str:
    error = await socket.receive()
    assert (error["type"], error["fatal"]) == ("error", False)
    code: str = error["code"]
    return code


@pytest.mark.parametrize("invalid", INVALID)
async def test_it_gets_its_error_and_the_connection_still_streams(
    server: RunningServer, session_id: str, invalid: str
) -> None:
    payload, code = INVALID[invalid]
    async with joined(server, session_id) as socket:
        await socket.send_frame(payload)
        assert await _error_code(socket) == code
        assert await stream(socket, DOCUMENT) == DOCUMENT


async def test_each_request_that_cannot_be_decoded_is_counted(start_server: StartServer, session_id: str) -> None:
    server = start_server()
    rejected = 'stream_requests_total{content_type="other",outcome="rejected"}'
    assert await metric(server, rejected) == 0
    async with joined(server, session_id) as socket:
        for _ in range(300):
            await socket.send_frame(INVALID["an unknown speed"][0])
            assert await _error_code(socket) == "INVALID_SPEED"
    assert await metric(server, rejected) == 300


@pytest.mark.parametrize("action", ["pause", "resume", "skip", "cancel"])
async def test_a_control_without_a_stream_is_an_error(server: RunningServer, session_id: str, action: str) -> None:
    async with joined(server, session_id) as socket:
        await socket.send("stream_control", action=action)
        assert await _error_code(socket) == "NO_ACTIVE_STREAM"
        assert await stream(socket, DOCUMENT) == DOCUMENT


async def test_an_active_stream_is_not_affected(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as socket:
        await request(socket, DOCUMENT)
        for payload, _ in INVALID.values():
            await socket.send_frame(payload)
        messages = await socket.receive_until("stream_complete")
        errors = [message["code"] for message in messages if message["type"] == "error"]
        assert data(messages) == DOCUMENT
        assert errors == [code for _, code in INVALID.values()]


async def test_of_200_requests_at_once_1_is_active_and_10_wait(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as socket:
        await request(socket, DOCUMENT, request_id="0")
        await socket.send("stream_control", action="pause")
        for number in range(1, 200):
            await request(socket, f"number {number}", request_id=str(number))
        await socket.send("stream_control", action="resume")
        messages = await socket.receive_until("stream_resumed")
        refused = [(one["request_id"], one["code"]) for one in messages if one["type"] == "error"]
        assert refused == [(str(number), "QUEUE_FULL") for number in range(11, 200)]
        served = [await socket.receive_until("stream_complete") for _ in range(11)]
        assert [one[-1]["request_id"] for one in served] == [str(number) for number in range(11)]
        assert [data(one) for one in served[1:]] == [f"number {number}" for number in range(1, 11)]
        assert await stream(socket, DOCUMENT) == DOCUMENT


@pytest.mark.parametrize(
    "segment",
    [
        "%0D",
        "%0A",
        "a%0D%0Ab",
        "%00",
        "a%00",
        "..%2F",
        "..%2Fadmin",
        "../admin",
        "..",
        ".",
        "%2E%2E",
        "x" * 65,
        "%C3%A9",
        "%FF",
        "a%20b",
    ],
)
async def test_a_invalid_session_id_is_refused_before_accept(server: RunningServer, segment: str) -> None:
    status, _, body = await handshake(server, f"/ws/stream/{segment}")
    assert status == 400
    assert "session id" in json.loads(body)["error"]


async def test_a_handshake_at_another_path_is_not_found(server: RunningServer) -> None:
    statuses = await asyncio.gather(*(handshake(server, path) for path in ("/", "/ws/stream", "/ws/other/a")))
    assert [status for status, _, _ in statuses] == [404, 404, 404]


async def test_the_longest_session_id_is_accepted(server: RunningServer) -> None:
    status, _, _ = await handshake(server, "/ws/stream/" + "aZ9_-.:%41" + "x" * 56)
    assert status == 101


BROKEN_FRAMES = {  # frames that violate RFC 6455, and the close code that it requires
    "no mask": (b"\x81\x02hi", 1002),
    "a reserved opcode": (b"\x8f\x80\0\0\0\0", 1002),
    "text that is not UTF-8": (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
    "4 GB announced": (b"\x81\xff\0\0\0\1\0\0\0\0\0\0\0\0", 1009),
}


@pytest.mark.parametrize("broken", BROKEN_FRAMES)
async def test_a_broken_frame_closes_only_its_own_connection(start_server: StartServer, broken: str) -> None:
    frame, expected_code = BROKEN_FRAMES[broken]
    server = start_server()
    async with joined(server, "other") as other:
        await request(other, DOCUMENT)
        async with joined(server, "broken") as client:
            client.transport.write(frame)
            messages, code = await until_closed(client)
        assert (messages, code) == ([], expected_code)
        assert await metric(server, 'stream_connection_closes_total{reason="protocol_error"}') == 1
        assert data(await other.receive_until("stream_complete")) == DOCUMENT

"""Hostile producers are refused or ended, and a stream beside them is whole."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from service.live.append_limits import MAX_APPEND_BYTES
from service.websocket.frame_reader import Opcode
from streaming_content import connect
from tests.clients.raw import raw_socket, statuses
from tests.conftest import RunningServer, StartServer
from tests.integration.publishing.back_end import OPEN, PUBLISH_TOKEN, BackEnd, address_of, back_end, opened
from tests.unit.websocket.client_frames import client_frame, text

WORDS = [f"word {number}, " for number in range(50)]
SOCKETS = 4
TOO_LARGE = client_frame(Opcode.TEXT, b"x" * 3_000_000)
SEED = 1

BEARER = f"Authorization: Bearer {PUBLISH_TOKEN}\r\n".encode()


class Target(NamedTuple):
    """A stream of the attacker."""

    server: RunningServer
    app: BackEnd
    stream_id: str


Attack = Callable[[Target], Awaitable[None]]


def post(stream_id: str, headers: bytes, body: bytes = b"", offset: int = 0) -> bytes:
    target = f"POST /v1/streams/{stream_id}/append?epoch=0&offset={offset} HTTP/1.1\r\nHost: a\r\n"
    return target.encode() + headers + b"\r\n" + body


async def flood(target: Target, headers: bytes, frames: bytes) -> None:
    """Send them, whatever the service does, until it closes."""
    handshake = (
        f"GET /ws/publish/{target.stream_id}?epoch=0 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    async with raw_socket(target.server) as client:
        await client.send(handshake.encode() + headers + b"\r\n")
        assert statuses(await client.read_head()) == [101]
        with suppress(ConnectionError):
            await client.send(frames)
        await client.wait_closed()


async def silence(target: Target) -> None:
    """Sockets that never send a token."""
    async with opened(address_of(target.server), target.stream_id) as socket:
        [error], code = await socket.closed()
        assert (error["code"], code) == ("unauthenticated", 4121)


async def large_first_messages(target: Target) -> None:
    """Without a token."""
    await flood(target, b"", client_frame(Opcode.TEXT, b"x" * 100_000) * 20)


async def a_flood_of_messages(target: Target) -> None:
    await flood(target, BEARER, text('{"type": "touch"}') * 5000)


async def a_flood_of_gaps(target: Target) -> None:
    """Parts that do not follow on one another, from a producer that reads nothing."""
    gaps = [json.dumps({"type": "append", "offset": 10**7 + 2 * number, "data": "x"}) for number in range(2)]
    await flood(target, BEARER, b"".join(map(text, gaps)) * 5000)


async def a_message_that_is_too_large(target: Target) -> None:
    async with target.app.socket(target.stream_id) as socket:
        await socket.connection.send(json.dumps({"type": "append", "offset": 0, "data": "x" * 500_000}))
        assert (await socket.until("error"))["code"] == "body_too_large"
    await flood(target, BEARER, TOO_LARGE)


async def random_frames(target: Target) -> None:
    numbers = random.Random(SEED)
    for frames in (numbers.randbytes(1000), client_frame(Opcode.TEXT, numbers.randbytes(1000))):
        await flood(target, BEARER, frames)


async def random_messages(target: Target) -> None:
    numbers = random.Random(SEED)
    values: list[object] = [None, -1, 2**60, 1.5, "x", [], {}, "\0", "complete", True]
    async with target.app.socket(target.stream_id) as socket:
        await socket.receive()
        for _ in range(100):
            fields = {name: numbers.choice(values) for name in ("offset", "data", "status", "sha256", "token")}
            type_ = numbers.choice(["append", "close", "auth", "ack", "cancelled", None])
            await socket.connection.send(json.dumps({"type": type_, **fields, "offset": fields["offset"] or -1}))
            assert (await socket.receive())["type"] == "error"


async def other_epochs(target: Target) -> None:
    for epoch in (1, 7, 2**53 - 1):
        assert (await target.app.append(target.stream_id, 0, b"x", epoch))["error"]["code"] == "fenced"
        async with target.app.socket(target.stream_id, epoch) as socket:
            [fenced], code = await socket.closed()
            assert (fenced["type"], code) == ("fenced", 4103)


async def random_bodies(target: Target) -> None:
    numbers = random.Random(SEED)
    for size in range(1, 40):
        answer = await target.app.append(target.stream_id, 0, b"\xff" + numbers.randbytes(size))
        assert (target.app.status, answer["error"]["code"]) == (400, "invalid_utf8")


async def ambiguous_requests(target: Target) -> None:
    for headers, status in (
        (BEARER + BEARER + b"Content-Length: 1\r\n", 401),
        (BEARER + b"Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        (BEARER + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        (BEARER + b"Content-Length: -1\r\n", 400),
        (BEARER + b"Content-Length: 99999999999999999999999\r\n", 400),
        (BEARER + b"Host: b\r\nContent-Length: 1\r\n", 400),
        (b"Content-Length: 1\r\n", 401),
    ):
        async with raw_socket(target.server) as client:
            await client.send(post(target.stream_id, headers + b"Connection: close\r\n", b"x"))
            assert statuses(await client.read_head()) == [status], headers


async def a_body_that_is_too_large(target: Target) -> None:
    async with raw_socket(target.server) as client:
        await client.send(post(target.stream_id, BEARER + b"Content-Length: 1000000000\r\n", b"x" * 1000))
        assert statuses(await client.read_head()) == [413]
        await client.send(b"x" * 10 * MAX_APPEND_BYTES)
        await client.wait_closed()


async def a_body_of_tiny_parts(target: Target) -> None:
    """Sixfold larger on the wire than the limit of what is in it."""
    async with raw_socket(target.server) as client:
        await client.send(post(target.stream_id, BEARER + b"Transfer-Encoding: chunked\r\n"))
        await client.send(b"1\r\nx\r\n" * MAX_APPEND_BYTES)
        assert statuses(await client.read_head()) == [413]
        await client.wait_closed()


async def a_body_that_does_not_end(target: Target) -> None:
    async with raw_socket(target.server) as client:
        await client.send(post(target.stream_id, BEARER + b"Content-Length: 1000\r\n"))
        await client.trickle(b"x")


ATTACKS: list[Attack] = [
    silence,
    large_first_messages,
    a_flood_of_messages,
    a_flood_of_gaps,
    a_message_that_is_too_large,
    random_frames,
    random_messages,
    other_epochs,
    random_bodies,
    ambiguous_requests,
    a_body_that_is_too_large,
    a_body_of_tiny_parts,
    a_body_that_does_not_end,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.__name__ for attack in ATTACKS])
async def test_a_stream_beside_the_attackers_is_whole(start_server: StartServer, attack: Attack) -> None:
    server = start_server(**OPEN, MAX_FRAME_RATE=20, REQUEST_TIMEOUT=5, AUTH_TIMEOUT=1, MESSAGE_STALL_TIMEOUT=1)
    async with back_end(server) as app, connect(server.url, "beside") as reader:
        targets = [
            Target(server, app, (await app.create(f"attacked-{number}"))["stream_id"]) for number in range(SOCKETS)
        ]
        attacks = asyncio.gather(*(attack(target) for target in targets))
        stream_id = (await app.create("beside"))["stream_id"]
        async with app.socket(stream_id) as socket:
            offset = 0
            for word in WORDS:
                await socket.send("append", offset=offset, data=word)
                offset += len(word)
                await socket.until("ack", durable=offset)
            await socket.send("close", status="complete", offset=offset)
            await socket.until("closed")
        messages = await reader.receive_until("stream_complete")
        assert "".join(message["data"] for message in messages if message["type"] == "chunk") == "".join(WORDS)
        await attacks
        for target in targets:
            assert (await app.state(target.stream_id))["durable"] == 0

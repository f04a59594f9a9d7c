"""A producer on its socket: appends, the end, and what others do to its stream."""

import hashlib
import json
from pathlib import Path

import pytest
import websockets

from tests.clients.direct import metric
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import token
from tests.integration.publishing.back_end import OPEN, PUBLISH_TOKEN, BackEnd, Socket, address_of, back_end, opened
from tests.waiting import eventually

WORDS = [f"word {number} 😀, " for number in range(300)]


async def test_tokens_are_acknowledged_as_they_are_stored(producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    whole = "".join(WORDS).encode()
    async with producer.socket(stream_id) as socket:
        assert await socket.receive() == {"type": "ack", "accepted": 0, "durable": 0}
        offset = 0
        for word in WORDS:
            await socket.send("append", offset=offset, data=word)
            offset += len(word.encode())
        digest = hashlib.sha256(whole).hexdigest()
        await socket.send("close", status="complete", offset=offset, sha256=digest)
        messages, code = await socket.closed()
    acks = [message for message in messages[:-1] if message["type"] == "ack"]
    assert acks == messages[:-1]
    assert [ack["durable"] for ack in acks] == sorted(ack["durable"] for ack in acks)
    assert all(ack["accepted"] >= ack["durable"] for ack in acks)
    assert (messages[-1], code) == ({"type": "closed", "status": "complete", "offset": len(whole)}, 1000)
    assert (await producer.state(stream_id))["durable"] == len(whole)


async def test_what_was_sent_before_a_lost_connection_is_trimmed(producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    async with producer.socket(stream_id) as socket:
        await socket.send("append", offset=0, data="Hello, ")
        await socket.until("ack", durable=7)
        socket.connection.transport.abort()
    async with producer.socket(stream_id) as socket:
        assert await socket.receive() == {"type": "ack", "accepted": 7, "durable": 7}
        await socket.send("append", offset=3, data="lo, world")
        await socket.until("ack", durable=12)


async def test_mistakes_leave_the_socket_open(producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    async with producer.socket(stream_id) as socket:
        await socket.receive()
        mistakes = {
            json.dumps({"type": "append", "offset": 5, "data": "x"}): ("gap", 0),
            json.dumps({"type": "append", "offset": 0, "data": "x" * 65_537}): ("body_too_large", None),
            json.dumps({"type": "append", "offset": -1, "data": "x"}): ("invalid_request", None),
            '{"type": "append", "offset": 0, "data": "\\ud83d"}': ("invalid_request", None),
            json.dumps({"type": "close", "status": "open", "offset": 0}): ("invalid_request", None),
            json.dumps({"type": "auth", "token": "again"}): ("invalid_request", None),
            json.dumps({"type": "stream_request", "content": "x"}): ("invalid_request", None),
            "[" * 10_000: ("invalid_request", None),
            "{": ("invalid_request", None),
        }
        for message, (code, offset) in mistakes.items():
            await socket.connection.send(message)
            error = await socket.receive()
            assert (error["type"], error["code"], error.get("offset")) == ("error", code, offset), message
            assert error["message"].endswith(".")
        await socket.connection.send(b"binary")
        assert (await socket.receive())["code"] == "invalid_request"
        await socket.send("append", offset=0, data="Hello")
        await socket.until("ack", durable=5)
        await socket.send("append", offset=0, data="HELLO")
        assert (await socket.until("error"))["code"] == "mismatch"
        await socket.send("touch")
        await socket.until("ack", durable=5)


async def test_a_cancel_reaches_the_producer(producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    async with producer.socket(stream_id) as socket:
        await socket.send("append", offset=0, data="Hello")
        await socket.until("ack", durable=5)
        await producer.cancel(stream_id)
        assert await socket.closed() == ([{"type": "cancelled", "offset": 5}], 1000)
    async with producer.socket(stream_id) as socket:  # a producer that comes back
        assert await socket.closed() == ([{"type": "cancelled", "offset": 5}], 1000)


async def test_an_adoption_fences_the_producer_off(producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    async with producer.socket(stream_id) as old:
        await old.send("append", offset=0, data="Hello")
        await old.until("ack", durable=5)
        adopted = await producer.adopt(stream_id)
        assert (adopted["epoch"], adopted["offset"], adopted["tail"]) == (1, 5, "Hello")
        [fenced], code = await old.closed()
        assert (fenced["type"], code) == ("fenced", 4103)
    async with producer.socket(stream_id) as old:  # it does not find its way back
        [fenced], code = await old.closed()
        assert (fenced["type"], code) == ("fenced", 4103)
        assert "1" not in fenced["message"]
    async with producer.socket(stream_id, 1) as new:
        await new.send("append", offset=5, data="!")
        await new.until("ack", durable=6)


async def test_an_end_over_http_ends_the_socket(producer: BackEnd, session_id: str) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    async with producer.socket(stream_id) as socket:
        await socket.receive()
        await producer.append(stream_id, 0, b"Hello")
        await producer.close(stream_id, 5, "error")
        assert await socket.closed() == ([{"type": "closed", "status": "error", "offset": 5}], 1000)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/ws/publish/?epoch=0", 400, "invalid_request"),
        ("/ws/publish/x", 400, "invalid_request"),
        ("/ws/publish/x?epoch=-1", 400, "invalid_request"),
        ("/ws/publish/x?epoch=0&epoch=1", 400, "invalid_request"),
        ("/ws/publish/x?epoch=" + "9" * 30, 400, "invalid_request"),
        ("/ws/publish/" + "x" * 65 + "?epoch=0", 400, "invalid_request"),
    ],
)
async def test_an_address_that_does_not_fit_is_refused(
    publishing: RunningServer, path: str, status: int, code: str
) -> None:
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await websockets.connect("ws://{}:{}".format(*publishing.address) + path)
    assert refusal.value.response.status_code == status
    assert json.loads(refusal.value.response.body)["error"]["code"] == code


async def test_a_stream_that_there_is_not_closes(producer: BackEnd) -> None:
    async with producer.socket("nothing") as socket:
        [error], code = await socket.closed()
    assert (error["code"], code) == ("unknown_stream", 4124)


async def test_the_token_of_the_operator_is_needed(
    publishing: RunningServer, producer: BackEnd, session_id: str
) -> None:
    stream_id = (await producer.create(session_id))["stream_id"]
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with opened(address_of(publishing), stream_id, additional_headers={"Authorization": "Bearer wrong"}):
            pass
    assert refusal.value.response.status_code == 401
    async with opened(address_of(publishing), stream_id) as socket:
        await socket.send("auth", token=PUBLISH_TOKEN)
        assert (await socket.receive())["type"] == "ack"
    for first in ({"type": "auth", "token": "wrong"}, {"type": "touch"}):
        async with opened(address_of(publishing), stream_id) as socket:
            await socket.connection.send(json.dumps(first))
            [error], code = await socket.closed()
            assert (error["code"], code) == ("unauthenticated", 4121)
    subprotocols = ["streaming.v1", f"bearer.{PUBLISH_TOKEN}"]
    async with opened(address_of(publishing), stream_id, subprotocols=subprotocols) as socket:
        assert (await socket.receive())["type"] == "ack"
        assert socket.connection.subprotocol == "streaming.v1"


async def test_without_a_token_of_the_operator_publishing_is_off(server: RunningServer) -> None:
    for headers in ({"Authorization": "Bearer x"}, {}):
        with pytest.raises(websockets.InvalidStatus) as refusal:
            async with opened(address_of(server), "x", additional_headers=headers):
                pass
        assert refusal.value.response.status_code == 403
        assert json.loads(refusal.value.response.body)["error"]["code"] == "publishing_off"


async def test_with_authentication_the_scope_and_the_session_are_needed(
    guarded: RunningServer, session_id: str
) -> None:
    async with back_end(guarded, token("app", scope="publish")) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        async with app.socket(stream_id) as socket:
            await socket.send("append", offset=0, data="Hello")
            await socket.until("ack", durable=5)
    async with back_end(guarded, token("other", scope="publish")) as other, other.socket(stream_id) as socket:
        [error], code = await socket.closed()
        assert (error["code"], code) == ("unknown_stream", 4124)
    async with opened(address_of(guarded), stream_id) as socket:
        await socket.send("auth", token=token("app"))
        [error], code = await socket.closed()
        assert (error["code"], code) == ("forbidden", 4124)


async def test_a_token_that_expires_ends_the_socket(guarded: RunningServer, session_id: str) -> None:
    async with back_end(guarded, token("app", scope="publish")) as app:
        stream_id = (await app.create(session_id))["stream_id"]
    async with opened(address_of(guarded), stream_id) as socket:
        await socket.send("auth", token=token("app", 1.5, scope="publish"))
        messages, code = await socket.closed()
    assert ([message["type"] for message in messages], code) == (["ack", "error"], 4122)


async def test_a_drain_sends_the_producer_elsewhere(start_server: StartServer, session_id: str) -> None:
    server = start_server(**OPEN, DRAIN_SECONDS=1, RESTART_SECONDS=0)
    async with back_end(server) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        async with app.socket(stream_id) as socket:
            await socket.send("append", offset=0, data="Hello")
            await socket.until("ack", durable=5)
            server.terminate()
            assert await socket.closed() == ([], 1012)
            assert "retry_after_ms" in (socket.connection.close_reason or "")


async def test_a_producer_counts_as_a_connection_while_it_is_there(start_server: StartServer, session_id: str) -> None:
    server = start_server(**OPEN, MAX_CONNECTIONS=1)
    async with back_end(server) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        async with app.socket(stream_id) as socket:
            await socket.receive()
            async with app.socket(stream_id) as second:
                [error], code = await second.closed()
                assert (error["code"], code) == ("overloaded", 4101)
            assert await metric(server, "stream_live_publish_sockets") == 1
            assert await metric(server, "stream_connections_active") == 0
        while True:
            async with app.socket(stream_id) as socket:
                if await is_there(socket):
                    break

    async def all_closed() -> bool:
        return await metric(server, "stream_live_publish_sockets") == 0

    await eventually(all_closed)
    assert await metric(server, 'stream_connection_attempts_total{outcome="refused_capacity"}') >= 1


async def is_there(socket: Socket) -> bool:
    """Whether the socket is not refused."""
    message = await socket.receive()
    return bool(message["type"] == "ack")


async def test_a_source_has_a_maximum_size(start_server: StartServer, session_id: str) -> None:
    server = start_server(**OPEN, LIVE_MAX_SIZE=1024)
    async with back_end(server) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        async with app.socket(stream_id) as socket:
            await socket.send("append", offset=0, data="a" * 1024)
            await socket.until("ack", durable=1024)
            await socket.send("append", offset=1024, data="b")
            error = await socket.until("error")
            assert (error["code"], error["offset"]) == ("source_too_large", 1024)
            await socket.send("close", status="complete", offset=1024)
            await socket.until("closed")
        await app.append((await app.create(session_id))["stream_id"], 0, b"a" * 1025)
        assert app.status == 413


async def test_without_stored_content_a_stream_is_in_the_memory_of_the_process(
    start_server: StartServer, session_id: str, tmp_path: Path
) -> None:
    server = start_server(**OPEN, STORE_CONTENT="off")
    async with back_end(server) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        async with app.socket(stream_id) as socket:
            await socket.send("append", offset=0, data="a secret of the model")
            await socket.until("ack", durable=21)
            assert (await app.adopt(stream_id))["tail"] == "a secret of the model"
            await socket.until("fenced")
    assert files_with(tmp_path, b"a secret of") == []


def files_with(folder: Path, data: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]

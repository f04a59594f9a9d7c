"""Producers behind nginx, with two instances that share the store."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.integration.instances.conftest import StartInstances, Store
from tests.integration.publishing.back_end import OPEN, BackEnd, back_end, opened
from tests.waiting import LIMIT_SECONDS


@pytest.fixture
def store() -> Store:
    return "sqlite"


async def test_the_largest_append_passes_and_no_larger_one(start_instances: StartInstances) -> None:
    instances = start_instances(2, **OPEN)
    headers = {"Authorization": f"Bearer {OPEN['PUBLISH_TOKEN']}"}
    async with httpx.AsyncClient(base_url=f"http://{instances.address}", headers=headers) as http:
        app = BackEnd(instances.address, http, OPEN["PUBLISH_TOKEN"])
        stream_id = (await app.create("behind-nginx"))["stream_id"]
        for part in range(4):  # nginx spreads them over the instances
            appended = await app.append(stream_id, part * 65_536, b"a" * 65_536)
            assert appended == {"accepted": (part + 1) * 65_536, "durable": (part + 1) * 65_536}
        assert (await app.append(stream_id, 4 * 65_536, b"a" * 65_537))["error"]["code"] == "body_too_large"
        async with app.socket(stream_id) as socket:
            await socket.send("append", offset=4 * 65_536, data="the end")
            await socket.until("ack", durable=4 * 65_536 + 7)
        assert (await app.close(stream_id, 4 * 65_536 + 7))["status"] == "complete"


async def test_a_call_without_a_token_is_refused_before_its_body_has_arrived(start_instances: StartInstances) -> None:
    instances = start_instances(1, **OPEN)
    host, port = instances.address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/streams/x/append?epoch=0&offset=0 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nHello")
    async with asyncio.timeout(LIMIT_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 ")
    writer.transport.abort()


async def test_the_socket_of_a_producer_passes(start_instances: StartInstances) -> None:
    instances = start_instances(1, **OPEN)
    async with opened(instances.address, "nothing") as socket:
        await socket.send("auth", token=OPEN["PUBLISH_TOKEN"])
        [error], code = await socket.closed()
    assert (error["code"], code) == ("unknown_stream", 4124)


class TestOverRedis:
    """Instances that share nothing but Redis."""

    @pytest.fixture
    def store(self) -> Store:
        return "redis"

    async def test_an_adoption_and_a_cancellation_hold_on_each_instance(self, start_instances: StartInstances) -> None:
        first, second = start_instances(2, **OPEN).members
        async with AsyncExitStack() as clients:
            one = await clients.enter_async_context(back_end(first.server))
            two = await clients.enter_async_context(back_end(second.server))
            stream_id = (await one.create("shared"))["stream_id"]
            face = "😀".encode()
            for offset in range(len(face)):
                app, other = (one, two) if offset % 2 else (two, one)
                assert (await other.append(stream_id, offset, b"\xff"))["error"]["code"] == "invalid_utf8"
                assert (await app.append(stream_id, offset, face[offset : offset + 1]))["durable"] == offset + 1
            async with one.socket(stream_id) as socket:
                assert await socket.receive() == {"type": "ack", "accepted": 4, "durable": 4}
                assert (await two.adopt(stream_id))["tail"] == "😀"
                [fenced], code = await socket.closed()
                assert (fenced["type"], code) == ("fenced", 4103)
            async with one.socket(stream_id, 1) as socket:
                await socket.receive()
                await two.cancel(stream_id)
                assert await socket.closed() == ([{"type": "cancelled", "offset": 4}], 1000)

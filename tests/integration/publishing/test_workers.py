"""Producers whose calls and sockets reach different workers of one service."""

import asyncio
from collections.abc import Iterator

import pytest

from streaming_content import connect
from tests.conftest import RunningServer, stop_cleanly
from tests.integration.publishing.back_end import OPEN, back_end

STREAMS = 8
"""Enough that each worker has some: the kernel chooses the worker of each connection."""
FACES = "😀é€".encode()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("workers"), {"DRAIN_SECONDS": 0, "MAX_WORKERS": 2, **OPEN})
    yield running
    stop_cleanly(running)


async def test_a_character_may_be_split_between_workers(workers: RunningServer, session_id: str) -> None:
    async with back_end(workers) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        for offset in range(len(FACES)):
            broken = await app.append(stream_id, offset, FACES[offset : offset + 1] + b"\xff")
            assert broken["error"]["code"] == "invalid_utf8", offset
            stored = await app.append(stream_id, offset, FACES[offset : offset + 1])
            assert stored == {"accepted": offset + 1, "durable": offset + 1}
        assert (await app.close(stream_id, len(FACES)))["status"] == "complete"


async def test_the_same_key_is_one_stream_on_all_workers(workers: RunningServer, session_id: str) -> None:
    async with back_end(workers, **{"Idempotency-Key": "k"}) as app:
        created = await asyncio.gather(*(app.create(session_id) for _ in range(STREAMS)))
    assert len({one["stream_id"] for one in created}) == 1
    async with connect(workers.url, session_id) as reader:
        assert reader.connected["requests_left"] == 99


async def test_a_cancel_on_any_worker_reaches_each_producer(workers: RunningServer, session_id: str) -> None:
    async with back_end(workers) as app:
        for number in range(STREAMS):
            stream_id = (await app.create(f"{session_id}-{number}"))["stream_id"]
            async with app.socket(stream_id) as socket:
                await socket.receive()
                await app.cancel(stream_id)
                assert await socket.closed() == ([{"type": "cancelled", "offset": 0}], 1000)


async def test_a_reader_on_any_worker_stops_the_producer(workers: RunningServer, session_id: str) -> None:
    async with back_end(workers) as app, connect(workers.url, session_id) as reader:
        for _ in range(STREAMS):
            stream_id = (await app.create(session_id))["stream_id"]
            async with app.socket(stream_id) as socket:
                await reader.receive_until("stream_start")
                await reader.control("cancel")
                assert await socket.until("cancelled") == {"type": "cancelled", "offset": 0}


async def test_an_adoption_on_any_worker_fences_the_producer_off(workers: RunningServer, session_id: str) -> None:
    async with back_end(workers) as app:
        stream_id = (await app.create(session_id))["stream_id"]
        for epoch in range(STREAMS):
            async with app.socket(stream_id, epoch) as socket:
                await socket.send("append", offset=epoch, data="x")
                await socket.until("ack", durable=epoch + 1)
                assert (await app.adopt(stream_id))["epoch"] == epoch + 1
                [fenced], code = await socket.closed()
                assert (fenced["type"], code) == ("fenced", 4103)

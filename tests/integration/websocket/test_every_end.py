"""Unusual ends of a connection release its descriptor, its capacity and its memory, and cause no error."""

import asyncio

import psutil

from tests.clients.direct import handshake, joined, metric, request, stalled, until_closed
from tests.conftest import StartServer
from tests.waiting import eventually

GROWTH_BYTES = 16_000_000
FLOOD_BYTES = 40_000_000


async def test_a_handshake_with_too_many_headers_is_refused_and_its_descriptor_closed(
    start_server: StartServer,
) -> None:
    server = start_server()
    descriptors = psutil.Process(server.process.pid).num_fds()
    status, _, _ = await handshake(server, "/ws/stream/fat", cookie="x" * 10_000)
    assert status == 431

    async def is_closed() -> bool:
        return psutil.Process(server.process.pid).num_fds() <= descriptors + 1

    await eventually(is_closed)


async def test_a_client_that_sends_a_close_frame_and_reads_nothing_leaves_no_descriptor(
    start_server: StartServer,
) -> None:
    server = start_server(SEND_BUFFER_SIZE=4096)
    process = psutil.Process(server.process.pid)
    async with joined(server, "large") as large:  # large content starts a process, which has descriptors of its own
        await request(large, "x" * 99_000)
        await large.control("skip")
        await large.receive_until("stream_complete")
    descriptors = process.num_fds()
    close_frame = b"\x88\x80\x00\x00\x00\x00"  # masked with zeros, without a code

    async def is_back_to_the_baseline() -> bool:
        return process.num_fds() <= descriptors + 1

    async with stalled(server, "one") as one, stalled(server, "two") as two:
        for client in (one, two):
            client.transport.write(close_frame)
        await eventually(is_back_to_the_baseline)
        assert await metric(server, "stream_connections_active") == 0


async def test_pings_without_reading_the_pongs_use_no_memory(start_server: StartServer) -> None:
    server = start_server(SEND_BUFFER_SIZE=4096, MAX_FRAME_RATE=1_000_000, MAX_BYTE_RATE=1_000_000_000)
    process = psutil.Process(server.process.pid)
    ping = b"\x89\xfd\x00\x00\x00\x00" + b"p" * 125
    async with joined(server, "flood") as client:
        memory_bytes = process.memory_info().rss
        client.transport.pause_reading()
        for _ in range(FLOOD_BYTES // (1000 * len(ping))):
            client.transport.write(ping * 1000)
            while client.transport.get_write_buffer_size():  # noqa: ASYNC110 - there is no event for what the server has read
                await asyncio.sleep(0)
        assert process.memory_info().rss - memory_bytes < GROWTH_BYTES


async def test_invalid_utf8_together_with_a_close_frame_causes_no_error(start_server: StartServer) -> None:
    server = start_server()
    async with joined(server, "both") as client:
        client.transport.write(b"\x81\x81\x00\x00\x00\x00\xff" + b"\x88\x80\x00\x00\x00\x00")
        await until_closed(client)

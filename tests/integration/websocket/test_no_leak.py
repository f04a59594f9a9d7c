"""Connections that end in any phase and in any way leave nothing behind."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle, islice

import psutil

from streaming_content import Connection
from tests.clients.direct import joined, metric, request
from tests.conftest import RunningServer, StartServer
from tests.waiting import eventually

CONNECTS = 1000
AT_ONCE = 50
GROWTH_BYTES = 8 * 1024 * 1024
"""Far less than CONNECTS leaked connections would hold, and more than an allocator varies."""

DOCUMENT = "word " * 500


async def _at_once(_client: Connection) -> None:
    """Before the first message is read."""


async def _connected(client: Connection) -> None:
    await client.receive()


async def _processing(client: Connection) -> None:
    await request(client, DOCUMENT, content_type="markdown")


async def _streaming(client: Connection) -> None:
    await request(client, DOCUMENT)
    await client.receive_until("chunk")


async def _paused(client: Connection) -> None:
    await _streaming(client)
    await client.send("stream_control", action="pause")
    await client.receive_until("stream_paused")


async def _queued(client: Connection) -> None:
    for _ in range(5):
        await request(client, DOCUMENT)
    await client.receive_until("chunk")


async def _completed(client: Connection) -> None:
    await request(client, "word")
    await client.receive_until("stream_complete")


async def _refused(client: Connection) -> None:
    await client.send_frame("hello")
    await client.receive_until("error")


async def _close(client: Connection) -> None:
    await client.close()


async def _close_and_abort(client: Connection) -> None:
    """Send a close frame and do not wait for the answer."""
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    client.transport.abort()
    await closing


async def _abort(client: Connection) -> None:
    await client.abort()


PHASES = (_at_once, _connected, _processing, _streaming, _paused, _queued, _completed, _refused)
WAYS_TO_LEAVE = (_close, _close_and_abort, _abort)

Step = Callable[[Connection], Awaitable[None]]


async def _stay(server: RunningServer, session_id: str, phase: Step, leave: Step) -> None:
    async with joined(server, session_id, wait_connected=False) as client:
        await phase(client)
        await leave(client)


async def _half_handshake(server: RunningServer) -> None:
    """An unfinished handshake."""
    _, writer = await asyncio.open_connection(*server.address)
    writer.write(b"GET /ws/stream/unfinished HTTP/1.1\r\nUpgrade: websocket\r\n")
    writer.transport.abort()


async def _connect_and_leave(server: RunningServer) -> None:
    stays = list(islice(cycle((phase, leave) for phase in PHASES for leave in WAYS_TO_LEAVE), CONNECTS))
    for first in range(0, CONNECTS, AT_ONCE):
        batch = enumerate(stays[first : first + AT_ONCE])
        await asyncio.gather(
            _half_handshake(server),
            *(_stay(server, f"session-{number}", phase, leave) for number, (phase, leave) in batch),
        )


async def _is_empty(server: RunningServer) -> bool:
    samples = [
        "stream_connections_active",
        'stream_active_streams{state="streaming"}',
        'stream_active_streams{state="paused"}',
    ]
    return [await metric(server, sample) for sample in samples] == [0, 0, 0]


async def test_1000_connections_that_end_in_every_phase_leave_nothing(start_server: StartServer) -> None:
    server = start_server(MAX_REQUESTS_PER_SESSION=1_000_000)
    process = psutil.Process(server.process.pid)
    descriptors = process.num_fds()

    async def is_back_to_the_baseline() -> bool:
        # The scrape itself may still hold a descriptor.
        return await _is_empty(server) and process.num_fds() <= descriptors + 1

    await _connect_and_leave(server)
    await eventually(is_back_to_the_baseline)
    memory_bytes = process.memory_info().rss
    await _connect_and_leave(server)
    await eventually(is_back_to_the_baseline)
    assert process.memory_info().rss - memory_bytes < GROWTH_BYTES
    accepted = await metric(server, 'stream_connection_attempts_total{outcome="accepted"}')
    closes = [
        await metric(server, f'stream_connection_closes_total{{reason="{reason}"}}')
        for reason in ("client", "abnormal")
    ]
    assert accepted == sum(closes) == 2 * CONNECTS
    assert all(closes)

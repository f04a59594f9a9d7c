"""A client that does not read is disconnected after CHUNK_TIMEOUT, and other clients are not affected."""

import asyncio

from tests.clients.direct import joined, metric, stalled, stream
from tests.conftest import StartServer

DOCUMENT = "word " * 50


async def test_a_stalled_client_is_disconnected_after_chunk_timeout(start_server: StartServer) -> None:
    server = start_server(CHUNK_TIMEOUT=1, SEND_BUFFER_SIZE=4096)
    async with stalled(server, "stalled"):
        closed = await asyncio.to_thread(server.logged, "connection_closed", session_id="stalled")
    assert closed["reason"] == "slow_client"
    assert closed["seconds"] >= 1
    assert await metric(server, 'stream_connection_closes_total{reason="slow_client"}') == 1


async def test_a_stalled_client_does_not_block_others(start_server: StartServer) -> None:
    """Another stream runs from its first chunk to its last while the client is stalled."""
    server = start_server(CHUNK_TIMEOUT=3600, SEND_BUFFER_SIZE=4096)
    async with stalled(server, "stalled"), joined(server, "reader") as reader:
        assert await stream(reader, DOCUMENT, speed="superfast") == DOCUMENT
        assert await metric(server, "stream_connections_active") == 2

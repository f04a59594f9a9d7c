"""A client that does not read is disconnected after CHUNK_TIMEOUT, and other clients are not affected."""

import asyncio
import socket

from service.settings import Settings
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from tests.clients.direct import joined, metric, stalled, stream
from tests.conftest import StartServer

DOCUMENT = "word " * 50


async def test_a_stalled_client_is_disconnected_after_chunk_timeout(start_server: StartServer) -> None:
    server = start_server(CHUNK_TIMEOUT=1, SEND_BUFFER_SIZE=4096)
    async with stalled(server, "stalled"):
        closed = await asyncio.to_thread(server.logged, "connection_closed", session_id="stalled")
    ended = server.logged("stream_ended", session_id="stalled")
    assert (ended["outcome"], ended["resumable"]) == ("slow_client", True)
    assert closed["reason"] == "slow_client"
    assert closed["seconds"] >= 1
    assert await metric(server, 'stream_connection_closes_total{reason="slow_client"}') == 1
    assert await metric(server, 'stream_requests_total{content_type="text",outcome="slow_client"}') >= 1
    assert await metric(server, 'stream_requests_total{content_type="text",outcome="disconnected"}') == 0


async def test_a_stalled_client_does_not_block_others(start_server: StartServer) -> None:
    """Another stream runs from its first chunk to its last while the client is stalled."""
    server = start_server(CHUNK_TIMEOUT=3600, SEND_BUFFER_SIZE=4096)
    async with stalled(server, "stalled"), joined(server, "reader") as reader:
        assert await stream(reader, DOCUMENT, speed="superfast") == DOCUMENT
        assert await metric(server, "stream_connections_active") == 2


async def test_what_the_kernel_of_a_slow_client_acknowledges_is_progress() -> None:
    """The kernel of the service accepts more only when a third of its buffer is free."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1448)
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.settimeout(0)
        transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, accepted)
        limits = Settings().input_limits(None)
        connection = WebSocketConnection(transport, ConnectionMonitor(limits, loop.time), set(), lambda _: None)
        connection.limit_send_buffer(65_536)
        while not connection.blocked:
            connection.write(bytes(1024))
        unsent, undelivered = transport.get_write_buffer_size(), connection.undelivered_bytes
        assert undelivered > 65_536 > unsent
        while connection.undelivered_bytes == undelivered:
            client.recv(1024)
            await asyncio.sleep(0)
        assert (transport.get_write_buffer_size(), connection.blocked) == (unsent, True)
        connection.abort()
        assert connection.undelivered_bytes == 0

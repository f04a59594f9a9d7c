"""However many sockets clients open and leave, health checks are answered and clients with a request get in."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.clients.direct import DOCUMENT, get, handshake, joined, metric, stream
from tests.clients.raw import RawSocket, answer, raw_socket, statuses
from tests.conftest import RunningServer, StartServer, stop_cleanly
from tests.descriptors import further_descriptors
from tests.waiting import eventually

HALF = b"GET / HTTP/1.1\r\nHost:"
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSING = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
DROPPED = 'stream_sockets_dropped_total{reason="evicted"}'


@pytest.fixture
def start_limited(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts a server that may have few descriptors: ``start_limited(DESCRIPTORS=256)``."""
    with ExitStack() as endings:

        def start(**settings: object) -> RunningServer:
            settings = {"DRAIN_SECONDS": 0} | settings
            server = RunningServer(tmp_path, settings, "tests.integration.process.limited")
            endings.callback(stop_cleanly, server)
            return server

        yield start


@asynccontextmanager
async def left_open(server: RunningServer, count: int) -> AsyncIterator[list[RawSocket]]:
    """Sockets that never have a whole request: one half sends a part, the other nothing."""
    async with AsyncExitStack() as sockets:
        opened = [await sockets.enter_async_context(raw_socket(server)) for _ in range(count)]
        for socket in opened[::2]:
            socket.writer.write(HALF)
        yield opened


@pytest.mark.parametrize("path", ["/", "/health", "/ready"])
async def test_health_checks_get_in_while_others_use_all_descriptors(
    start_limited: Callable[..., RunningServer], path: str
) -> None:
    server = start_limited(DESCRIPTORS=256)
    warning = server.logged("socket_limit_low", descriptors=256)
    assert (warning["level"], warning["sockets"]) == ("WARNING", 128)
    async with left_open(server, 600):
        for _ in range(10):
            assert (await get(server, path)).status_code == 200
        async with joined(server, "innocent") as client:
            assert await stream(client, DOCUMENT) == DOCUMENT
        assert psutil.Process(server.process.pid).num_fds() < 256
    assert await metric(server, DROPPED) > 0
    assert await metric(server, "stream_accept_pauses_total") == 0
    assert server.logged("socket_dropped", reason="evicted")


async def test_connections_use_no_descriptor_that_health_checks_need(
    start_limited: Callable[..., RunningServer],
) -> None:
    server = start_limited(DESCRIPTORS=160)
    async with AsyncExitStack() as clients:
        refused: list[int] = []
        while not refused:
            socket = await clients.enter_async_context(raw_socket(server))
            await socket.send(
                REQUEST.replace(b"GET /", b"GET /ws/stream/a").removesuffix(b"\r\n")
                + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            head = await socket.read_head()
            refused = [503] if statuses(head) == [503] else []
            assert statuses(head) in ([101], [503])
        assert b"retry-after: " in head
        assert [(await get(server, path)).status_code for path in ("/", "/health", "/ready")] == [200] * 3
    assert await metric(server, 'stream_connection_attempts_total{outcome="refused_capacity"}') == 1
    assert server.logged("connection_limit_reached")


async def test_the_soft_limit_is_raised_to_what_the_settings_need(start_limited: Callable[..., RunningServer]) -> None:
    server = start_limited(DESCRIPTORS=100, HARD_LIMIT=1000, MAX_CONNECTIONS=50, MAX_PENDING_SOCKETS=100)
    assert await metric(server, "stream_socket_limit") == 150
    assert psutil.Process(server.process.pid).rlimit(resource.RLIMIT_NOFILE) == (278, 1000)
    assert [line for line in server.log if line["event"] == "socket_limit_low"] == []


async def test_a_lack_of_descriptors_is_reported_and_ends(start_server: StartServer) -> None:
    server = start_server()
    async with joined(server, "a-session") as client:  # then it has loaded what it needs
        assert await stream(client, DOCUMENT) == DOCUMENT
    with further_descriptors(server, 0):
        waiting = asyncio.create_task(answer(server, CLOSING))
        line = await asyncio.to_thread(server.logged, "accept_paused")
        assert (line["level"], line["reason"]) == ("WARNING", "Too many open files")
        assert not waiting.done()
    assert statuses(await waiting) == [200]
    assert server.logged("accept_resumed")
    assert await metric(server, "stream_accept_pauses_total") == 1


async def test_the_last_descriptor_serves_a_client(start_server: StartServer) -> None:
    """Accepts fail for lack of descriptors also when no client waits; then no socket is closed for it."""
    server = start_server()
    async with joined(server, "a-session") as client:
        assert await stream(client, DOCUMENT) == DOCUMENT
    with further_descriptors(server, 1):
        for _ in range(20):
            assert statuses(await answer(server, CLOSING)) == [200]
    assert await metric(server, "stream_accept_pauses_total") == 0


async def test_the_socket_that_has_waited_longest_is_closed_for_a_further_one(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS=1, MAX_PENDING_SOCKETS=32, REQUEST_TIMEOUT=60)
    async with left_open(server, 32) as first, left_open(server, 1) as [last]:
        await first[0].wait_closed()
        await last.send(b" a\r\n\r\n")
        assert statuses(await last.read_head()) == [200]
        async with joined(server, "a-session") as client:
            assert await stream(client, DOCUMENT) == DOCUMENT


async def test_sockets_that_wait_are_counted(start_server: StartServer) -> None:
    server = start_server()
    async with left_open(server, 5), joined(server, "not-counted"), httpx.AsyncClient(base_url=server.url) as http:

        async def counted() -> bool:
            return "\nstream_pending_sockets 6.0\n" in (await http.get("/metrics")).text  # with that of this request

        await eventually(counted)


# By address


async def test_an_address_has_a_limit_of_connections(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS_PER_ADDRESS=2)
    async with joined(server, "first"), joined(server, "second") as second:
        status, _, body = await handshake(server, "/ws/stream/third")
        assert status == 429
        assert b"Close one" in body
        for path in ("/", "/health", "/ready", "/metrics"):
            assert (await get(server, path)).status_code == 200
        await second.close()

        async def has_room() -> bool:
            return (await handshake(server, "/ws/stream/third"))[0] == 101

        await eventually(has_room)
    assert await metric(server, 'stream_connection_attempts_total{outcome="refused_address"}') >= 1
    assert server.logged("connection_refused", outcome="refused_address")


async def test_a_refused_handshake_releases_its_place(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS_PER_ADDRESS=1)

    async def is_free() -> bool:
        return (await handshake(server, "/ws/nowhere"))[0] == 404

    for _ in range(3):
        await eventually(is_free)


async def test_a_forwarded_address_counts_only_if_the_proxy_is_trusted(start_server: StartServer) -> None:
    async def attempts(server: RunningServer, *addresses: str) -> list[int]:
        async with AsyncExitStack() as clients:
            found = []
            for number, address in enumerate(addresses):
                try:
                    headers = {"X-Forwarded-For": address}
                    await clients.enter_async_context(joined(server, f"s-{number}", additional_headers=headers))
                    found.append(101)
                except Exception as error:  # noqa: BLE001 - the client's error has the status
                    found.append(getattr(error, "status", 0))
            return found

    addresses = ["192.0.2.1", "192.0.2.1", "6.6.6.6, 192.0.2.1", "2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1"]
    open_server = start_server(MAX_CONNECTIONS_PER_ADDRESS=1)
    assert await attempts(open_server, *addresses) == [101, 429, 429, 429, 429, 429]
    behind_proxy = start_server(MAX_CONNECTIONS_PER_ADDRESS=1, TRUSTED_PROXIES="127.0.0.0/8")
    assert await attempts(behind_proxy, *addresses) == [101, 429, 429, 101, 429, 101]


async def test_an_address_has_a_limit_of_sockets_that_wait(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS_PER_ADDRESS=3)
    async with left_open(server, 3) as first, left_open(server, 1):
        await first[0].wait_closed()
        assert (await get(server, "/")).status_code == 200

"""The nginx configuration that is shipped."""

import asyncio
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from service.websocket.connection_monitor import KEEPALIVE_SECONDS
from streaming_content import ConnectFailed, connect
from tests.backends.nginx import Nginx
from tests.clients.recovering import CountedStream, RecoveringClient
from tests.conftest import RunningServer
from tests.integration.instances.conftest import StartInstances, Store
from tests.integration.instances.instances import SHIPPED, Instance, install, site
from tests.waiting import eventually, wait_for

LONG = {"content": "word " * 100, "speed": "superfast"}


@pytest.fixture
def store() -> Store:
    return "sqlite"


def test_nginx_accepts_the_shipped_files(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{\n{install(tmp_path)}\n}}")
    checked = subprocess.run(
        ["/usr/sbin/nginx", "-t", "-p", f"{tmp_path}/", "-c", "nginx.conf", "-e", "stderr"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


async def test_websockets_and_pages_are_public_and_metrics_are_not(start_instances: StartInstances) -> None:
    instances = start_instances(2)
    async with RecoveringClient(instances.address, "passes") as client:
        stream = await client.stream(content="One, two.", speed="superfast")
    assert stream.data == "One, two."
    async with httpx.AsyncClient(base_url=f"http://{instances.address}") as pages:
        assert [(await pages.get(path)).status_code for path in ("/", "/health", "/ready", "/docs")] == [200] * 4
        hidden = ("/metrics", "/metrics/", "/metrics%2f", "/%6detrics", "/docs/%2e%2e/metrics", "/metrics?a=b")
        assert [(await pages.get(path)).status_code for path in hidden] == [404] * len(hidden)


async def test_nginx_passes_each_chunk_on_before_the_next_is_sent(start_instances: StartInstances) -> None:
    instances = start_instances(1)
    words = 600
    stream = CountedStream(content="word " * words, speed="superfast")
    async with RecoveringClient(instances.address, "paced") as client:
        for count in range(1, 4):
            await client.follow(stream, until_chunks=count)
            await client.send("stream_control", action="pause")
            await client.receive_type("stream_paused")
            assert len(stream.chunks) < words  # nginx has held back no chunk, as the others are not sent yet
            await client.send("stream_control", action="resume")
        await client.skip()
        await client.follow(stream)
    assert stream.data == "word " * words


async def test_an_instance_that_drains_receives_no_connection_and_its_clients_move(
    start_instances: StartInstances,
) -> None:
    instances = start_instances(2, DRAIN_SECONDS=30)
    leaving, staying = instances.members
    async with RecoveringClient(instances.address, "running") as running:
        stream = CountedStream(**LONG)
        await running.follow(stream, until_chunks=1)
        busy, _ = await asyncio.to_thread(instances.busiest)
        busy.server.terminate()
        await asyncio.to_thread(busy.server.logged, "drain_started")
        others = [RecoveringClient(instances.address, f"other-{number}") for number in range(20)]
        for other in others:
            await other.join()  # none of them is refused: the handshake goes to the next instance
        idle = leaving if busy is staying else staying
        assert sum(idle.serving().values()) >= len(others)
        busy.server.terminate()  # end the drain
        await running.follow(stream)
        for other in others:
            await other.leave()
    assert running.close_code == 1012
    assert (stream.end["type"], stream.breaks, stream.lost, stream.double) == ("stream_complete", 1, 0, 0)
    assert stream.data == LONG["content"]


async def test_when_all_instances_drain_a_handshake_is_refused_with_retry_after(
    start_instances: StartInstances,
) -> None:
    instances = start_instances(2, DRAIN_SECONDS=30)
    async with RecoveringClient(instances.address, "one") as one, RecoveringClient(instances.address, "two") as two:
        await one.follow(CountedStream(**LONG), until_chunks=1)
        await two.follow(CountedStream(**LONG), until_chunks=1)
        for member in instances.members:
            assert member.serving(), "the two clients are spread"
            member.server.terminate()
            await asyncio.to_thread(member.server.logged, "drain_started")
        with pytest.raises(ConnectFailed) as refused:
            await connect(f"ws://{instances.address}", "late")
        assert (refused.value.status, refused.value.retry_after) == (503, "15")
        for member in instances.members:
            member.server.terminate()


async def test_requests_to_a_stopped_instance_go_to_another(start_instances: StartInstances) -> None:
    instances = start_instances(2)
    gone, _ = instances.members
    gone.stop()
    async with httpx.AsyncClient(base_url=f"http://{instances.address}") as pages:
        answers = [(await pages.get("/ready")).status_code for _ in range(20)]
    assert answers == [200] * 20
    gone.start()
    await asyncio.to_thread(wait_for, lambda: _receives_requests(gone, instances.address), "it receives requests again")


def _receives_requests(instance: Instance, address: str) -> bool:
    httpx.get(f"http://{address}/ready")
    return bool(instance.serving())


async def test_too_large_headers_are_refused_by_nginx(start_instances: StartInstances) -> None:
    instances = start_instances(1)
    async with httpx.AsyncClient(base_url=f"http://{instances.address}") as pages:
        assert (await pages.get("/", headers={"x-large": "x" * 5000})).status_code == 400
        assert (await pages.get("/" + "x" * 5000)).status_code == 414
        assert (await pages.get("/", headers={"x-middling": "x" * 3000})).status_code == 200
        assert (await pages.post("/", content=b"x" * 2000)).status_code == 413
    assert instances.faults == []


async def test_the_headers_of_the_request_and_the_address_of_the_client_are_forwarded(tmp_path: Path) -> None:
    with _listening() as (address, head):
        nginx = Nginx(tmp_path, site(tmp_path, [address]))
        try:
            async with httpx.AsyncClient(base_url=f"http://{nginx.address}") as pages:
                await pages.get("/", headers={"x-forwarded-for": "192.0.2.1", "host": "streaming.example"})
        finally:
            nginx.stop()
    lines = head.result().lower().split("\r\n")
    assert {
        "host: streaming.example",
        "x-real-ip: 127.0.0.1",
        "x-forwarded-for: 192.0.2.1, 127.0.0.1",
        "x-forwarded-proto: http",
        "x-forwarded-host: streaming.example",
    } <= set(lines)
    assert not [line for line in lines if line.startswith(("connection:", "upgrade:"))]


async def test_one_address_has_a_limit_of_connections_and_of_requests(tmp_path: Path, server: RunningServer) -> None:
    configuration = site(tmp_path, ["{}:{}".format(*server.address)], limit=5)
    listen = tmp_path / "streaming" / "listen.conf"
    # As behind another proxy: each request names its own address.
    listen.write_text(f"{listen.read_text()}\nset_real_ip_from 127.0.0.1;\nreal_ip_header X-Test-Address;\n")
    nginx = Nginx(tmp_path, configuration)
    try:
        one_network = [f"2001:db8::{number:x}:1" for number in range(1, 7)]
        for clients in (["192.0.2.1"] * 6, one_network):
            assert await _connections(nginx.address, clients) == [101] * 5 + [429]
        others = [f"198.51.100.{number}" for number in range(10)] + [
            f"2001:db8:0:{number}::1" for number in range(1, 10)
        ]
        assert await _connections(nginx.address, others) == [101] * len(others)
        async with httpx.AsyncClient(base_url=f"http://{nginx.address}") as pages:
            headers = {"x-test-address": "192.0.2.99"}

            async def is_refused() -> bool:
                flood = await asyncio.gather(*(pages.get("/nowhere", headers=headers) for _ in range(50)))
                return 429 in {answer.status_code for answer in flood}

            await eventually(is_refused)
            for path in ("/", "/health", "/ready") * 10:
                assert (await pages.get(path, headers=headers)).status_code == 200
    finally:
        nginx.stop()


async def _connections(address: str, clients: Iterable[str]) -> list[int]:
    """The status of a handshake from each address in turn, while those before are connected."""
    statuses = []
    async with AsyncExitStack() as connections:
        for number, client in enumerate(clients):
            opening = connect(f"ws://{address}", f"s-{number}", additional_headers={"X-Test-Address": client})
            try:
                await connections.enter_async_context(opening)
                statuses.append(101)
            except ConnectFailed as refused:
                statuses.append(refused.status or 0)
    return statuses


def test_the_timeouts_of_nginx_exceed_two_pings_of_the_service() -> None:
    timeouts = re.findall(
        r"(?:proxy_read|proxy_send|send)_timeout (\d+)s;", _sockets((SHIPPED / "streaming.conf").read_text())
    )
    assert len(timeouts) == 3
    assert all(int(timeout) > 2 * KEEPALIVE_SECONDS for timeout in timeouts)


def _sockets(configuration: str) -> str:
    """The block for WebSockets."""
    return configuration.partition("location ~ ^/ws/(stream|publish)/ {")[2].partition("}")[0]


@contextmanager
def _listening() -> Iterator[tuple[str, "Future[str]"]]:
    """A server that answers one request with a status only; the future is the head of the request."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        yield "{}:{}".format(*listener.getsockname()), thread.submit(_answer, listener)


def _answer(listener: socket.socket) -> str:
    request, _ = listener.accept()
    with request:
        head = request.recv(65_536)
        request.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    return head.decode()

"""What a client may send before it has a session: one valid request, of a limited size, within a limited time."""

import json

import httpx
import pytest

from tests.clients.direct import get, metric
from tests.clients.raw import HANDSHAKE, answer, raw_socket, statuses
from tests.conftest import RunningServer, StartServer
from tests.waiting import eventually

SIZE = 2048
GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
LAST = b"GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def dropped(server: RunningServer, reason: str) -> float:
    return await metric(server, f'stream_sockets_dropped_total{{reason="{reason}"}}')


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET + b"Host: a\r\n\r\n", 400),
        (GET + b"Host: b\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (HANDSHAKE + b"\r\n", 400),
        (HANDSHAKE + b"Host: a\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\xa5\x01\x00", 400),  # the start of TLS
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /" + b"a" * 1_000_000, 414),
        (GET + b"X: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (GET + b"X: a\r\n" * 200_000, 431),
        (HANDSHAKE + b"Host: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        # by the library of the handshake
        (HANDSHAKE + b"Host: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (HANDSHAKE + b"Host: a\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431),
        (HANDSHAKE.replace(b"raw", b"a" * 9000) + b"Host: a\r\n\r\n", 414),
        (HANDSHAKE.replace(b"GET", b"POST") + b"Host: a\r\n\r\n", 405),
        (HANDSHAKE.replace(b"Key", b"Kez") + b"Host: a\r\n\r\n", 400),
        (HANDSHAKE.replace(b"13", b"12") + b"Host: a\r\n\r\n", 400),
        (HANDSHAKE.replace(b"Upgrade: w", b"Upgrade: h2c\r\nUpgrade: w") + b"Host: a\r\n\r\n", 426),
        (HANDSHAKE + b"Host: a\r\nContent-Length: 5\r\n\r\nhello", 400),
    ],
)
async def test_a_request_that_is_not_valid_or_too_large_is_refused_with_a_sentence(
    server: RunningServer, request_: bytes, status: int
) -> None:
    reasons = ("invalid", "too_large")
    before = sum([await dropped(server, reason) for reason in reasons])
    head, _, body = (await answer(server, request_)).partition(b"\r\n\r\n")
    assert sum([await dropped(server, reason) for reason in reasons]) == before + 1
    assert int(head.split()[1]) == status
    assert b"connection: close" in head.lower()
    assert json.loads(body)["error"].endswith(".")


async def test_a_request_without_a_host_is_valid_in_http_1_0(server: RunningServer) -> None:
    assert b" 200 OK" in await answer(server, b"GET / HTTP/1.0\r\n\r\n")


async def test_the_refusal_of_a_pipelined_request_follows_the_responses_before_it(server: RunningServer) -> None:
    received = await answer(server, (GET + b"\r\n") * 2 + b"GET /ready HTTP/1.1\r\n\r\n" + LAST)
    assert statuses(received) == [200, 200, 400]


async def test_a_handshake_that_follows_an_unanswered_request_is_refused(server: RunningServer) -> None:
    assert statuses(await answer(server, GET + b"\r\n" + HANDSHAKE + b"Host: a\r\n\r\n")) == [200, 400]


async def test_thousands_of_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    paths = [b"/" if number % 3 else b"/nowhere" for number in range(3000)]
    requests = b"".join(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n" for path in paths)
    received = await answer(server, requests + LAST)
    assert statuses(received) == [200 if path == b"/" else 404 for path in paths] + [200]


async def test_a_body_is_read_and_the_connection_kept(server: RunningServer) -> None:
    chunked = GET + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    counted = GET + b"Content-Length: 5\r\n\r\nhello"
    assert (await answer(server, chunked + counted + LAST)).count(b" 200 OK") == 3


@pytest.mark.parametrize("head", [b"Transfer-Encoding: chunked\r\n\r\n9000\r\n", b"Content-Length: 1000000000\r\n\r\n"])
async def test_a_body_over_the_limit_ends_the_connection(start_server: StartServer, head: bytes) -> None:
    server = start_server(MAX_REQUEST_SIZE=SIZE)
    async with raw_socket(server) as client:
        await client.send(GET + head)
        assert b" 200 OK" in await client.read_head()  # no route reads a body
        await client.send(b"a" * 2 * SIZE)
        await client.wait_closed()
    assert await dropped(server, "too_large") == 1


async def test_a_request_up_to_the_limit_is_answered(start_server: StartServer) -> None:
    server = start_server(MAX_REQUEST_SIZE=SIZE)
    async with httpx.AsyncClient(base_url=server.url) as client:
        for _ in range(3):  # the limit is one of each request, not of a connection
            assert (await client.get("/", headers={"X": "a" * (SIZE - 500)})).status_code == 200


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"", []),
        (b"\r\n", [408]),
        (GET, [408]),
        (HANDSHAKE, [408]),
        (GET + b"Content-Length: 10\r\n\r\n12345", [200]),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", [200]),
        (GET + b"\r\n" + GET, [200, 408]),
    ],
)
async def test_a_request_that_is_not_complete_in_time_ends_the_connection(
    start_server: StartServer, sent: bytes, received: list[int]
) -> None:
    server = start_server(REQUEST_TIMEOUT=0.3)
    assert statuses(await answer(server, sent)) == received
    assert await dropped(server, "timeout") == 1
    assert server.logged("socket_dropped", reason="timeout")


@pytest.mark.parametrize("sent", [GET, GET + b"Content-Length: 1000\r\n\r\n"])
async def test_one_byte_at_a_time_gains_no_time(start_server: StartServer, sent: bytes) -> None:
    server = start_server(REQUEST_TIMEOUT=0.3)
    async with raw_socket(server) as client:
        await client.send(sent + b"X-Long: ")
        await client.trickle(b"a")
    assert await dropped(server, "timeout") == 1


async def test_empty_lines_do_not_keep_an_idle_connection(server: RunningServer) -> None:
    async with raw_socket(server) as client:
        await client.send(GET + b"\r\n")
        await client.read_head()
        await client.trickle(b"\r\n")


async def test_a_client_that_does_not_read_its_responses_is_disconnected(start_server: StartServer) -> None:
    server = start_server(CHUNK_TIMEOUT=0.3)
    async with raw_socket(server) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined] # of a stream's transport
        request = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n"
        await client.send(request * 100)

        async def is_dropped() -> bool:
            return await dropped(server, "stalled") == 1

        await eventually(is_dropped)
    assert (await get(server, "/")).status_code == 200

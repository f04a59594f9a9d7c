"""``/asyncapi.json``."""

import gzip
from typing import Any

import httpx

from service import __version__
from tests.clients.direct import get, joined
from tests.conftest import RunningServer, StartServer
from tests.integration.asyncapi.parser import Parser

Json = dict[str, Any]

PATH = "/asyncapi.json"


async def test_the_document_is_served(server: RunningServer, document: Json) -> None:
    answer = await get(server, PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    served = answer.json()
    assert served | {"servers": None} == document | {"servers": None}
    assert served["info"]["version"] == __version__


async def test_it_has_the_limits_and_the_address_of_the_settings(start_server: StartServer, parser: Parser) -> None:
    server = start_server(MAX_CONTENT_SIZE=5000, IDLE_TIMEOUT=7.5)
    served = (await get(server, PATH)).json()
    async with joined(server, "asks") as client:
        await client.send_frame('{"type":"ping"}')
    limits = served["x-limits"]
    assert (limits["max_content_size"], limits["idle_timeout"]) == (5000, 7.5)
    assert [server["protocol"] for server in served["servers"].values()] == ["ws", "wss"]
    assert served["servers"]["plain"]["variables"]["host"]["default"] == "127.0.0.1:0"
    assert parser.parse(served)["errors"] == []


async def test_a_cached_document_is_revalidated_with_its_etag(server: RunningServer) -> None:
    first = await get(server, PATH)
    assert first.headers["cache-control"] == "no-cache"
    again = await get(server, PATH, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (
        304,
        b"",
        first.headers["etag"].removeprefix("W/"),
    )
    assert (await get(server, PATH, **{"If-None-Match": '"another"'})).status_code == 200


async def test_it_is_compressed_for_clients_that_accept_gzip(server: RunningServer) -> None:
    async with (
        httpx.AsyncClient(base_url=server.url) as client,
        client.stream("GET", PATH, headers={"accept-encoding": "gzip"}) as answer,
    ):
        packed = b"".join([part async for part in answer.aiter_raw()])
    plain = await get(server, PATH, **{"Accept-Encoding": "identity"})
    assert gzip.decompress(packed) == plain.content
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert "content-encoding" not in plain.headers


async def test_head_is_answered_like_get_without_the_body(server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.head(PATH)
    assert (answer.status_code, answer.content) == (200, b"")

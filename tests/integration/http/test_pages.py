"""The test page, and the files that it loads."""

import gzip
import json
import re
import socket
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.clients.direct import get
from tests.conftest import PROJECT, RunningServer, StartServer

STATIC = PROJECT / "service/static"
MANIFEST: dict[str, str] = json.loads((STATIC / "manifest.json").read_text())
HASHED = sorted(MANIFEST.values())


def policy(answer: httpx.Response) -> dict[str, list[str]]:
    directives = [directive.split() for directive in answer.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in directives}


async def test_the_page_is_html_and_is_revalidated(server: RunningServer) -> None:
    page = await get(server, "/websocket-test")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_its_policy_allows_only_scripts_of_the_service(server: RunningServer) -> None:
    allowed = policy(await get(server, "/websocket-test"))
    assert allowed.pop("style-src-attr") == ["'unsafe-inline'"]  # the checked colours of content
    assert allowed.pop("img-src") == ["'self'", "data:", "https:"]
    assert allowed.pop("script-src") == allowed.pop("style-src") == allowed.pop("connect-src") == ["'self'"]
    assert set(allowed) == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert list(allowed.values()) == [["'none'"]] * 4


async def test_it_loads_only_hashed_files_of_the_service(server: RunningServer) -> None:
    page = await get(server, "/websocket-test")
    named = re.findall(r"""<(?:script|link|img)[^>]*?\s(?:src|href)=["']?([^"'\s>]+)""", page.text)
    loaded = [name for name in named if not name.startswith("data:")]
    assert {Path(name).name for name in loaded} == {MANIFEST["page.js"], MANIFEST["page.css"]}
    for name in loaded:
        assert not re.match(r"\w+:|/", name)  # relative, for a proxy that adds a path
        assert (await get(server, f"/{name}")).status_code == 200
    assert "<style" not in page.text
    assert not re.search(r"<script[^>]*>[^<]", page.text)
    assert not re.search(r"\son\w+=", page.text)


@pytest.mark.parametrize("name", HASHED)
async def test_a_file_with_a_hash_in_its_name_is_cached_for_a_year(server: RunningServer, name: str) -> None:
    file = await get(server, f"/static/{name}")
    assert (file.status_code, file.content) == (200, (STATIC / name).read_bytes())
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("page.js", "text/javascript; charset=utf-8"), ("page.css", "text/css; charset=utf-8")],
)
async def test_files_have_the_content_type_of_browsers(server: RunningServer, name: str, content_type: str) -> None:
    file = await get(server, f"/static/{MANIFEST[name]}")
    assert file.headers["content-type"] == content_type


def test_the_hash_in_a_name_is_that_of_the_file() -> None:
    assert {path.name for path in STATIC.iterdir()} == {"manifest.json", *HASHED}
    for name in HASHED:
        digest = sha256((STATIC / name).read_bytes()).hexdigest()
        assert any(len(part) >= 8 and digest.startswith(part) for part in name.split(".")), name


async def test_a_name_without_a_hash_redirects_to_the_file(server: RunningServer) -> None:
    answer = await get(server, "/static/page.js")
    assert (answer.status_code, answer.headers["location"]) == (307, MANIFEST["page.js"])
    assert answer.headers["cache-control"] == "no-cache"


async def test_files_are_compressed_for_clients_that_accept_it(server: RunningServer) -> None:
    path = f"/static/{MANIFEST['page.js']}"
    async with httpx.AsyncClient(base_url=server.url) as client:
        async with client.stream("GET", path, headers={"Accept-Encoding": "br, gzip"}) as compressed:
            sent = b"".join([part async for part in compressed.aiter_raw()])
        plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert all("Accept-Encoding" in answer.headers["vary"] for answer in (compressed, plain))
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(sent) == plain.content
    assert len(sent) < len(plain.content) / 2
    assert compressed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("path", ["/websocket-test", f"/static/{MANIFEST['page.js']}"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_matching_etag_gets_304(server: RunningServer, path: str, encoding: str) -> None:
    tag = (await get(server, path, **{"Accept-Encoding": encoding})).headers["etag"]
    again = await get(server, path, **{"If-None-Match": f'"another", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await get(server, path, **{"If-None-Match": '"another"'})).status_code == 200


@pytest.mark.parametrize("path", ["/websocket-test", f"/static/{MANIFEST['page.css']}"])
async def test_head_has_the_headers_of_get_and_no_body(server: RunningServer, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        head, whole = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert head.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    "target",
    [
        "/static/",
        "/static/nothing.js",
        "/static/manifest.json",
        "/static/../settings.py",
        "/static/..%2fsettings.py",
        "/static/%2e%2e/settings.py",
        "/static/%2e%2e%2fsettings.py",
        "/static/..%5csettings.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/page.js%00",
        "/websocket-test/",
        "/websocket-test/settings.py",
    ],
)
def test_no_other_file_is_served(server: RunningServer, target: str) -> None:
    """Sent as raw bytes, because client libraries normalise paths."""
    with socket.create_connection(server.address) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.split()[1] in {b"404", b"307"}, answer[:80]
    assert b"import" not in answer
    assert b"root:" not in answer


async def test_the_metrics_port_serves_no_pages(start_server: StartServer) -> None:
    server = start_server(METRICS_PORT=0)
    port = server.logged("service_listening", purpose="metrics")["port"]
    async with httpx.AsyncClient() as client:
        for path in ("/websocket-test", f"/static/{MANIFEST['page.js']}"):
            assert (await client.get(f"http://127.0.0.1:{port}{path}")).status_code == 404
            assert (await get(server, path)).status_code == 200


async def test_all_workers_serve_the_same_pages(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(MAX_WORKERS=2, METRICS_DIR=tmp_path / "metrics")
    for name in ("/websocket-test", f"/static/{MANIFEST['page.js']}"):
        answers = [await get(server, name) for _ in range(8)]  # each on a new connection
        assert {(answer.status_code, answer.headers["etag"], answer.content) for answer in answers} == {
            (200, answers[0].headers["etag"], answers[0].content)
        }

"""The HTTP routes, as platforms and scrapers use them."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from service import __version__
from tests.clients.direct import DOCUMENT, get, joined, metric, stream
from tests.conftest import RunningServer, StartServer

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


async def test_the_root_is_the_health_check_of_platforms(server: RunningServer) -> None:
    answer = await get(server, "/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"service": "Sales API", "status": "operational", "version": "2.4.1"}


async def test_health_reports_each_part(start_server: StartServer) -> None:
    server = start_server(RAILWAY_ENVIRONMENT="staging", MAX_CONNECTIONS=1)
    health = (await get(server, "/health")).json()
    assert (health["status"], health["version"], health["environment"]) == ("ok", __version__, "staging")
    stores = {"sessions", "stream_reads", "stream_writes", "usage_store", "live_store"}
    assert set(health["parts"]) == {"event_loop", "connections"} | stores
    assert health["paths"] == {
        "page": "/websocket-test",
        "docs": "/docs",
        "asyncapi": "/asyncapi.json",
        "metrics": "/metrics",
    }
    for path in health["paths"].values():
        assert (await get(server, path)).status_code == 200
    async with joined(server, "the-only-connection"):
        full = await get(server, "/health")
    assert (full.status_code, full.json()["status"]) == (200, "warning")
    assert full.json()["parts"]["connections"] == {"status": "warning", "detail": {"open": 1, "limit": 1}}


async def test_ready_reports_a_ready_server(server: RunningServer) -> None:
    answer = await get(server, "/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*"])
async def test_metrics_are_prometheus_text(server: RunningServer, accept: str) -> None:
    answer = await get(server, "/metrics", Accept=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "stream_connections_active" in {family.name for family in parse_text(answer.text)}


async def test_metrics_are_openmetrics_for_clients_that_accept_it(server: RunningServer) -> None:
    answer = await get(server, "/metrics", Accept=OPENMETRICS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    families = parse_openmetrics(answer.text)  # type: ignore[no-untyped-call]
    assert "stream_connections_active" in {family.name for family in families}


async def test_a_stream_is_counted(start_server: StartServer) -> None:
    server = start_server()
    async with joined(server, "counted") as client:
        assert await metric(server, "stream_connections_active") == 1
        await stream(client, DOCUMENT)
        await client.send_frame("hello")
    completed = 'stream_requests_total{content_type="text",outcome="completed"}'
    assert await metric(server, completed) == 1
    assert await metric(server, 'stream_errors_total{code="INVALID_MESSAGE"}') == 1
    assert await metric(server, 'stream_connection_attempts_total{outcome="accepted"}') == 1


async def test_the_api_docs_load_no_third_party_file(server: RunningServer) -> None:
    page = await get(server, "/docs")
    assert page.status_code == 200
    named = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert named
    assert "//" not in "".join(named)
    assert [(path, (await get(server, path)).status_code) for path in named] == [(path, 200) for path in named]
    assert not re.search(r"https?://", page.text)
    paths = set((await get(server, "/openapi.json")).json()["paths"])
    assert {path for path in paths if not path.startswith("/v1/")} == {"/", "/health", "/ready", "/metrics"}


async def test_the_policy_of_the_api_docs_allows_the_one_inline_script_and_files_of_the_service(
    server: RunningServer,
) -> None:
    page = await get(server, "/docs")
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    directives = page.headers["content-security-policy"].split("; ")
    assert f"script-src 'self' 'sha256-{digest}'" in directives
    assert {"default-src 'none'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(directives)


async def test_the_api_docs_can_be_switched_off(start_server: StartServer) -> None:
    server = start_server(DOCS="off")
    paths = ["/docs", "/openapi.json", "/asyncapi.json", "/static-offline-docs/swagger-ui.css", "/websocket-test"]
    assert [(await get(server, path)).status_code for path in paths] == [404, 404, 404, 404, 200]


@pytest.mark.parametrize("path", ["/nowhere", "/health/", "/docs/", "/static-offline-docs/x.js"])
async def test_an_unknown_path_is_not_found_and_redirects_nowhere(server: RunningServer, path: str) -> None:
    answer = await get(server, path, Host="evil.example.com")
    assert (answer.status_code, "location" in answer.headers) == (404, False)

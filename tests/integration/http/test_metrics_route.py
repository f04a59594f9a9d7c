"""/metrics: its access, its formats, and the metrics of HTTP requests."""

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from observability.registry import metrics as declared
from observability.registry.metric_types import OTHER
from tests.clients.direct import DOCUMENT, get, joined, metric, request
from tests.conftest import RunningServer, StartServer

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

TOKEN = "a-long-secret-of-the-operator"


async def counted(server: RunningServer, method: str, route: str, status_class: str) -> float:
    labels = f'{{method="{method}",route="{route}",status_class="{status_class}"}}'
    requests = await metric(server, f"stream_http_requests_total{labels}")
    assert await metric(server, f'stream_http_request_duration_seconds_count{{route="{route}"}}') >= requests
    return requests


async def test_metrics_token_is_required(start_server: StartServer) -> None:
    server = start_server(METRICS_TOKEN=TOKEN)
    for header in (None, f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN} {TOKEN}"):
        refused = await get(server, "/metrics", **({"Authorization": header} if header else {}))
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "METRICS_TOKEN" in refused.json()["detail"]
        assert "stream_" not in refused.text
    shown = await get(server, "/metrics", Authorization=f"Bearer {TOKEN}")
    assert shown.status_code == 200
    assert 'stream_http_requests_total{method="GET",route="/metrics",status_class="4xx"} 5.0' in shown.text
    assert TOKEN not in shown.text + str(server.log)


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/metrics"])
async def test_head_has_the_headers_of_get_and_no_body(server: RunningServer, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == (await client.get(path)).headers["content-type"]


@pytest.mark.parametrize(
    ("accept", "type_"),
    [(f"{OPENMETRICS}x", "application/openmetrics-text"), ("text/plain; version=latest", "text/plain")],
)
async def test_an_invalid_accept_header_is_no_error(server: RunningServer, accept: str, type_: str) -> None:
    answer = await get(server, "/metrics", Accept=accept)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, type_)


async def test_a_trailing_slash_is_another_path(server: RunningServer) -> None:
    assert (await get(server, "/metrics")).history == []
    assert (await get(server, "/metrics/")).status_code != 200


async def test_http_is_counted_by_method_route_and_status(start_server: StartServer) -> None:
    server = start_server()
    async with httpx.AsyncClient(base_url=server.url) as client:
        await client.get("/health")
        await client.get("/health", params={"token": "secret"})
        await client.post("/ready")
        await client.delete("/health")
        await client.get("/docs")
        await client.get("/nowhere")
        await client.get("/nowhere/else")
    assert await counted(server, "GET", "/health", "2xx") == 2
    assert await counted(server, "other", "/ready", "4xx") == 1
    assert await counted(server, "other", "/health", "4xx") == 1
    assert await counted(server, "GET", "other", "2xx") == 1
    assert await counted(server, "GET", "other", "4xx") == 2


async def test_the_declared_routes_are_those_of_the_api(server: RunningServer) -> None:
    paths = (await get(server, "/openapi.json")).json()["paths"]
    routes = {declared.LIVE_ROUTES if path.startswith("/v1/") else path for path in paths}
    assert {*declared.HTTP_REQUESTS.labels["route"]} == {*routes, OTHER}


async def test_exemplars_have_the_trace_of_their_stream(start_server: StartServer) -> None:
    server = start_server()
    async with joined(server, "exemplary") as client:
        await request(client, DOCUMENT)
        start, *_ = await client.receive_until("stream_complete")
    scraped = await get(server, "/metrics", Accept=OPENMETRICS)
    found = {
        sample.name: sample.exemplar.labels["trace_id"]
        for family in parse_openmetrics(scraped.text)  # type: ignore[no-untyped-call]
        for sample in family.samples
        if sample.exemplar
    }
    assert found == {
        "stream_processing_duration_seconds_bucket": start["trace_id"],
        "stream_time_to_first_chunk_seconds_bucket": start["trace_id"],
        "stream_duration_seconds_bucket": start["trace_id"],
    }

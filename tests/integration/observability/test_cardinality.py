"""The number of series is small, and does not depend on clients and on what they send."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.clients.direct import WITHOUT_KEEP_ALIVE, get, joined, metric, request
from tests.conftest import RunningServer, StartServer

MOST = 800
"""Series of a process by default."""
MOST_OF_ALL = 1100
"""With all that the settings can add: 140 of them are of live streams, 80 of tokens, data systems and quotas."""
SESSIONS = 1000
SCRAPER = "of-the-scraper"
AT_A_TIME = 50


async def series(http: httpx.AsyncClient) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Every series by name and labels."""
    families = text_string_to_metric_families((await http.get("/metrics")).text)
    return {(sample.name, frozenset(sample.labels.items())) for family in families for sample in family.samples}


EVERYTHING: dict[str, object] = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DATABASE_URL": "postgresql://127.0.0.1:1/usage",
    "CLIENT_REPORTS": "on",
    "MEMORY_LIMIT": 10**9,
    "AUTH_MODE": "jwt",
    "AUTH_JWKS_URL": "http://127.0.0.1:1/keys",
    "AUTH_JWT_ALGORITHMS": "ES256",
    "AUTH_JWT_AUDIENCE": "streaming",
    "METRICS_TOKEN": SCRAPER,
}
"""The settings with which there are the most series. Whether the dependencies are available makes no difference."""


@pytest.mark.parametrize(
    ("settings", "most"), [({}, MOST), (EVERYTHING, MOST_OF_ALL)], ids=["the default", "everything"]
)
async def test_a_process_starts_with_few_series(tmp_path: Path, settings: dict[str, object], most: int) -> None:
    with ExitStack() as endings:
        server = RunningServer(tmp_path, {"DRAIN_SECONDS": 0, **settings})
        endings.callback(server.stop)
        lines = (await get(server, "/metrics", Authorization=f"Bearer {SCRAPER}")).text.splitlines()
    assert 300 < sum(not line.startswith("#") for line in lines) < most


async def test_a_thousand_sessions_add_no_series(start_server: StartServer) -> None:
    server = start_server()
    numbers = iter(range(SESSIONS))
    async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE) as http:
        before = await series(http)

        async def visit() -> None:
            for _ in numbers:
                await visit_with_unique_data(server, http)

        async with asyncio.TaskGroup() as visitors:
            for _ in range(AT_A_TIME):
                visitors.create_task(visit())
        after = await series(http)
    assert after == before
    # The events were counted.
    assert await metric(server, 'stream_requests_total{content_type="text",outcome="completed"}') == SESSIONS
    assert await metric(server, 'stream_messages_received_total{type="other"}') == SESSIONS
    paths = 'stream_http_requests_total{method="GET",route="other",status_class="4xx"}'
    assert await metric(server, paths) == SESSIONS


async def visit_with_unique_data(server: RunningServer, http: httpx.AsyncClient) -> None:
    """A client with unique data everywhere: session, trace, content, invalid messages, paths."""
    name = uuid4().hex
    async with joined(server, f"session-{name}") as client:
        await request(client, f"{name} " * (1 + int(name[0], 16)), trace={"traceparent": f"00-{name}-{name[16:]}-01"})
        await client.receive_until("stream_complete")
        await client.send(f"type_{name}")
        await client.receive_until("error")
    await http.get(f"/{name}", params={name: name}, headers={"user-agent": name})

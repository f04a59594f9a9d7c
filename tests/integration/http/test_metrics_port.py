"""METRICS_PORT: that port serves the metrics and nothing else, the other port everything else."""

import httpx
import pytest

from streaming_content import ConnectFailed, connect
from tests.clients.direct import DOCUMENT, get, joined, stream
from tests.conftest import StartServer


async def test_each_port_serves_only_its_own_routes(start_server: StartServer) -> None:
    server = start_server(METRICS_PORT=0)
    port = server.logged("service_listening", purpose="metrics")["port"]
    assert port != server.address[1]
    async with joined(server, "editor") as client:
        assert await stream(client, DOCUMENT) == DOCUMENT
    assert [(await get(server, path)).status_code for path in ("/", "/health", "/ready")] == [200, 200, 200]
    unknown = await get(server, "/nowhere")
    assert unknown.status_code == 404
    assert visible(await get(server, "/metrics")) == visible(unknown)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        metrics = await http.get("/metrics")
        others = [await http.get(path) for path in ("/", "/health", "/ready", "/docs", "/metrics/")]
    assert metrics.status_code == 200
    assert "\nstream_connections_active 0.0\n" in metrics.text
    assert all(visible(other) == visible(unknown) for other in others)
    with pytest.raises(ConnectFailed) as refusal:
        await connect(f"ws://127.0.0.1:{port}", "editor")
    assert refusal.value.status == 404


def visible(response: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """All of a response except its date."""
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status_code, headers, response.content

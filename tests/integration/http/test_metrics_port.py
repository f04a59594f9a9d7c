"""With METRICS_PORT set, metrics are on that port, and on no other; nothing else is there."""

import httpx
import pytest

from streaming_content_client import ConnectFailed, connect
from tests.clients.direct import DOCUMENT, get, joined, stream
from tests.conftest import StartServer


async def test_each_port_knows_only_what_is_its_own(start_server: StartServer) -> None:
    server = start_server(METRICS_PORT=0)
    port = server.logged("service_listening", purpose="metrics")["port"]
    assert port != server.address[1]
    async with joined(server, "editor") as client:
        assert await stream(client, DOCUMENT) == DOCUMENT
    assert [(await get(server, path)).status_code for path in ("/", "/health", "/ready")] == [200, 200, 200]
    unknown = await get(server, "/nowhere")
    assert unknown.status_code == 404
    assert told(await get(server, "/metrics")) == told(unknown)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        metrics = await http.get("/metrics")
        others = [await http.get(path) for path in ("/", "/health", "/ready", "/docs", "/metrics/")]
    assert metrics.status_code == 200
    assert "\nstream_connections_active 0.0\n" in metrics.text
    assert all(told(other) == told(unknown) for other in others)
    with pytest.raises(ConnectFailed) as refusal:
        await connect(f"ws://127.0.0.1:{port}", "editor")
    assert refusal.value.status == 404


def told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """All that an answer tells; the date tells the time alone."""
    return answer.status_code, {name: value for name, value in answer.headers.items() if name != "date"}, answer.content

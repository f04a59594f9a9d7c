"""Private data of users and operators appears in no telemetry."""

import json

import httpx
import pytest

from streaming_content import ConnectFailed, Connection, connect
from tests.backends.kent import Kent
from tests.backends.otlp import OtlpReceiver
from tests.clients.direct import request, stream
from tests.conftest import RunningServer, StartServer
from tests.integration.observability.breaking import BREAK, UNCUTTABLE

CONTENT = "canary-of-the-content"
QUERY = "canary-of-the-query"
HEADER = "canary-of-a-header"
SCRAPER = "canary-of-the-scraper"
SENTRY = "canaryofsentry"
CANARIES = (CONTENT, QUERY, HEADER, SCRAPER, SENTRY)

EDITOR = "https://editor.example"
HEADERS = dict.fromkeys(
    ("Authorization", "Baggage", "Cookie", "Referer", "User-Agent", "X-Forwarded-For", "X-Request-Id"), HEADER
)


@pytest.mark.parametrize(
    ("level", "log_content"),
    [
        ("INFO", "on"),  # which has an effect at DEBUG only
        ("DEBUG", "off"),
    ],
)
async def test_no_private_data_is_exported(
    start_breaking_server: StartServer,
    otlp: OtlpReceiver,
    kent: Kent,
    session_id: str,
    *,
    level: str,
    log_content: str,
) -> None:
    server = start_breaking_server(
        LOG_LEVEL=level,
        LOG_CONTENT=log_content,
        ALLOWED_ORIGINS=EDITOR,
        METRICS_TOKEN=SCRAPER,
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint,
        SENTRY_DSN=kent.dsn_with(f"public:{SENTRY}"),
    )
    target = f"{server.ws(session_id)}?token={QUERY}"
    async with connect(target, additional_headers=HEADERS, origin=EDITOR) as client:
        await use(client)
        await mistake(client)
        await request(client, BREAK + CONTENT)
        await client.receive_until("error")
        assert await stream(client, UNCUTTABLE + CONTENT) == UNCUTTABLE + CONTENT
    with pytest.raises(ConnectFailed):
        await connect(target, additional_headers=HEADERS, origin=f"https://{HEADER}.example")
    metrics = await over_http(server)
    server.stop()

    exported = {
        "metrics": metrics,
        "log": json.dumps(server.log) + "".join(server.noise),
        "spans": b"".join(otlp.received).decode(errors="replace"),
        "sentry": json.dumps(kent.items()),
    }
    # Each signal has what happened ...
    assert 'stream_errors_total{code="PROCESSING_ERROR"} 1.0' in exported["metrics"]
    assert all(session_id in exported[signal] for signal in ("log", "spans", "sentry"))
    assert all("LookupError" in exported[signal] for signal in ("log", "sentry"))
    assert all("ChunkingFailed" in exported[signal] for signal in ("log", "sentry"))
    [fallback] = [line for line in server.log if line["event"] == "fallback_used"]
    [fault] = [line for line in server.log if "ChunkingFailed" in line.get("exception", "")]
    assert fallback["level"] == "ERROR"
    assert fallback["stream_id"] == fault["stream_id"]
    # ... and no private data.
    assert [(signal, canary) for signal, text in exported.items() for canary in CANARIES if canary in text] == []


async def test_with_log_content_each_chunk_is_in_the_log_and_in_no_other_signal(
    start_breaking_server: StartServer, otlp: OtlpReceiver, kent: Kent, session_id: str
) -> None:
    server = start_breaking_server(
        LOG_LEVEL="DEBUG", LOG_CONTENT="on", OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, SENTRY_DSN=kent.dsn
    )
    async with connect(server.ws(session_id)) as client:
        content = f"{CONTENT} " * 10
        assert await stream(client, content) == content
        await request(client, BREAK + CONTENT)
        await client.receive_until("error")
    server.stop()
    chunks = [(line["level"], line["index"], line["quote"]) for line in server.log if line["event"] == "chunk_sent"]
    assert chunks == [("DEBUG", index, f"{CONTENT} ") for index in range(10)]
    others = [line for line in server.log if line["event"] != "chunk_sent"]
    assert [(line["level"], line["event"]) for line in others if "LOG_CONTENT" in line["message"]] == [
        ("WARNING", "content_logged")
    ]
    assert CONTENT not in json.dumps(others)
    assert CONTENT not in b"".join(otlp.received).decode(errors="replace")
    assert CONTENT not in json.dumps(kent.items())


async def use(client: Connection) -> None:
    """The content in each type, and in fields where it does not belong."""
    for content_type, content in (
        ("text", CONTENT),
        ("html", f"<p title='{CONTENT}'>{CONTENT}</p><script>{CONTENT}</script>"),
        ("markdown", f"# {CONTENT}\n\n[link]({CONTENT})"),
    ):
        trace = {"traceparent": CONTENT, "tracestate": CONTENT, "baggage": f"user={CONTENT}"}
        await stream(client, content, content_type=content_type, trace=trace, draft=CONTENT)


async def mistake(client: Connection) -> None:
    """The content in invalid messages."""
    for frame in (
        CONTENT,
        f'{{"type": "stream_request", "content": "{CONTENT}',
        json.dumps({"type": "stream_request", "content": [CONTENT]}),
        json.dumps({"type": "stream_request", "content": CONTENT, "speed": 1}),
        json.dumps({"type": "stream_request", "content": CONTENT * 10_000}),
    ):
        await client.send_frame(frame)
        await client.receive_until("error")
    await client.send_frame(CONTENT.encode())
    await client.receive_until("error")


async def over_http(server: RunningServer) -> str:
    """Every kind of response to a request with private data; the metrics in both formats."""
    async with httpx.AsyncClient(
        base_url=server.url, params={"token": QUERY}, headers=HEADERS | {"Host": HEADER}
    ) as http:
        statuses = [(await http.get(path)).status_code for path in ("/health", "/break/route", "/nowhere", "/metrics")]
        assert statuses == [200, 500, 404, 401]
        token = {"Authorization": f"Bearer {SCRAPER}"}
        as_text = await http.get("/metrics", headers=token)
        openmetrics = await http.get("/metrics", headers=token | {"Accept": "application/openmetrics-text"})
        assert openmetrics.text.endswith("# EOF\n")
        return as_text.text + openmetrics.text

"""The export of spans, to a collector that works, refuses or does not respond, and its configuration."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi import FastAPI

from observability.otlp.otel_settings import OtlpSignal, enabled_signals
from observability.otlp.resource import create_resource
from observability.resource_attributes import load_resource_attributes
from observability.traces.tracing import Tracing
from service.events import AttemptOutcome, ConnectionAttempted
from service.settings import Settings
from service.usage.migrate import migrate
from tests.backends.dead import black_hole, refusing, silent
from tests.backends.otlp import OtlpReceiver
from tests.backends.redis import Redis
from tests.clients.direct import DOCUMENT, get, handshake, joined, metric, stream
from tests.conftest import RunningServer, StartServer
from tests.waiting import LIMIT_SECONDS, eventually, wait_for

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
DROPPED = 'stream_telemetry_dropped_total{signal="traces"}'
CANARY = "canary-4711"
STREAMS = 50
Down = Callable[[], AbstractContextManager[str]]


class Losses:
    """Counts lost spans, reported from any thread."""

    def __init__(self) -> None:
        self.count = 0
        self._news = threading.Condition()

    def __call__(self, count: int) -> None:
        with self._news:
            self.count += count
            self._news.notify_all()

    def wait_for(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.count >= count, LIMIT_SECONDS), self.count


@pytest.fixture(autouse=True)
def _without_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    yield
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


def open_tracing(monkeypatch: pytest.MonkeyPatch, endpoint: str, losses: Losses, **variables: str) -> Tracing:
    for name, value in {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **SOON, **variables}.items():
        monkeypatch.setenv(name, value)
    assert OtlpSignal.TRACES in enabled_signals()
    return Tracing(Settings(), create_resource(load_resource_attributes("staging")), losses)


def make_spans(tracing: Tracing, count: int) -> None:
    for _ in range(count):
        tracing.sink.record(ConnectionAttempted(AttemptOutcome.REFUSED_SESSION))


# Losses


def test_queued_spans_are_sent_at_shutdown(monkeypatch: pytest.MonkeyPatch, otlp: OtlpReceiver) -> None:
    losses = Losses()
    exporter = open_tracing(monkeypatch, otlp.endpoint, losses, OTEL_BSP_SCHEDULE_DELAY="60000")
    make_spans(exporter, 1300)
    exporter.close(LIMIT_SECONDS)
    assert (len(otlp.spans), losses.count) == (1300, 0)
    make_spans(exporter, 2)
    assert (len(otlp.spans), losses.count) == (1300, 2)


def test_refused_spans_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = Losses()
    with refusing() as address:
        exporter = open_tracing(monkeypatch, f"http://{address}", losses)
        make_spans(exporter, 700)
        losses.wait_for(700)
        exporter.close(LIMIT_SECONDS)
    assert losses.count == 700


def test_excess_spans_are_counted_at_once_and_unanswered_ones_at_shutdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses = Losses()
    before = threading.enumerate()
    with silent() as address:
        exporter = open_tracing(
            monkeypatch,
            f"http://{address}",
            losses,
            OTEL_BSP_MAX_QUEUE_SIZE="100",
            OTEL_EXPORTER_OTLP_TIMEOUT="2",
        )
        make_spans(exporter, 250)
        assert losses.count == 150
        exporter.close(0.2)
        assert losses.count == 250
        # The export that fails afterwards is not counted again.
        started = [thread for thread in threading.enumerate() if "otlp" in thread.name and thread not in before]
        wait_for(lambda: not any(thread.is_alive() for thread in started), "the exporter gives up")
    assert losses.count == 250


# Variables


def test_the_resource_has_the_configured_attributes(monkeypatch: pytest.MonkeyPatch, otlp: OtlpReceiver) -> None:
    exporter = open_tracing(monkeypatch, otlp.endpoint, Losses())
    make_spans(exporter, 1)
    exporter.close(LIMIT_SECONDS)
    given = open_tracing(
        monkeypatch,
        otlp.endpoint,
        Losses(),
        OTEL_SERVICE_NAME="mine",
        OTEL_RESOURCE_ATTRIBUTES="team=blue,service.version=9",
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20x",
    )
    make_spans(given, 1)
    given.close(LIMIT_SECONDS)
    first, second = (span.resource for span in otlp.spans)
    assert first["service.name"] == "streaming-content-api"
    assert first["deployment.environment.name"] == "staging"
    assert {"service.version", "service.instance.id"} <= first.keys()
    assert (second["service.name"], second["service.version"], second["team"]) == ("mine", "9", "blue")


@pytest.mark.parametrize("value", ["", "0", "128"])
def test_values_that_the_sdk_accepts_are_allowed(
    monkeypatch: pytest.MonkeyPatch, otlp: OtlpReceiver, value: str
) -> None:
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", value)
    monkeypatch.setenv("OTEL_BSP_EXPORT_TIMEOUT", value)
    exporter = open_tracing(monkeypatch, otlp.endpoint, Losses())
    exporter.instrument(FastAPI())
    exporter.close(LIMIT_SECONDS)


async def test_the_log_reports_an_unavailable_collector_without_its_keys(
    start_breaking_server: StartServer, session_id: str
) -> None:
    with refusing() as address:
        server = start_breaking_server(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}/{CANARY}",
            OTEL_EXPORTER_OTLP_HEADERS=f"authorization=Bearer%20{CANARY}",
            OTEL_BSP_SCHEDULE_DELAY=50,
        )
        await _stream_once(server, session_id)
        await asyncio.to_thread(server.logged, "library_message")
        server.stop()
    messages = [line["message"] for line in server.log if line["event"] == "library_message"]
    assert any("ConnectionError" in message for message in messages), messages
    assert CANARY not in f"{server.log} {server.noise}"


# With a server


async def test_the_variables_in_dotenv_reach_the_exporter(
    start_server: StartServer, otlp: OtlpReceiver, tmp_path: Path, session_id: str
) -> None:
    (tmp_path / ".env").write_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={otlp.endpoint}\nOTEL_BSP_SCHEDULE_DELAY=50\n")
    async with joined(start_server(), session_id) as client:
        await stream(client, DOCUMENT)
    otlp.wait_for(lambda span: span.name == "stream")


async def test_a_client_cannot_force_the_export_of_its_traces(
    start_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_server(
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG=0
    )
    traceparent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    async with joined(server, session_id) as client:
        await stream(client, DOCUMENT, trace={"traceparent": traceparent})
    assert (await get(server, "/", traceparent=traceparent)).status_code == 200
    assert server.stop() == 0
    assert otlp.spans == []


async def test_the_traceparent_of_a_handshake_is_linked_and_an_invalid_one_ignored(
    start_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint)
    valid = f"00-{'ab' * 16}-{'cd' * 8}-00"
    for number, headers in enumerate(
        (
            [("traceparent", valid), ("tracestate", "a=1"), ("tracestate", "b=2")],
            [("traceparent", valid), ("traceparent", valid)],
            [("traceparent", f"00-{'0' * 32}-{'cd' * 8}-01")],
            [("traceparent", CANARY), ("tracestate", CANARY)],
        )
    ):
        async with joined(server, f"{session_id}-{number}", additional_headers=headers):
            pass
    assert server.stop() == 0
    connects = sorted((span for span in otlp.spans if span.name == "ws.connect"), key=lambda span: span.start_ns)
    links = [[(link.trace_id, link.span_id) for link in span.links] for span in connects]
    assert links == [[("ab" * 16, "cd" * 8)], [], [], []]
    assert all((span.parent_span_id, span.trace_id == "ab" * 16) == ("", False) for span in connects)
    assert connects[0].attributes["network.protocol.name"] == "websocket"
    schema = "https://opentelemetry.io/schemas/1.44.0"
    assert {span.schema_urls for span in connects} == {(schema, schema)}
    assert CANARY not in f"{otlp.spans} {server.log} {server.noise}"


async def test_calls_of_redis_and_postgresql_are_client_spans_without_passwords(
    start_server: StartServer, redis: Redis, database_url: str, otlp: OtlpReceiver, session_id: str
) -> None:
    migrate(database_url)
    with_password = database_url.replace("@", f":{CANARY}@")
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, REDIS_URL=redis.url, DATABASE_URL=with_password)
    async with joined(server, session_id) as client:
        await stream(client, DOCUMENT)
    database = database_url.rpartition("/")[2]
    rows = await asyncio.to_thread(otlp.wait_for, lambda span: span.name == f"insert {database}")
    assert server.stop() == 0
    calls = [span for span in otlp.spans if span.kind == "CLIENT"]
    [parent] = [span for span in otlp.spans if span.name == "stream"]
    of_stream = [span for span in calls if span.parent_span_id == parent.span_id]
    assert {span.name for span in of_stream} >= {"admit 0", "put 0"}
    [admit] = [span for span in of_stream if span.name == "admit 0"]
    assert all(parent.start_ns <= span.start_ns <= span.end_ns <= parent.end_ns for span in of_stream)
    port = int(redis.address.rpartition(":")[2])
    assert admit.attributes == {
        "db.system.name": "redis",
        "db.operation.name": "admit",
        "db.namespace": "0",
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    [connect] = [span for span in otlp.spans if span.name == "ws.connect"]
    assert [span.name for span in calls if span.parent_span_id == connect.span_id] == ["open 0"]
    assert {(span.attributes["db.system.name"], span.parent_span_id, span.status) for span in rows} == {
        ("postgresql", "", "UNSET")
    }
    assert CANARY not in b"".join(otlp.received).decode(errors="replace")


async def test_http_routes_except_those_of_machines_have_spans_with_declared_attributes(
    start_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint)
    for path in ("/health", "/ready", "/metrics", f"/{CANARY}"):
        await get(server, path)
    parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    baggage = ",".join(f"{CANARY}{index}" for index in range(500))
    answer = await get(
        server, f"/?token={CANARY}", traceparent=parent, tracestate=f"{CANARY} {CANARY}", baggage=baggage
    )
    assert answer.status_code == 200
    assert (await handshake(server, f"/{CANARY}"))[0] == 404
    async with joined(server, session_id) as client:
        await stream(client, DOCUMENT)
    assert server.stop() == 0
    assert {span.name for span in otlp.spans if span.kind == "SERVER"} == {"GET", "GET /", "ws.connect", "stream"}
    [route] = [span for span in otlp.spans if span.name == "GET /"]
    assert (route.trace_id, route.parent_span_id) == ("ab" * 16, "cd" * 8)
    assert route.attributes == {"http.request.method": "GET", "http.route": "/", "http.response.status_code": 200}
    assert CANARY not in f"{otlp.spans} {server.log} {server.noise}"


async def test_the_span_of_a_failed_route_has_no_text_of_the_exception(
    start_breaking_server: StartServer, otlp: OtlpReceiver
) -> None:
    server = start_breaking_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint)
    assert (await get(server, "/break/route")).status_code == 500
    assert server.stop() == 0
    [route] = otlp.spans
    assert (route.name, route.status, route.status_message) == ("GET /break/route", "ERROR", "")
    assert (route.attributes["http.response.status_code"], route.attributes["error.type"]) == (500, "500")
    assert route.events == []


@pytest.mark.parametrize("down", [refusing, silent, black_hole])
async def test_an_unavailable_collector_delays_no_stream(
    start_breaking_server: StartServer, session_id: str, down: Down
) -> None:
    with down() as address:
        server = start_breaking_server(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}", **SOON)
        await asyncio.gather(*(_stream_once(server, f"{session_id}-{index}") for index in range(STREAMS)))
        # ws.connect, open, stream, validate, rate_limit, analyse, chunk, store and deliver; the calls open_streams,
        # admit and put, unless the store is slow and not called; content_wait, if the stream waited for its thread
        least, most = 9, 13

        async def spans_are_counted() -> float:
            count = await metric(server, DROPPED)
            return count if count >= STREAMS * least else 0.0

        assert await eventually(spans_are_counted) <= STREAMS * most
        await _stream_once(server, session_id)
        assert server.stop() == 0


async def _stream_once(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as client:
        document = f"{session_id} {DOCUMENT}"  # a new document: a known one is not prepared again
        assert await stream(client, document) == document

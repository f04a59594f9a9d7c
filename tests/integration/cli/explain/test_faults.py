"""Faults of a running service are named from its log, its metrics and a real Prometheus; a healthy one has none."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from service.cli import main
from tests.backends.fixtures import StartPrometheus, StartRedis
from tests.backends.otlp import OtlpReceiver
from tests.clients.direct import joined, request, stream
from tests.conftest import LogLine, RunningServer, StartServer
from tests.integration.observability.breaking import BREAK
from tests.integration.observability.conftest import start_breaking_server
from tests.waiting import wait_for

__all__ = ["start_breaking_server"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """As ``start_server``, for a server that logs errors."""
    with ExitStack() as endings:

        def start_server(**settings: object) -> RunningServer:
            server = RunningServer(tmp_path, {"DRAIN_SECONDS": 0} | settings)
            endings.callback(server.stop)
            return server

        yield start_server


class Explained:
    """What the command returned and printed."""

    def __init__(self, status: int, printed: str) -> None:
        self.status = status
        self.report: dict[str, Any] = json.loads(printed)

    @property
    def causes(self) -> list[str]:
        return [finding["cause"] for finding in self.report["findings"]]

    def __repr__(self) -> str:
        return json.dumps(self.report, indent=1)


class Explain:
    """Runs the command on the log and the metrics of a server."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Explained:
        status = main(["explain", *arguments, "--json"])
        return Explained(status, self._capsys.readouterr().out)

    def log(self, server: RunningServer) -> str:
        path = self._folder / f"{uuid4().hex}.jsonl"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in server.log))
        return str(path)


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Explain:
    """The command, run in a working directory without .env."""
    monkeypatch.chdir(tmp_path)
    return Explain(tmp_path, capsys)


async def visit(server: RunningServer, count: int, content: str = "A few words, all of them.") -> None:
    for number in range(count):
        async with joined(server, f"visitor-{number}") as client:
            await stream(client, content)


async def make_mistakes(server: RunningServer, count: int) -> None:
    async with joined(server, "broken-client") as client:
        for _ in range(count):
            await request(client, "text", speed="warp")
        for _ in range(count):
            await client.receive_until("error")


def mistakes(server: RunningServer) -> list[LogLine]:
    return [line for line in server.log if line["event"] == "error_sent"]


async def test_a_healthy_service(
    start_server: StartServer, start_prometheus: StartPrometheus, explain: Explain
) -> None:
    server = start_server()
    prometheus = start_prometheus("{}:{}".format(*server.address))
    prometheus.wait_until_up("{}:{}".format(*server.address))
    await visit(server, 5)
    prometheus.wait_for('sum(stream_requests_total{outcome="completed"})', lambda found: found[0]["value"][1] == "5")
    log = explain.log(server)
    for sources in (
        ["--logs", log],
        ["--metrics", f"{server.url}/metrics"],
        ["--logs", log, "--prometheus", f"http://{prometheus.address}"],
    ):
        found = await asyncio.to_thread(explain, *sources)
        if found.causes != ["loop_stalls"]:  # true on a machine that others keep busy
            assert (found.status, found.causes, found.report["status"]) == (0, [], "nothing wrong found"), found


async def test_one_bad_client(start_server: StartServer, explain: Explain) -> None:
    server = start_server()
    await visit(server, 3)
    await make_mistakes(server, 40)
    await asyncio.to_thread(wait_for, lambda: len(mistakes(server)) >= 40, "the lines of the errors")
    found = await asyncio.to_thread(explain, "--logs", explain.log(server), "--metrics", f"{server.url}/metrics")
    assert (found.status, found.causes) == (1, ["one_client"]), found
    assert "broken-client" in found.report["answer"]
    own = explain("broken-client", "--logs", explain.log(server))
    assert (own.status, own.causes) == (1, ["error_invalid_speed"]), own
    other = explain("visitor-1", "--logs", explain.log(server))
    assert (other.status, other.causes) == (0, []), other


async def test_a_dead_store(
    start: StartServer, start_redis: StartRedis, start_prometheus: StartPrometheus, explain: Explain
) -> None:
    redis = start_redis()
    server = start(REDIS_URL=redis.url)
    target = "{}:{}".format(*server.address)
    prometheus = start_prometheus(target)
    prometheus.wait_until_up(target)
    redis.stop()
    while not any(line["event"] == "dependency_unavailable" for line in server.log):
        await visit(server, 1)
    prometheus.wait_for('stream_dependency_up{dependency="session_store"} == 0')
    log = explain.log(server)
    for sources in (["--logs", log], ["--logs", log, "--prometheus", f"http://{prometheus.address}"]):
        found = await asyncio.to_thread(explain, *sources)
        assert (found.status, found.causes) == (1, ["session_store_down"]), found
        assert "session store (Redis)" in found.report["answer"]
        assert found.report["findings"][0]["runbook"] == "session-store-down.md"


async def test_hostile_content(start: StartServer, explain: Explain) -> None:
    server = start(CONTENT_CPU_LIMIT=0.05)
    async with joined(server, "hostile") as client:
        for number in range(2):
            await request(client, f"{number}\n\n" + "a\n\n" * 30_000, content_type="markdown")
            [*_, error] = await client.receive_until("error")
            assert error["code"] == "PROCESSING_ERROR"
    found = await asyncio.to_thread(explain, "--logs", explain.log(server), "--metrics", f"{server.url}/metrics")
    assert (found.status, found.causes) == (1, ["content_killed"]), found
    assert "hostile" in str(found)


async def test_a_fault_is_found_by_the_error_id_of_the_client(
    start_breaking_server: StartServer, explain: Explain
) -> None:
    server = start_breaking_server()
    async with joined(server, "unlucky") as client:
        await request(client, f"{BREAK}please")
        [*_, _error] = await client.receive_until("error")
    fault = server.logged("fault_raised")
    server.logged("stream_ended", stream_id=fault["stream_id"])
    log = explain.log(server)
    for text in (fault["error_id"], fault["stream_id"], fault["trace_id"], fault["stream_id"][:8]):
        found = explain(text, "--logs", log)
        assert found.status == 1, found
        assert fault["error_id"] in str(found)
        assert "ValueError" in str(found)
    now = await asyncio.to_thread(explain, "--logs", log, "--metrics", f"{server.url}/metrics")
    assert now.causes == ["service_errors"], now


async def test_the_spans_of_a_stream(
    start_server: StartServer, otlp: OtlpReceiver, explain: Explain, tmp_path: Path
) -> None:
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, OTEL_BSP_SCHEDULE_DELAY=100)
    async with joined(server, "traced") as client:
        await stream(client, "# Title\n\nSome *words*.", content_type="markdown")
    [root] = await asyncio.to_thread(otlp.wait_for, lambda span: span.name == "stream")
    await asyncio.to_thread(otlp.wait_for, lambda span: span.name == "deliver")
    bodies = [ExportTraceServiceRequest.FromString(body) for body in otlp.received]
    (tmp_path / "traces.jsonl").write_text("".join(f"{MessageToJson(body, indent=None)}\n" for body in bodies))
    for text in (root.trace_id, root.attributes["stream.id"]):
        found = explain(text, "--traces", "traces.jsonl")
        assert (found.status, found.report["answer"][:25]) == (0, "The stream was completed."), found
        entries = [moment["what"].split(" for ")[0] for moment in found.report["timeline"]]
        assert [entry for entry in entries if entry in {"validate", "rate_limit", "convert", "sanitise", "chunk"}] == [
            "validate",
            "rate_limit",
            "convert",
            "sanitise",
            "chunk",
        ]


async def test_a_job_with_another_name(
    start_server: StartServer, start_prometheus: StartPrometheus, explain: Explain
) -> None:
    server = start_server()
    target = "{}:{}".format(*server.address)
    rule = {
        "alert": "ServiceDown",
        "expr": 'sum by (job) (up{job="another-name"}) == 0',
        "labels": {"severity": "critical"},
    }
    prometheus = start_prometheus(target, rules=[{"groups": [{"name": "rules", "rules": [rule]}]}])
    prometheus.wait_until_up(target)
    found = await asyncio.to_thread(explain, "--prometheus", f"http://{prometheus.address}")
    assert (found.status, found.causes) == (1, ["wrong_job"]), found


async def test_a_service_that_is_down(
    start_server: StartServer, start_prometheus: StartPrometheus, explain: Explain
) -> None:
    server = start_server()
    target = "{}:{}".format(*server.address)
    prometheus = start_prometheus(target)
    prometheus.wait_until_up(target)
    assert server.stop() == 0
    prometheus.wait_for(f'max_over_time(up{{instance="{target}"}}[3s]) == 0')
    sources = ["--prometheus", f"http://{prometheus.address}", "--logs", explain.log(server)]
    found = await asyncio.to_thread(explain, *sources, "--since", "2m")
    assert (found.status, found.causes[0]) == (1, "service_down"), found
    assert set(found.causes[1:]) <= {"loop_stalls"}, found  # of a busy host
    assert target in found.report["answer"]

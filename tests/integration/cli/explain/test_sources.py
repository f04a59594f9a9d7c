"""Files and servers are read as they are; what cannot be reached is reported, and the rest is used."""

import gzip
import io
import itertools
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from tests.integration.cli.explain.servers import alertmanager, loki, serving, tempo

NOW = time.time()
TRACE = "0af7651916cd43dd8448eb211c80319c"
STREAM, CONNECTION = "a90dea9e2f6b4c0d8e1a7b3c5d9f0e12", "c06e5d1f8f0b4d4c9a7b8e2f6a3d1c55"
IDS = {"trace_id": TRACE, "session_id": "editor-1", "connection_id": CONNECTION, "stream_id": STREAM}


def a_line(event: str, ago: float, **fields: object) -> str:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(NOW - ago))
    return json.dumps({"ts": f"{stamp}Z", "level": "INFO", "event": event, "message": event, **fields})


LINES = [
    a_line("stream_requested", 30, bytes=405, content_type="text", **IDS),
    a_line("stream_ended", 20, outcome="disconnected", **IDS),
    a_line(
        "connection_closed", 20, reason="keepalive_timeout", code=1011, session_id="editor-1", connection_id=CONNECTION
    ),
]


def a_span(name: str, begin: float, end: float, **attributes: str) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": name.encode().hex().ljust(16, "0")[:16],
        "parentSpanId": "" if name == "stream" else b"stream".hex().ljust(16, "0"),
        "name": name,
        "startTimeUnixNano": str(int((NOW - 30 + begin) * 1e9)),
        "endTimeUnixNano": str(int((NOW - 30 + end) * 1e9)),
        "attributes": [
            {"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in attributes.items()
        ],
    }


SPANS = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        a_span("stream", 0, 9, stream_id=STREAM, session_id="editor-1", stream_outcome="completed"),
                        a_span("rate_limit", 0, 2),
                    ]
                }
            ]
        }
    ]
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without .env."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = main(["explain", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("form", ["plain", "gzip", "standard input"])
def test_a_log_in_every_form(
    form: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(["Test page: http://127.0.0.1", *LINES, LINES[0][:50]]).encode()
    path = folder / "log"
    path.write_bytes(gzip.compress(text) if form == "gzip" else text)
    if form == "standard input":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    status, report = explained(capsys, STREAM, "--logs", "-" if form == "standard input" else str(path))
    assert status == 1
    assert "did not answer a ping" in report["answer"]
    assert report["sources"][0]["read"] == "3 lines, 2 others skipped"


def test_a_damaged_gzip_is_read_up_to_the_damage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "log.gz"
    path.write_bytes(gzip.compress("\n".join(LINES * 100).encode())[:-9])
    status, report = explained(capsys, STREAM, "--logs", str(path))
    assert (status, report["status"]) == (1, "cause found")


def test_spans_of_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "traces.jsonl").write_text(f"{json.dumps(SPANS)}\nnot JSON\n")
    status, report = explained(capsys, TRACE, "--traces", "traces.jsonl")
    assert status == 1
    assert "2 s of it in admission" in report["answer"]
    assert report["sources"][0]["read"] == "2 spans, 1 line skipped"


def test_loki_and_tempo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAIN_LOKI_TOKEN", "secret")
    monkeypatch.setenv("EXPLAIN_TENANT", "team")
    labels = {"service_name": "streaming-content-api"}
    entries = [(labels, NOW - 30 + number, text) for number, text in enumerate(LINES)]
    with serving(loki(entries)) as logs, serving(tempo({TRACE: SPANS}, {STREAM: [TRACE]})) as traces:
        status, report = explained(capsys, STREAM, "--loki", logs.url, "--tempo", traces.url)
        queries = [asked.parameters["query"] for asked in logs.asked]
        headers = {name.lower(): value for name, value in logs.asked[0].headers.items()}
    assert status == 1
    assert report["answer"].startswith("It ended because its connection was lost")
    assert [finding["what"][:27] for finding in report["findings"]][1] == "Its first chunk came after "
    assert "traces: admission 2 s" in " ".join(report["findings"][1]["facts"]), "each span counts once"
    assert {"log", "traces"} <= set(" ".join(report["findings"][1]["facts"]).replace(":", "").split())
    assert queries[0] == f'{{service_name="streaming-content-api"}} |= "{STREAM}"'
    assert any(CONNECTION in query for query in queries)
    assert (headers["authorization"], headers["x-scope-orgid"]) == ("Bearer secret", "team")


def test_records_that_came_to_loki_over_otlp(capsys: pytest.CaptureFixture[str]) -> None:
    ids = IDS | {"severity_text": "INFO", "service_name": "streaming-content-api"}
    entries = [
        (
            ids | {"event_name": "stream_requested", "bytes": "405", "content_type": "text"},
            NOW - 30,
            f"Request {STREAM}",
        ),
        (ids | {"event_name": "stream_ended", "outcome": "shutdown"}, NOW - 20, f"Stream ended {STREAM}"),
    ]
    with serving(loki(entries)) as logs:
        status, report = explained(capsys, STREAM, "--loki", logs.url)
    assert status == 1
    assert "interrupted by a shutdown" in report["answer"]
    assert "405 bytes of text" in report["question"]


def test_alerts_of_alertmanager(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "log").write_text("\n".join(LINES))
    alert = {
        "labels": {"alertname": "HighMemory", "severity": "warning"},
        "annotations": {"summary": "Memory is high.", "runbook_url": "https://example.com/high-memory.md"},
        "startsAt": "2026-11-24T20:00:00.000Z",
        "status": {"state": "active", "inhibitedBy": [], "silencedBy": []},
    }
    watchdog = alert | {"labels": {"alertname": "Watchdog", "severity": "none"}}
    with serving(alertmanager(alert, watchdog)) as server:
        status, report = explained(capsys, "HighMemory", "--alertmanager", server.url, "--logs", "log")
        now, _ = explained(capsys, "--alertmanager", server.url, "--logs", "log")
    assert (status, now) == (1, 1)
    assert report["answer"].startswith("HighMemory fires (severity warning)")
    assert report["findings"][0]["runbook"] == "high-memory.md"


def test_what_cannot_be_reached_is_reported_and_the_rest_is_used(
    folder: Path, closed_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "log").write_text("\n".join(LINES))
    closed = f"http://user:password@127.0.0.1:{closed_port}"
    with serving(lambda _path, _parameters: {"no": "data"}) as another:
        options = ["--logs", "log", "absent", "--loki", closed, "--prometheus", another.url, "--tempo", "ftp://x"]
        status, report = explained(capsys, STREAM, *options)
    failures = {source["source"].split()[0]: source.get("failure", "") for source in report["sources"][1:]}
    assert status == 1
    assert failures == {
        "log": "No such file or directory",
        "Loki": "Connection refused",
        "Prometheus": "the response is not that of Prometheus: is this the right address?",
        "Tempo": "the address must begin with http:// or https://",
    }
    assert "password" not in json.dumps(report)


def test_nothing_that_can_be_reached(closed_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    for subject in ([], ["SessionStoreDown"], [STREAM]):
        status, report = explained(capsys, *subject, "--prometheus", f"http://127.0.0.1:{closed_port}")
        assert (status, report["status"]) == (2, "unknown")


@pytest.mark.parametrize("text", ["unknown", "0" * 32, "NoSuchAlert"])
def test_an_unknown_id(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "log").write_text("\n".join(LINES))
    status, report = explained(capsys, text, "--logs", "log")
    assert (status, report["findings"]) == (2, [])
    assert report["answer"].startswith("No line and no span has this id")


def test_an_id_without_a_source_that_has_ids(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "metrics").write_text('stream_build_info{version="2.4.1"} 1\n')
    for source in (["--prometheus", "ftp://x"], ["--metrics", "metrics"]):
        status, report = explained(capsys, STREAM, *source)
        assert (status, report["answer"].split(": ")[1]) == (2, "give --logs, --loki, --traces or --tempo.")


def test_a_log_without_a_line_of_the_service_is_no_evidence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text").write_text("12:00:00 INFO started\n")
    (folder / "empty").write_text("")
    status, report = explained(capsys, "--logs", "text", "empty")
    assert (status, report["answer"].partition(":")[0]) == (2, "Nothing could be read")
    assert "LOG_FORMAT=json" in report["sources"][0]["failure"]


def test_metrics_in_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'stream_build_info{version="2.4.1"} 1\nstream_dependency_up{dependency="database"} 0\n'
    for name in ("before", "after"):
        (folder / name).write_text(text)
    (folder / "other").write_text("some_other_metric 1\n")
    status, report = explained(capsys, "--metrics", "before", "after")
    assert (status, report["findings"][0]["cause"]) == (1, "database_down")
    status, report = explained(capsys, "--metrics", "before", "other")
    assert (status, [source["read"] for source in report["sources"]]) == (1, ["one sample", ""])
    status, report = explained(capsys, "--metrics", "other")
    assert (status, report["sources"][0]["failure"]) == (
        2,
        "it has no metrics of the service: is this the right address?",
    )


def test_the_screen_of_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "log").write_text("\n".join(LINES))
    assert main(["explain", STREAM, "--logs", "log"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"What happened to the stream {STREAM}?")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("age", [86_400, 3])
def test_a_share_of_the_time_is_of_that_between_two_samples(capsys: pytest.CaptureFixture[str], age: float) -> None:
    stalled = itertools.count(2, 2)
    started = time.time() - age

    def exposition(_path: str, _parameters: object) -> str:
        return (
            'stream_build_info{version="2.4.1"} 1\n'
            f"process_start_time_seconds {started}\n"
            f"stream_event_loop_stall_seconds_total {next(stalled)}\n"
        )

    with serving(exposition) as server:
        _, report = explained(capsys, "--metrics", server.url)
    [what] = [one["what"] for one in report["findings"] if "stands still" in one["what"]]
    within = float(re.search(r" within ([0-9.]+) s", what)[1])  # type: ignore[index]
    assert within >= min(5, age), what

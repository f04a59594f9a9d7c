"""The commands as processes."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.asyncapi.conversations import WITH_TOKENS
from tests.clients.direct import DOCUMENT
from tests.conftest import RunningServer, StartServer, environment
from tests.integration.access.users import token

COMMAND_SECONDS = 60


def run(folder: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """``python -m service`` in a working directory without .env."""
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


def test_verify_passes_the_service(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(MAX_REQUESTS_PER_SESSION=5, MAX_CONTENT_SIZE=20_000)
    done = run(tmp_path, "verify", "--url", server.url, "--tolerance", "10000")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert ", 0 failed in " in done.stdout


def test_verify_with_the_secret_leaves_no_trace_in_usage(start_server: StartServer, tmp_path: Path) -> None:
    secret = {"VERIFY_SECRET": "kX9.5N7pQ-aW3e_z"}
    data = {"DATA_DIR": tmp_path / "data"}
    server = start_server(MAX_REQUESTS_PER_SESSION=5, MAX_CONTENT_SIZE=20_000, **secret, **data)
    done = run(tmp_path, "verify", "--url", server.url, "--tolerance", "10000", **secret)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith(f"Verifying {server.url}, with VERIFY_SECRET\n")
    (tmp_path / "document.txt").write_text("counted")
    run(tmp_path, "stream", "document.txt", "--url", server.url, "--session", "verify-me")
    server.stop()  # with it, the last rows are stored
    usage = json.loads(run(tmp_path, "usage", "--by", "session", "--format", "json", **data).stdout)
    assert [(line["session"], line["streams"]) for line in usage] == [("verify-me", 1)]


def test_verify_passes_a_service_with_authentication(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(MAX_REQUESTS_PER_SESSION=5, MAX_CONTENT_SIZE=20_000, **WITH_TOKENS)
    done = run(tmp_path, "verify", "--url", server.url, "--tolerance", "10000", STREAM_TOKEN=token())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "wrong tokens are refused                                PASS  3 tokens: HTTP 401, 4121\n" in done.stdout
    assert "/metrics 401, /docs 401, /openapi.json 401, /asyncapi.json 401" in done.stdout


def test_verify_fails_a_service_that_needs_no_token(server: RunningServer, tmp_path: Path) -> None:
    done = run(tmp_path, "verify", "--url", server.url, "--tolerance", "10000", "--json", STREAM_TOKEN=token())
    failed = {check["check"] for check in json.loads(done.stdout)["checks"] if not check["passed"]}
    assert done.returncode == 1
    assert {"no token is refused", "wrong tokens are refused", "pages for operators are closed"} <= failed


def test_stream_prints_the_file(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "document.txt").write_text(DOCUMENT)
    done = run(tmp_path, "stream", "document.txt", "--url", server.url, "--speed", "superfast")
    assert (done.returncode, done.stdout) == (0, DOCUMENT)
    assert "chunk" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("PORT", "abc", "a port from 0 to 65535"),
        ("PORT", "65536", "a port from 0 to 65535"),
        ("MAX_WORKERS", "65", "a whole number from 1 to 64"),
        ("STORE_CONTENT", "maybe", "on or off"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("CHUNK_TIMEOUT", "-1", "a number over 0"),
        ("CHUNK_TIMEOUT", "nan", "a number over 0"),
        ("ALLOWED_ORIGINS", "foo", "* or a comma-separated list of origins"),
        ("MAX_CONTENT_SIZE", "1e9", "a whole number from 1 to 10000000"),
    ],
)
def test_an_invalid_setting_prevents_the_start(tmp_path: Path, variable: str, value: str, allowed: str) -> None:
    done = run(tmp_path, "serve", **{variable: value})
    assert (done.returncode, done.stdout) == (2, "")
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith(f"{variable}='{value}' is not allowed: it must be {allowed}")


def test_all_invalid_settings_are_reported_at_once(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", PORT="abc", LOG_LEVEL="LOUD")
    assert done.returncode == 2
    assert [line.split("=")[0] for line in done.stderr.splitlines()] == ["PORT", "LOG_LEVEL"]


def test_an_empty_setting_counts_as_unset(start_server: StartServer) -> None:
    assert (
        start_server(MAX_CONNECTIONS="", LOG_LEVEL="info").logged("service_started")["settings"]["MAX_CONNECTIONS"]
        == "2000"
    )


def test_serve_prints_the_address_of_the_test_page_on_a_terminal(tmp_path: Path) -> None:
    terminal, stderr = pty.openpty()
    command = [sys.executable, "-m", "service", "serve"]
    settings = environment(HOST="127.0.0.1", PORT=0, DATA_DIR=tmp_path)
    with subprocess.Popen(command, cwd=tmp_path, env=settings, stdout=subprocess.PIPE, stderr=stderr) as process:
        os.close(stderr)
        assert process.stdout is not None
        assert any(b"service_listening" in line for line in process.stdout)
        printed = os.read(terminal, 4096).decode()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    os.close(terminal)
    assert re.fullmatch(r"Test page: http://127\.0\.0\.1:[1-9]\d*/websocket-test\r\n", printed)
    assert process.returncode == 0

"""``sentry-test`` reports whether Sentry accepts events, and the cause if it does not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from service.cli import main
from tests.backends import dead
from tests.backends.kent import Kent

KEY = "thekeyoftheproject"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory without .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENTRY_DSN", raising=False)


@contextmanager
def answering(status: int, location: str = "") -> Iterator[str]:
    """A Sentry that answers every event with a status, and with a redirect if ``location`` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code, standard output and standard error, neither of which may contain the key."""
    code = main(["sentry-test"])
    printed = capsys.readouterr()
    assert KEY not in printed.out + printed.err
    return code, printed.out, printed.err


def test_an_accepted_event_is_reported(
    kent: Kent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTRY_DSN", kent.dsn_with(KEY))
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "staging")
    monkeypatch.setenv("SENTRY_RELEASE", "r-7")
    code, out, err = run(capsys)
    [event] = kent.events()
    assert (event["environment"], event["release"], event["level"]) == ("staging", "r-7", "info")
    assert out == f"{kent.address} accepted event {event['event_id']}: environment staging, release r-7.\n"
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, " Is the key in SENTRY_DSN right, and not disabled?"),
        (403, " Is the key in SENTRY_DSN right, and not disabled?"),
        (404, " Is the project in SENTRY_DSN right?"),
        (413, ""),
        (429, " The project's quota is used up."),
        (500, ""),
    ],
)
def test_a_refused_event_is_reported_with_its_cause(
    status: int, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(status) as address:
        monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
        assert run(capsys) == (1, "", f"{address} refused the event with HTTP {status}.{hint}\n")


def test_an_unreachable_sentry_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with dead.refusing() as address:
        monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
        assert run(capsys) == (2, "", f"{address} cannot be reached: nothing listens there.\n")


def test_redirects_are_not_followed(
    kent: Kent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for status in (302, 307):
        with answering(status, f"http://{kent.address}/api/1/envelope/") as address:
            monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
            assert run(capsys) == (1, "", f"{address} refused the event with HTTP {status}.\n")
    assert kent.events() == []


@pytest.mark.parametrize(("outage", "seconds"), [(dead.silent, 5), (dead.black_hole, 10)])
def test_a_timeout_is_reported(
    outage: Callable[[], AbstractContextManager[str]],
    seconds: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with outage() as address:
        monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
        assert run(capsys) == (2, "", f"{address} cannot be reached: it did not answer within {seconds} s.\n")


def test_a_missing_dsn_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == (2, "", "SENTRY_DSN is not set: faults are not reported.\n")


@pytest.mark.parametrize(
    "dsn",
    [
        f"{KEY}@sentry.example/1",
        "https://sentry.example/1",
        f"https://{KEY}@sentry.example/",
        f"https://{KEY}@sentry.example/project",
        f"https://{KEY}@sentry.example:99999/1",
        f"https://{KEY}@[sentry.example/1",
    ],
)
@pytest.mark.parametrize("command", ["sentry-test", "serve"])
def test_an_invalid_dsn_is_a_usage_error(
    command: str, dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    assert main([command]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("SENTRY_DSN=... is not allowed: it must be the DSN of a Sentry project, like ")
    assert KEY not in sentence

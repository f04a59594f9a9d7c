"""``sentry-test`` says whether faults would arrive, and if not, why."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from service.cli import main
from tests.backends import dead
from tests.backends.kent import Kent

KEY = "thekeyofourproject"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENTRY_DSN", raising=False)


@contextmanager
def answering(status: int, location: str = "") -> Iterator[str]:
    """A Sentry that answers every event with a status, and may send the asker elsewhere."""

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
    """The exit code, what was printed and what was complained of; the key never."""
    code = main(["sentry-test"])
    printed = capsys.readouterr()
    assert KEY not in printed.out + printed.err
    return code, printed.out, printed.err


def test_an_event_that_arrives(kent: Kent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SENTRY_DSN", kent.dsn_with(KEY))
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "staging")
    monkeypatch.setenv("SENTRY_RELEASE", "r-7")
    code, out, err = run(capsys)
    [event] = kent.events()
    assert (event["environment"], event["release"], event["level"]) == ("staging", "r-7", "info")
    assert out == f"{kent.address} took event {event['event_id']}: environment staging, release r-7.\n"
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
def test_an_event_that_is_refused(
    status: int, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(status) as address:
        monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
        assert run(capsys) == (1, "", f"{address} refused the event with HTTP {status}.{hint}\n")


def test_a_sentry_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with dead.refusing() as address:
        monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
        assert run(capsys) == (2, "", f"{address} cannot be reached: nothing listens there.\n")


def test_nobody_follows_where_a_sentry_sends_the_key(
    kent: Kent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for status in (302, 307):
        with answering(status, f"http://{kent.address}/api/1/envelope/") as address:
            monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
            assert run(capsys) == (1, "", f"{address} refused the event with HTTP {status}.\n")
    assert kent.events() == []


@pytest.mark.parametrize(("outage", "seconds"), [(dead.silent, 5), (dead.black_hole, 10)])
def test_a_sentry_that_does_not_answer(
    outage: Callable[[], AbstractContextManager[str]],
    seconds: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with outage() as address:
        monkeypatch.setenv("SENTRY_DSN", f"http://{KEY}@{address}/1")
        assert run(capsys) == (2, "", f"{address} cannot be reached: it did not answer within {seconds} s.\n")


def test_no_sentry_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == (2, "", "SENTRY_DSN is not set: faults are reported nowhere.\n")


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
def test_a_dsn_that_is_none_is_told_before_anything_begins(
    command: str, dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    assert main([command]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("SENTRY_DSN=... is not allowed: it must be the DSN of a Sentry project, like ")
    assert KEY not in sentence

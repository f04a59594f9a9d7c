"""The service in a process, as tests start it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pytest

from tests.profiles import load_profile
from tests.waiting import LIMIT_SECONDS

pytest_plugins = ["tests.backends.fixtures"]

load_profile()

# A shell starts background commands with SIGINT ignored, and child processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = Path(__file__).parents[1]


LogLine = dict[str, Any]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape lone surrogates in captured output: pytest-xdist cannot send them."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


def environment(**settings: object) -> dict[str, str]:
    """The environment of a child process, without the variables of the developer."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'clients/python/src'}",
        "PYTHONUNBUFFERED": "1",
        **{name: str(value) for name, value in settings.items()},
    }


class RunningServer:
    """``python -m service serve``, or another module with that command, on a free port of the loopback address.

    It is ready when the constructor returns. ``log`` has the log lines so far, ``noise`` all other output.
    """

    def __init__(self, folder: Path, settings: dict[str, object], module: str = "service") -> None:
        self.log: list[LogLine] = []
        self.noise: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "serve"],
            cwd=folder,  # a directory without .env
            env=environment(**{"HOST": "127.0.0.1", "PORT": 0} | settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self._reader.start()
        try:
            self.address: tuple[str, int] = (
                "127.0.0.1",
                self.logged("service_listening", LIMIT_SECONDS, purpose="streams")["port"],
            )
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)

    def ws(self, session_id: str) -> str:
        return "ws://{}:{}/ws/stream/{}".format(*self.address, session_id)

    def logged(self, event: str, timeout_seconds: float = LIMIT_SECONDS, **fields: object) -> LogLine:
        """Wait for the first log line with this event and these fields."""

        def found() -> list[LogLine]:
            return [line for line in self.log if line.items() >= {"event": event, **fields}.items()]

        with self._news:
            self._news.wait_for(lambda: found() or not self._reader.is_alive(), timeout_seconds)
            lines = found()
        assert lines, f"no {event!r} with {fields} in the log, which ends: {self.log[-5:]} {self.noise[-20:]}"
        return lines[0]

    def parse(self, line: str) -> LogLine | None:
        """A line of the log; ``None`` for other output."""
        return json.loads(line) if line.startswith("{") else None

    @contextmanager
    def unread(self) -> Iterator[None]:
        """Stop reading the output of the process."""
        with self._news:  # the reader thread needs the lock for each line
            yield

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        if self.process.poll() is None:
            self.terminate()
        try:
            status = self.process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._reader.join(LIMIT_SECONDS)
        return status

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                with self._news:
                    parsed = self.parse(line)
                    if parsed is None:
                        self.noise.append(line)
                    else:
                        self.log.append(parsed)
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def stop_cleanly(server: RunningServer) -> None:
    """Stop the server. It must exit with status 0, without an ERROR line and without other output."""
    status = server.stop()
    faults = [line for line in server.log if line["level"] == "ERROR"]
    assert (status, faults, server.noise) == (0, [], [])


StartServer = Callable[..., RunningServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts a server with these settings: ``start_server(MAX_CONNECTIONS=3)``."""
    with ExitStack() as endings:

        def start(**settings: object) -> RunningServer:
            server = RunningServer(tmp_path, {"DRAIN_SECONDS": 0} | settings)
            endings.callback(stop_cleanly, server)
            return server

        yield start


@pytest.fixture
def busy_loops() -> Iterator[None]:
    """Two endless loops, which take the time of two cores."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with default settings, shared by all tests of the process that do not change its state."""
    running = RunningServer(tmp_path_factory.mktemp("server"), {"DRAIN_SECONDS": 0})
    yield running
    stop_cleanly(running)


@pytest.fixture
def session_id() -> str:
    """A session id that no other test uses."""
    return f"test-{uuid4().hex}"

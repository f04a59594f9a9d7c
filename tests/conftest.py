"""A real server in a process of its own, and what it logs."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pytest

from tests.profiles import load_profile
from tests.waiting import LIMIT_SECONDS

pytest_plugins = ["tests.backends.fixtures"]

load_profile()

PROJECT = Path(__file__).parents[1]


LogLine = dict[str, Any]


def environment(**settings: object) -> dict[str, str]:
    """What a process of this project needs, and nothing that the developer has set."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(PROJECT),
        "PYTHONUNBUFFERED": "1",
        **{name: str(value) for name, value in settings.items()},
    }


class RunningServer:
    """``python -m service serve``, or another module that serves, on a free port of the loopback address.

    It is ready once the constructor returns.
    ``log`` holds the lines of its log so far, ``noise`` whatever else it printed.
    """

    def __init__(self, folder: Path, settings: dict[str, object], module: str = "service") -> None:
        self.log: list[LogLine] = []
        self.noise: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "serve"],
            cwd=folder,  # where no .env is
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
        """The first line of that event with these fields, waited for if need be."""

        def found() -> list[LogLine]:
            return [line for line in self.log if line.items() >= {"event": event, **fields}.items()]

        with self._news:
            self._news.wait_for(lambda: found() or not self._reader.is_alive(), timeout_seconds)
            lines = found()
        assert lines, f"no {event!r} with {fields} in the log, which ends: {self.log[-5:]} {self.noise[-20:]}"
        return lines[0]

    @contextmanager
    def unread(self) -> Iterator[None]:
        """Nobody reads its output for as long as this lasts."""
        with self._news:  # which the reader needs for each line
            yield

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """End it as a platform does; the exit status."""
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
                    if line.startswith("{"):
                        self.log.append(json.loads(line))
                    else:
                        self.noise.append(line)
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def _ends_well(server: RunningServer) -> None:
    """Whatever its clients did to it, a server breaks nowhere and leaves with status 0."""
    status = server.stop()
    faults = [line for line in server.log if line["level"] == "ERROR"]
    assert (status, faults, server.noise) == (0, [], [])


StartServer = Callable[..., RunningServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts a server with the settings given by their variables: ``start_server(MAX_CONNECTIONS=3)``."""
    with ExitStack() as endings:

        def start(**settings: object) -> RunningServer:
            server = RunningServer(tmp_path, {"DRAIN_SECONDS": 0} | settings)
            endings.callback(_ends_well, server)
            return server

        yield start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with the default settings, for tests that disturb nobody."""
    running = RunningServer(tmp_path_factory.mktemp("server"), {"DRAIN_SECONDS": 0})
    yield running
    _ends_well(running)


@pytest.fixture
def session_id() -> str:
    """A session of the test's own."""
    return f"test-{uuid4().hex}"

"""A server in a process of its own, run by a test."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.conftest import environment
from tests.waiting import LIMIT_SECONDS, wait_for


def free_port() -> int:
    """A port of the loopback address for a server that cannot choose one, or that comes back at the same."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Listener:
    """A command that listens at ``address``, for as long as the test wants; it can be stopped and come back."""

    _END = signal.SIGTERM

    def __init__(self, command: Sequence[str | Path], folder: Path, user: str | None = None) -> None:
        name, *arguments = map(str, command)
        path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")  # as tests/servers.sh looks for it
        assert path is not None, f"{name} is not installed: make servers"
        self._command = [path, *arguments]
        self._folder = folder
        self._user = user
        self._output = folder / f"{Path(name).name}.log"
        self.start()

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else (),
            )
        try:
            self.address = f"127.0.0.1:{wait_for(self._port, f'{self._command[0]} listens')}"
            wait_for(self._ready, f"{self._command[0]} answers")
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        self._end()

    def restart(self) -> None:
        self._end()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The kernel takes connections and requests for it, and nothing is answered until this is over."""
        parent = psutil.Process(self._process.pid)
        whole = [parent, *parent.children(recursive=True)]
        for process in whole:
            with suppress(psutil.NoSuchProcess):  # a child may end as it likes
                process.suspend()
        try:
            yield
        finally:
            for process in whole:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def _port(self) -> int | None:
        assert self._process.poll() is None, self._output.read_text()
        sockets = psutil.Process(self._process.pid).net_connections("tcp")
        return next((one.laddr.port for one in sockets if one.status == psutil.CONN_LISTEN), None)

    def _ready(self) -> bool:
        """Whether it answers, now that it listens."""
        return True

    def _end(self) -> None:
        self._process.send_signal(self._END)  # nothing, to one that a test has stopped
        try:
            self._process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


class Child(Listener):
    """A command that serves HTTP on the free port it took by itself; ``http`` asks it."""

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        super().__init__(command, folder)
        # Connections are not kept: what has just answered may close them as the next question is on its way.
        self.http = httpx.Client(
            base_url=f"http://{self.address}", trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def stop(self) -> None:
        self.http.close()
        super().stop()

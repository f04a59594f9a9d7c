"""A server process that a test starts."""

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
    """A free port of the loopback address, for a server that cannot choose one or that restarts on the same port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Listener:
    """A command that listens at ``address``. It can be stopped, restarted and frozen."""

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
        """Suspend the process: the kernel still accepts connections and requests, and no response is sent."""
        parent = psutil.Process(self._process.pid)
        processes = [parent, *parent.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # a child may have ended
                process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def _port(self) -> int | None:
        assert self._process.poll() is None, self._output.read_text()
        sockets = psutil.Process(self._process.pid).net_connections("tcp")
        return next((one.laddr.port for one in sockets if one.status == psutil.CONN_LISTEN), None)

    def _ready(self) -> bool:
        """Whether it answers requests, once it listens."""
        return True

    def _end(self) -> None:
        self._process.send_signal(self._END)  # no effect on a process that has ended
        try:
            self._process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


class Child(Listener):
    """A command that serves HTTP on a free port; ``http`` is a client for it."""

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        super().__init__(command, folder)
        # Without keep-alive: the server may close an idle connection while the next request is sent.
        self.http = httpx.Client(
            base_url=f"http://{self.address}",
            trust_env=False,
            timeout=LIMIT_SECONDS,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def stop(self) -> None:
        self.http.close()
        super().stop()

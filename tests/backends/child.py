"""A server in a process of its own, run by a test."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import httpx
import psutil

from tests.conftest import environment

PATIENCE_SECONDS = 20
_LOOK_SECONDS = 0.05

Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str, seconds: float = PATIENCE_SECONDS) -> Found:
    """What ``look`` finds as soon as that is true: another process gives no event to wait for."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(_LOOK_SECONDS)
    return found


class Child:
    """A command that serves HTTP on the free port it took by itself; ``http`` asks it."""

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        name, *arguments = map(str, command)
        path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")  # as tests/servers.sh looks for it
        assert path is not None, f"{name} is not installed: make servers"
        self._output = folder / f"{Path(name).name}.log"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [path, *arguments],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            self.address = f"127.0.0.1:{until(self._port, f'{name} listens')}"
        except BaseException:
            self._end()
            raise
        # Connections are not kept: what has just answered may close them as the next question is on its way.
        self.http = httpx.Client(
            base_url=f"http://{self.address}", trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def stop(self) -> None:
        self.http.close()
        self._end()

    def _port(self) -> int | None:
        assert self._process.poll() is None, self._output.read_text()
        sockets = psutil.Process(self._process.pid).net_connections("tcp")
        return next((one.laddr.port for one in sockets if one.status == psutil.CONN_LISTEN), None)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

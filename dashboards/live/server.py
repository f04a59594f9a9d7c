"""A server in a process of its own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import psutil

_PATIENCE_SECONDS: Final = 30
_LOOK_SECONDS: Final = 0.05


class MissingServer(Exception):
    """A sentence that says what is not installed, and what to do."""


class FailedServer(Exception):
    """What a server said before it ended by itself."""


class Server:
    """A command that serves HTTP on a free port of the loopback address, from the constructor until ``stop``.

    What it prints goes to ``<name>.log`` in ``folder``. A signal of the terminal does not reach it.
    """

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        program = shutil.which(command[0], path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
        if program is None:
            raise MissingServer(f"{command[0]} is not installed; `make servers` installs it.")
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - ours
                [program, *command[1:]],
                cwd=folder,
                env={"PATH": os.defpath, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.address = f"127.0.0.1:{self._port()}"
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _port(self) -> int:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise FailedServer(self._log.read_text(errors="replace"))
            for connection in psutil.Process(self.process.pid).net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    return connection.laddr.port
            time.sleep(_LOOK_SECONDS)
        raise FailedServer(f"{self._log.name}: nobody listens within {_PATIENCE_SECONDS} s")

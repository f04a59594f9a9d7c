"""The service, Prometheus with the shipped rules, and Alertmanager, each on a free port of the loopback address."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import psutil
import yaml

from dashboards.rules import ALERTMANAGER, JOB, RULES

PROJECT: Final = Path(__file__).parents[2]
_SETTINGS: Final = {
    "HOST": "127.0.0.1",
    "PORT": "0",
    "LOG_FORMAT": "json",
    "MAX_CONNECTIONS": "60",  # the demo load reaches these limits now and then
    "MAX_REQUESTS_PER_SESSION": "20",
    "MAX_SESSION_DURATION": "600",
}
_WEBHOOK: Final = "http://localhost:9095"
"""The address of the receivers in ``alertmanager.yml``."""
_TIMEOUT_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.05


class MissingServer(Exception):
    """A program is not installed. The text states how to install it."""


class FailedServer(Exception):
    """A server ended by itself, or does not listen. The text is its output."""


def _find(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise MissingServer(f"{program} is not installed; `make servers` installs it.")
    return path


class Server:
    """A command that serves HTTP on a free port of the loopback address, from construction until ``stop``.

    Its output is written to ``<name>.log`` in ``folder``. It does not receive the signals of the terminal.
    """

    def __init__(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - one of the commands below
                command,
                cwd=folder,
                env={"PATH": os.defpath, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.address = f"127.0.0.1:{self._wait_port()}"
        except BaseException:
            self.stop()
            raise
        self.url = f"http://{self.address}"

    def stop(self) -> None:
        """Send SIGTERM and wait for the end of the process."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait_port(self) -> int:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            for connection in psutil.Process(self.process.pid).net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    return connection.laddr.port
            time.sleep(_POLL_SECONDS)
        raise FailedServer(f"{self._log.stem} does not listen:\n{self._log.read_text(errors='replace')}")


class Stack:
    """Three servers: ``with`` starts them one after the other and stops them. Files and logs are in ``folder``.

    The constructor raises ``MissingServer``, entry raises ``FailedServer``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        webhook: str = _WEBHOOK,
        scrape_interval: str = "1s",
    ) -> None:
        self.servers: dict[str, Server] = {}
        """The servers that are started so far: ``service``, ``alertmanager``, ``prometheus``."""
        self._folder = folder
        self._exits = ExitStack()
        self._alertmanager, self._prometheus = map(_find, ("prometheus-alertmanager", "prometheus"))
        self._interval = scrape_interval
        (folder / "alertmanager.yml").write_text(ALERTMANAGER.read_text().replace(_WEBHOOK, webhook))
        self._settings = {
            "PYTHONPATH": f"{PROJECT}:{PROJECT / 'clients/python/src'}",
            **_SETTINGS,
            "MEMORY_LIMIT": str(psutil.virtual_memory().total),  # the cgroup may contain other processes
            **(settings or {}),
        }

    def __enter__(self) -> Self:
        with self._exits:
            service = self._start("service", sys.executable, "-m", "service", "serve", **self._settings)
            alertmanager = self._start(
                "alertmanager",
                self._alertmanager,
                "--config.file=alertmanager.yml",
                "--storage.path=alertmanager",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",  # a single instance
            )
            interval = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), self._interval)
            configuration = {
                "global": interval,
                "rule_files": [str(RULES / "*.yml")],
                "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [service.address]}]}],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.address]}]}]},
            }
            (self._folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
            self._start(
                "prometheus",
                self._prometheus,
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=prometheus",
                "--web.listen-address=127.0.0.1:0",
                "--enable-feature=exemplar-storage",
                "--rules.alert.resend-delay=5s",  # the first attempt precedes the discovery of Alertmanager
            )
            self._exits = self._exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def _start(self, name: str, *command: str, **environment: str) -> Server:
        server = Server(name, command, self._folder, environment)
        self._exits.callback(server.stop)
        self.servers[name] = server
        return server

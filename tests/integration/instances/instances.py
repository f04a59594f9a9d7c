"""Several instances behind nginx, with the shipped configuration."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import copy
from typing import Self

import psutil

from tests.backends.child import free_port
from tests.backends.nginx import Nginx
from tests.conftest import PROJECT, LogLine, RunningServer
from tests.waiting import wait_for

SHIPPED = PROJECT / "deploy" / "nginx"


class Instance:
    """``python -m service serve`` on a port that it keeps when it is restarted."""

    def __init__(self, folder: Path, settings: Mapping[str, object], module: str = "service") -> None:
        folder.mkdir()
        self.port = free_port()
        self._folder = folder
        self._module = module
        # Instances have separate metrics, also if they share DATA_DIR.
        self._settings: dict[str, object] = {"METRICS_DIR": folder / "metrics", **settings, "PORT": self.port}
        self._servers: list[RunningServer] = []
        self.start()

    @property
    def server(self) -> RunningServer:
        """The running process, or the last one."""
        return self._servers[-1]

    @property
    def faults(self) -> list[LogLine]:
        """The faults that all its processes have logged."""
        return [line for line in self.log if line["event"] == "fault_raised"]

    @property
    def log(self) -> list[LogLine]:
        """What all its processes have logged."""
        return [line for server in self._servers for line in server.log]

    @property
    def address(self) -> str:
        """``host:port``, not through nginx."""
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """Send SIGKILL; return when the process has ended."""
        self.server.process.kill()
        self.server.process.wait()

    def start(self, **changes: object) -> None:
        """Start a process with its settings and these."""
        self._servers.append(RunningServer(self._folder, self._settings | changes, self._module))

    def stop(self) -> int:
        """Stop the process with SIGTERM; return its exit status."""
        return self.server.stop()

    def serving(self) -> dict[psutil.Process, int]:
        """The number of client connections of each process that has any."""
        main = psutil.Process(self.server.process.pid)
        counts = {process: _clients(process, self.port) for process in (main, *main.children(recursive=True))}
        return {process: count for process, count in counts.items() if count}

    async def replaced(self, victim: psutil.Process) -> None:
        """Return when a killed process has been replaced."""
        if victim.pid == self.server.process.pid:
            await asyncio.to_thread(self.server.process.wait)
            await asyncio.to_thread(self.start)
        else:
            await asyncio.to_thread(self.server.logged, "worker_replaced", pid=victim.pid)


class Instances:
    """Instances behind one address (``host:port``)."""

    def __init__(self, folder: Path, settings: Sequence[Mapping[str, object]]) -> None:
        """Start an instance for each of ``settings``."""
        with ExitStack() as endings:
            self.members: list[Instance] = []
            for number, one in enumerate(settings):
                self.members.append(Instance(folder / f"instance-{number}", one))
                endings.callback(self.members[-1].stop)
            self.nginx = Nginx(folder, site(folder, [member.address for member in self.members]))
            endings.callback(self.nginx.stop)
            self._endings = endings.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._endings.close()

    @property
    def address(self) -> str:
        return self.nginx.address

    def busiest(self) -> tuple[Instance, psutil.Process]:
        """The process with the most client connections; wait for one if there is none."""

        def serving() -> list[tuple[int, int, Instance, psutil.Process]]:
            return [
                (count, process.pid, member, process)
                for member in self.members
                for process, count in member.serving().items()
            ]

        *_, instance, process = max(wait_for(serving, "a client is connected"))
        return instance, process

    @property
    def faults(self) -> list[LogLine]:
        return [fault for member in self.members for fault in member.faults]


def sharing(folder: Path, count: int, redis_url: str | None, settings: Mapping[str, object]) -> list[dict[str, object]]:
    """The settings of ``count`` instances that share only Redis or, without a URL, the file in ``DATA_DIR``."""
    if redis_url is None:
        return [{"DATA_DIR": folder / "data", **settings} for _ in range(count)]
    return [{"REDIS_URL": redis_url, "DATA_DIR": folder / f"data-{number}", **settings} for number in range(count)]


def site(folder: Path, addresses: Sequence[str], *, limit: int = 50_000) -> str:
    """The shipped configuration, with a free port and these instances; put the included files into the folder.

    ``limit`` is in place of that on the connections of an address, and on its requests: all clients of a test have one.
    """
    included = folder / "streaming"
    included.mkdir()
    listen = (SHIPPED / "streaming" / "listen.conf").read_text()
    instances = (SHIPPED / "streaming" / "instances.conf").read_text()
    options = re.findall(r"^server 127\.0\.0\.1:8001( .+;)$", instances, re.MULTILINE)
    assert len(options) == 2
    lines = [f"server {address}{one}" for address in addresses for one in options]
    (included / "listen.conf").write_text(_replaced("listen 80;", f"listen 127.0.0.1:{free_port()};", listen))
    (included / "instances.conf").write_text("\n".join(lines))
    limits = (SHIPPED / "streaming" / "limits.conf").read_text()
    (included / "limits.conf").write_text(re.sub(r"\b200\b", str(limit), limits))
    return re.sub(r"\b[24]00\b(?=;| nodelay;)", str(limit), (SHIPPED / "streaming.conf").read_text())


def install(folder: Path) -> str:
    """The shipped configuration unchanged; put the included files into the folder."""
    (folder / "streaming").mkdir()
    for included in (SHIPPED / "streaming").iterdir():
        copy(included, folder / "streaming")
    return (SHIPPED / "streaming.conf").read_text()


def _replaced(old: str, new: str, text: str) -> str:
    changed = re.sub(f"^{re.escape(old)}$", new, text, flags=re.MULTILINE)
    assert changed != text, old
    return changed


def _clients(process: psutil.Process, port: int) -> int:
    try:
        sockets = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return 0
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in sockets)

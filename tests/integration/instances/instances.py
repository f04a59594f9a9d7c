"""Several instances behind nginx, with the configuration that is shipped."""

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
    """``python -m service serve`` at a port of its own, which it has again after each restart."""

    def __init__(self, folder: Path, settings: Mapping[str, object]) -> None:
        folder.mkdir()
        self.port = free_port()
        self._folder = folder
        # Workers share their numbers; instances do not, though they may share DATA_DIR.
        self._settings = {"METRICS_DIR": folder / "metrics", **settings, "PORT": self.port}
        self._lives: list[RunningServer] = []
        self.start()

    @property
    def server(self) -> RunningServer:
        """In its present life, or in its last."""
        return self._lives[-1]

    @property
    def faults(self) -> list[LogLine]:
        """What was ours to mend, in all its lives."""
        return [line for life in self._lives for line in life.log if line["event"] == "fault_raised"]

    @property
    def address(self) -> str:
        """Past nginx: ``host:port``."""
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """-9, whatever it does; returns when it is gone."""
        self.server.process.kill()
        self.server.process.wait()

    def start(self) -> None:
        self._lives.append(RunningServer(self._folder, dict(self._settings)))

    def stop(self) -> int:
        """End it as a platform does; the exit status."""
        return self.server.stop()

    def serving(self) -> dict[psutil.Process, int]:
        """The processes that have sockets of clients, and how many."""
        main = psutil.Process(self.server.process.pid)
        counts = {process: _clients(process, self.port) for process in (main, *main.children(recursive=True))}
        return {process: count for process, count in counts.items() if count}

    async def replaced(self, victim: psutil.Process) -> None:
        """Return when another process serves in the place of one that was killed."""
        if victim.pid == self.server.process.pid:
            await asyncio.to_thread(self.server.process.wait)
            await asyncio.to_thread(self.start)
        else:
            await asyncio.to_thread(self.server.logged, "worker_replaced", pid=victim.pid)


class Instances:
    """So many of them, started at once, behind one address (``host:port``)."""

    def __init__(self, folder: Path, settings: Sequence[Mapping[str, object]]) -> None:
        """``settings`` are those of each instance."""
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
        """The process that most clients are connected to, waited for if there is none."""

        def serving() -> list[tuple[int, int, Instance, psutil.Process]]:
            return [
                (count, process.pid, member, process)
                for member in self.members
                for process, count in member.serving().items()
            ]

        *_, instance, process = max(wait_for(serving, "somebody is served"))
        return instance, process

    @property
    def faults(self) -> list[LogLine]:
        return [fault for member in self.members for fault in member.faults]


def sharing(folder: Path, count: int, redis_url: str | None, settings: Mapping[str, object]) -> list[dict[str, object]]:
    """The settings of so many instances that share a Redis and nothing else; or without one, the file in DATA_DIR."""
    if redis_url is None:
        return [{"DATA_DIR": folder / "data", **settings} for _ in range(count)]
    return [{"REDIS_URL": redis_url, "DATA_DIR": folder / f"data-{number}", **settings} for number in range(count)]


def site(folder: Path, addresses: Sequence[str]) -> str:
    """The shipped configuration: what it includes is put into the folder, with a free port and with these instances."""
    included = folder / "streaming"
    included.mkdir()
    listen = (SHIPPED / "streaming" / "listen.conf").read_text()
    instances = (SHIPPED / "streaming" / "instances.conf").read_text()
    options = re.findall(r"^server 127\.0\.0\.1:8001( .+;)$", instances, re.MULTILINE)
    assert len(options) == 2
    lines = [f"server {address}{one}" for address in addresses for one in options]
    (included / "listen.conf").write_text(_replaced("listen 80;", f"listen 127.0.0.1:{free_port()};", listen))
    (included / "instances.conf").write_text("\n".join(lines))
    return (SHIPPED / "streaming.conf").read_text()


def install(folder: Path) -> str:
    """The shipped configuration exactly as it is, put into the folder with all that it includes."""
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

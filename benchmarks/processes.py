"""Processes: servers on free ports, if necessary on cores of their own, and functions that measure on a core."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, Literal, ParamSpec, TypeVar, overload

import psutil
import uvloop
from msgspec import Struct

from benchmarks.load import GAP_SECONDS
from benchmarks.machine import Cores
from tools.node import NODE

PROJECT = Path(__file__).parents[1]
_START_TIMEOUT_SECONDS = 60
_STOP_TIMEOUT_SECONDS = 30

P = ParamSpec("P")
R = TypeVar("R")


class Failed(Exception):
    """A measure could not be taken. The text states why."""


class Program(Struct, frozen=True):
    """A server. ``{port}`` is replaced in its command and settings; ``HOST`` and ``PORT`` are always set."""

    name: str
    command: tuple[str, ...]
    ready_path: str = "/"
    """It is ready when it answers this path with 200; if empty, when it accepts a connection."""
    settings: Mapping[str, str] = {}
    core: Literal["server", "back_end"] = "server"
    headers: Mapping[str, str] = {}
    """Of the handshakes of its clients."""


def python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments)


SERVICE = Program("service", python("-m", "service", "serve"), "/ready")
BARE_FASTAPI = Program("bare FastAPI (a)", python("-m", "benchmarks.bare_fastapi"))
PICOWS = Program("picows (c)", python("-m", "benchmarks.picows_server"), ready_path="")
NODE_WS = Program(
    "Node ws (d)",
    (str(NODE), str(PROJECT / "benchmarks/node_ws.mjs")),
    ready_path="",
)
COLLECTOR = Program("collector", python("-m", "benchmarks.collector"), ready_path="", core="back_end")
KENT = Program(
    "kent",
    python("-m", "flask", "--app", "kent.app", "run"),
    settings={"FLASK_RUN_PORT": "{port}"},
    core="back_end",
)
REDIS = Program(
    "Redis",
    ("redis-server", "--bind", "127.0.0.1", "--port", "{port}", "--save", "", "--appendonly", "no"),
    ready_path="",
    core="back_end",
)


def floor(gap_seconds: float = GAP_SECONDS) -> Program:
    settings = {"GAP_SECONDS": str(gap_seconds)}
    return Program("floor (b)", python("-m", "benchmarks.floor"), ready_path="", settings=settings)


FLOOR = floor()


def without(part: str, name: str, settings: Mapping[str, str] | None = None) -> Program:
    """The service without its ``telemetry`` or its ``store``."""
    command = python("-m", "benchmarks.service_variants", f"without_{part}")
    return Program(name, command, SERVICE.ready_path, settings or {})


class Server(Struct, frozen=True):
    """A running server. ``start_seconds`` is the time from the start of its process until it was ready."""

    pid: int
    port: int
    start_seconds: float
    headers: Mapping[str, str] = {}
    """Of the handshakes of its clients."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"


def free_port() -> int:
    """A port of the loopback address that no program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serve(
    program: Program, cores: Cores | None = None, ready_path: str | None = None, port: int | None = None
) -> Iterator[Server]:
    """Run a server until the end of the block, in an empty folder. It does not receive the signals of the terminal.

    Its output goes into a pipe with a reader, as on a platform. Without ``port`` it listens on a free one. Raises
    ``Failed``.
    """
    port = port or free_port()
    common = {"HOST": "127.0.0.1", "PORT": "{port}", "LOG_LEVEL": "WARNING", "MAX_CONNECTIONS": "10000"}
    path = f"{PROJECT}:{PROJECT / 'clients/python/src'}"
    settings = {"PATH": os.defpath, "PYTHONPATH": path, **common, **program.settings}
    executable = shutil.which(program.command[0], path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if executable is None:
        raise Failed(f"{program.command[0]} is not installed; `make servers` installs it.")
    with (
        tempfile.TemporaryDirectory() as folder,  # empty, without a .env
        tempfile.TemporaryFile() as output,
        subprocess.Popen(("/bin/cat",), stdin=subprocess.PIPE, stdout=output, start_new_session=True) as reader,
    ):
        assert reader.stdin is not None
        if cores is not None:
            os.sched_setaffinity(reader.pid, {cores.back_end})
        began = time.perf_counter()
        process = subprocess.Popen(
            (executable, *(argument.format(port=port) for argument in program.command[1:])),
            cwd=folder,
            env={name: value.format(port=port) for name, value in settings.items()},
            stdin=subprocess.DEVNULL,
            stdout=reader.stdin,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if cores is not None:
            os.sched_setaffinity(process.pid, {getattr(cores, program.core)})  # before it has threads, which inherit it
        try:
            while not _is_ready(port, program.ready_path if ready_path is None else ready_path):
                if process.poll() is not None or time.perf_counter() - began > _START_TIMEOUT_SECONDS:
                    raise Failed(f"{program.name} did not start:\n{_tail(output)}")
                time.sleep(0.001)
            yield Server(process.pid, port, time.perf_counter() - began, program.headers)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def get(port: int, path: str) -> tuple[int, bytes]:
    """The status and the body of ``GET path``; status 0 if the server does not answer."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection, suppress(OSError, HTTPException):
        connection.connect()
        if not path:
            return 200, b""
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    return 0, b""


def _is_ready(port: int, path: str) -> bool:
    return get(port, path)[0] == 200


def _tail(output: IO[bytes]) -> str:
    output.seek(max(0, output.seek(0, os.SEEK_END) - 2000))
    return output.read().decode(errors="replace")


_WORKERS = get_context("forkserver")
_WORKERS.set_forkserver_preload(["benchmarks.content", "benchmarks.load_client"])


@overload
def run_on(core: int, function: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R: ...
@overload
def run_on(core: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R: ...
def run_on(core: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the function, or run the coroutine function on uvloop, in a new process on that core.

    Raises what it raises.
    """
    with ProcessPoolExecutor(1, _WORKERS, os.sched_setaffinity, (0, {core})) as pool:
        return pool.submit(_call, partial(function, *args, **kwargs)).result()


def _call(function: Callable[[], R]) -> R:
    result = function()
    return uvloop.run(result) if isinstance(result, Coroutine) else result


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, with all threads.

    From their CPU clocks (clock_getcpuclockid(3)): in nanoseconds, while /proc/<pid>/stat has ticks of 10 ms.
    """
    return sum(time.clock_gettime(~process.pid << 3 | 2) for process in _family(pid))


def private_bytes(pid: int) -> int:
    """The unique set size of a process and its children: memory that their end would free."""
    return sum(process.memory_full_info().uss for process in _family(pid))


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]

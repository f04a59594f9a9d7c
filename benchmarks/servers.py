"""The server processes under measurement: how each is started, pinned, waited for and stopped."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from msgspec import Struct

from benchmarks.machine import Cores

CHECKOUT = Path(__file__).parents[1]
START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 15


class ServerFailed(Exception):
    """A server ended early or never answered; the text holds what it wrote."""


class Program(Struct, frozen=True):
    """A server's name in the tables and the arguments for the interpreter; it takes ``HOST`` and ``PORT``."""

    name: str
    arguments: tuple[str, ...]
    ready_path: str = "/"
    port_variable: str = "PORT"


SERVICE = Program("service", ("-m", "service", "serve"), "/ready")
BARE_FASTAPI = Program("bare FastAPI (a)", ("-m", "benchmarks.bare_fastapi"))
FLOOR = Program("floor (b)", ("-m", "benchmarks.floor"))
COLLECTOR = Program("collector", ("-m", "benchmarks.collector"))
KENT = Program("kent", ("-m", "flask", "--app", "kent.app", "run"), port_variable="FLASK_RUN_PORT")


class Server(Struct, frozen=True):
    """A running server. ``start_seconds`` is from the start of its process to its first 200."""

    pid: int
    port: int
    start_seconds: float

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://{self.address}/ws/stream"


@contextmanager
def running(
    program: Program, cores: Cores, path: str | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server that has answered 200 to ``GET path`` (default: its own ready path); gone at the end of the block.

    Its output goes into a pipe that somebody reads, as on a platform.
    """
    port = free_port()
    environment = {
        "PYTHONPATH": str(CHECKOUT),
        "HOST": "127.0.0.1",
        program.port_variable: str(port),
        "LOG_LEVEL": "WARNING",
        "MAX_CONNECTIONS": "10000",
    } | dict(settings or {})
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as output,
        subprocess.Popen(("/bin/cat",), stdin=subprocess.PIPE, stdout=output) as reader,
    ):
        assert reader.stdin is not None
        os.sched_setaffinity(reader.pid, {cores.back_end})
        began = time.perf_counter()
        process = subprocess.Popen(
            (sys.executable, *program.arguments),
            cwd=folder,  # an empty one, so that no .env has a say
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=reader.stdin,
            stderr=subprocess.STDOUT,
        )
        os.sched_setaffinity(process.pid, {cores.server})  # before it has threads, which inherit it
        try:
            while not _answers(port, path or program.ready_path):
                if process.poll() is not None or time.perf_counter() - began > START_TIMEOUT_SECONDS:
                    raise ServerFailed(f"{program.name} did not start:\n{_tail(output)}")
                time.sleep(0.001)
            yield Server(process.pid, port, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tail(output: IO[bytes]) -> str:
    output.seek(max(0, output.seek(0, os.SEEK_END) - 2000))
    return output.read().decode(errors="replace")


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

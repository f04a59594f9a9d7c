"""Collector, Sentry and the reader of the log unavailable at the same time."""

import asyncio
import fcntl
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streaming_content import connect
from tests.backends.dead import black_hole
from tests.clients.direct import DOCUMENT, request, stream
from tests.conftest import environment
from tests.integration.observability.breaking import BREAK
from tests.waiting import LIMIT_SECONDS, wait_for


class Pipe:
    """A pipe of one page."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, select.PIPE_BUF)

    def lines(self) -> Iterator[str]:
        """The lines as they arrive; what is not iterated stays unread."""
        text = b""
        while True:
            *whole, text = (text + os.read(self._reading, select.PIPE_BUF)).split(b"\n")
            yield from (line.decode() for line in whole)

    def full(self) -> bool:
        room = select.poll()
        room.register(self.writing, select.POLLOUT)
        return not room.poll(0)

    def close(self) -> None:
        os.close(self._reading)
        os.close(self.writing)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_process_ends_although_all_receivers_of_telemetry_are_unavailable(
    tmp_path: Path, session_id: str, workers: int
) -> None:
    """The collector and Sentry are behind a firewall that drops packets, and the log is not read."""
    with black_hole() as collector, black_hole() as sentry, closing(Pipe()) as pipe:
        settings = environment(
            HOST="127.0.0.1",
            PORT=0,
            DRAIN_SECONDS=0,
            WORKERS=workers,
            LOG_LEVEL="DEBUG",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{collector}",
            SENTRY_DSN=f"http://public@{sentry}/1",
        )
        process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond, and nothing else runs
            [sys.executable, "-m", "tests.integration.observability.breaking", "serve"],
            cwd=tmp_path,
            env=settings,
            stdout=pipe.writing,
            stderr=subprocess.PIPE,
        )
        with process:
            try:
                lines = (line for line in map(json.loads, pipe.lines()) if line["event"] == "service_listening")
                *_, listening = (next(lines) for _ in range(workers))  # the log is not read from here on
                async with connect(f"ws://127.0.0.1:{listening['port']}/ws/stream/{session_id}") as client:
                    for number in range(20):
                        await request(client, f"{BREAK}{number}")
                        await client.receive_until("error")
                    assert await stream(client, DOCUMENT) == DOCUMENT
                    wait_for(pipe.full, "the log is stuck")
                    process.terminate()
                    assert await asyncio.to_thread(process.wait, LIMIT_SECONDS) == 0
                    assert process.stderr is not None
                    assert process.stderr.read() == b""
            finally:
                process.kill()

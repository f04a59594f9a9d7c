"""The log of a process: full pipes, and exits without a close."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx

from streaming_content import connect
from tests.clients.direct import DOCUMENT, request, stream
from tests.conftest import environment
from tests.waiting import LIMIT_SECONDS


async def test_a_stopped_reader_of_the_log_delays_no_stream(tmp_path: Path, session_id: str) -> None:
    """The pipe of the log is full: streams continue, lost lines are counted, and the process ends with status 0."""
    process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond, and nothing else runs
        [sys.executable, "-m", "service", "serve"],
        cwd=tmp_path,
        env=environment(HOST="127.0.0.1", PORT=0, DRAIN_SECONDS=0, LOG_LEVEL="DEBUG", MAX_FRAME_RATE=1_000_000),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        listening = next(line for line in map(json.loads, process.stdout) if line["event"] == "service_listening")
        address = f"127.0.0.1:{listening['port']}"  # the log is not read from here on
        async with connect(f"ws://{address}", session_id) as restless:
            await request(restless, "word " * 2000, speed="slow")
            await restless.receive_until("chunk")
            for _ in range(6000):  # two lines each
                await restless.send("stream_control", action="pause")
                await restless.send("stream_control", action="resume")
                await restless.receive_until("stream_resumed")
            async with asyncio.TaskGroup() as streams:
                for number in range(50):
                    streams.create_task(stream_through(f"ws://{address}/ws/stream/{session_id}-{number}"))
            async with httpx.AsyncClient() as http:
                metrics = (await http.get(f"http://{address}/metrics")).text
        [lost] = re.findall(r'^stream_telemetry_dropped_total\{signal="logs"\} (\S+)', metrics, re.MULTILINE)
        assert float(lost) > 0
        process.terminate()
        assert process.wait(LIMIT_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def stream_through(url: str) -> None:
    async with connect(url) as client:
        assert await stream(client, DOCUMENT) == DOCUMENT


def test_the_last_lines_of_a_process_are_written_at_exit() -> None:
    """The log writes its queue at exit, although it was not closed."""
    program = """
import logging, sys
from observability.logs.event_logger import EventLogger
EventLogger("INFO", "auto", lambda level: None, lambda count: None, instance="i-1").open()
logging.getLogger("a.library").error("the last word")
sys.exit(3)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, timeout=LIMIT_SECONDS, check=False
    )
    assert (done.returncode, done.stderr) == (3, b"")
    assert json.loads(done.stdout)["message"] == "the last word"

"""``publish`` sends what it reads as it comes, and ``watch`` prints it."""

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL

import pytest

from streaming_content import Publisher
from tests.conftest import RunningServer, environment
from tests.integration.publishing.back_end import OPEN, PUBLISH_TOKEN, BackEnd, back_end
from tests.integration.publishing.conftest import publishing
from tests.waiting import LIMIT_SECONDS, eventually

__all__ = ["publishing"]


@pytest.fixture
async def calls(publishing: RunningServer) -> AsyncIterator[BackEnd]:
    async with back_end(publishing) as one:
        yield one


@asynccontextmanager
async def command(
    server: RunningServer | None, folder: Path, *arguments: str, stdin: int = PIPE
) -> AsyncIterator[Process]:
    """A command of the service, which is killed at the end."""
    url = "http://127.0.0.1:1" if server is None else server.url
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", arguments[0], "--url", url, *arguments[1:],
        cwd=folder, env=environment(**OPEN), stdin=stdin, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def begun(process: Process, session_id: str) -> str:
    """The id of the stream that the command prints."""
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    found = re.fullmatch(rf"session {session_id}, stream (\w+)\n", line)
    assert found, line + (await process.stderr.read()).decode()
    return found[1]


async def type_in(process: Process, data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)
    await process.stdin.drain()


async def test_input_is_stored_as_it_comes(
    publishing: RunningServer, calls: BackEnd, tmp_path: Path, session_id: str
) -> None:
    async with command(publishing, tmp_path, "publish", "--session", session_id, "--type", "markdown") as process:
        stream_id = await begun(process, session_id)
        for part, durable in ((b"Hello", 5), (b" \xf0\x9f", 6), (b"\x98\x80", 10)):
            await type_in(process, part)

            async def is_stored(durable: int = durable) -> bool:
                return bool((await calls.state(stream_id))["durable"] == durable)

            assert await eventually(is_stored)
        output, messages = await process.communicate(b"")  # which ends the input
    assert (process.returncode, output, messages) == (0, b"", b"published 10 bytes\n")
    assert (await calls.state(stream_id))["status"] == "complete"


async def test_a_file_is_published(publishing: RunningServer, tmp_path: Path, session_id: str) -> None:
    path = tmp_path / "text"
    path.write_text("line\n" * 20_000)
    with path.open("rb") as file:
        async with command(
            publishing, tmp_path, "publish", "--session", session_id, "--quiet", stdin=file.fileno()
        ) as process:
            assert await process.communicate() == (b"", b"")
    assert process.returncode == 0


async def test_ctrl_c_cancels_the_stream(
    publishing: RunningServer, calls: BackEnd, tmp_path: Path, session_id: str
) -> None:
    async with command(publishing, tmp_path, "publish", "--session", session_id) as process:
        stream_id = await begun(process, session_id)
        await type_in(process, b"Hello")
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert process.returncode == 130
    assert (await calls.state(stream_id))["status"] == "cancelled"


async def test_a_reader_stops_it_while_nothing_is_typed(
    publishing: RunningServer, calls: BackEnd, tmp_path: Path, session_id: str
) -> None:
    async with command(publishing, tmp_path, "publish", "--session", session_id) as process:
        await calls.cancel(await begun(process, session_id))
        assert process.stderr is not None
        assert await process.stderr.read() == b"The stream was cancelled.\n"
        assert await process.wait() == 1


async def test_input_that_is_not_utf_8_is_a_usage_error(
    publishing: RunningServer, calls: BackEnd, tmp_path: Path, session_id: str
) -> None:
    async with command(publishing, tmp_path, "publish", "--session", session_id) as process:
        stream_id = await begun(process, session_id)
        _, messages = await process.communicate(b"Hello \xff")
    assert process.returncode == 2
    assert messages.startswith(b"Standard input is not UTF-8")
    assert (await calls.state(stream_id))["status"] == "error"


async def test_a_refused_stream_is_a_usage_error(publishing: RunningServer, tmp_path: Path, session_id: str) -> None:
    arguments = ("publish", "--session", session_id, "--token", "wrong")
    async with command(publishing, tmp_path, *arguments, stdin=DEVNULL) as process:
        _, messages = await process.communicate()
    assert process.returncode == 2
    assert re.fullmatch(rb"unauthenticated: .+\.\n", messages)


@pytest.mark.parametrize("arguments", [["publish"], ["watch", "--session", "s"]])
async def test_a_service_that_is_not_there_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    async with command(None, tmp_path, *arguments, stdin=DEVNULL) as process:
        _, messages = await process.communicate()
    assert process.returncode == 2
    assert messages.startswith(b"Cannot connect to http://127.0.0.1:1: connection refused. Start the service")


async def test_watch_prints_the_next_stream_as_it_is_written(
    publishing: RunningServer, tmp_path: Path, session_id: str
) -> None:
    publisher = Publisher(publishing.url, token=PUBLISH_TOKEN)
    async with command(publishing, tmp_path, "watch", "--session", session_id) as process:
        async with publisher.stream(session_id, content_type="markdown") as out:
            await out.write("# Title\n\nText 😀")
            assert process.stdout is not None
            assert await process.stdout.readuntil(b"</h1>") == b"<h1>Title</h1>"
        output, messages = await process.communicate()
    assert output.decode() == "<p>Text 😀</p>"
    assert messages.decode() == f"stream {out.stream_id}\n"
    assert process.returncode == 0


async def test_watch_prints_the_states_of_the_open_end(
    publishing: RunningServer, tmp_path: Path, session_id: str
) -> None:
    publisher = Publisher(publishing.url, token=PUBLISH_TOKEN)
    async with publisher.stream(session_id, content_type="markdown") as out:
        await out.write("Some text, of which the end is open.")
    arguments = ("watch", out.stream_id, "--session", session_id, "--html-mode", "incremental")
    async with command(publishing, tmp_path, *arguments) as process:
        output, _ = await process.communicate()
    shown = ""
    for state in map(json.loads, output.splitlines()):
        shown = (shown if state["from"] is None else shown[: state["from"]]) + state["data"]
    assert shown == "<p>Some text, of which the end is open.</p>"
    assert process.returncode == 0


async def test_a_reader_that_is_interrupted_leaves_the_stream(
    publishing: RunningServer, calls: BackEnd, tmp_path: Path, session_id: str
) -> None:
    publisher = Publisher(publishing.url, token=PUBLISH_TOKEN)
    async with publisher.stream(session_id) as out:
        async with command(publishing, tmp_path, "watch", "--session", session_id) as process:
            assert process.stderr is not None
            await process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
        assert (await calls.state(out.stream_id))["status"] == "open"


@pytest.mark.parametrize(("status", "message"), [("error", "PRODUCER_FAILED"), ("cancelled", "cancelled")])
async def test_a_stream_that_is_not_complete_is_a_failure(
    publishing: RunningServer, tmp_path: Path, session_id: str, status: str, message: str
) -> None:
    publisher = Publisher(publishing.url, token=PUBLISH_TOKEN)
    async with publisher.stream(session_id) as out:
        await out.write("Hello")
        await out.close(status)
    async with command(publishing, tmp_path, "watch", out.stream_id, "--session", session_id) as process:
        _, messages = await process.communicate()
    assert process.returncode == 1
    assert message in messages.decode()

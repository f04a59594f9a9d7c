"""Node programs that test the built client."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tests.conftest import environment
from tests.waiting import LIMIT_SECONDS
from tools.node import NODE

FOLDER = Path(__file__).parent


async def start_program(name: str, *options: str, stdout: int | IO[bytes] = PIPE, **variables: object) -> Process:
    """Start a program of this folder. ``options`` are of node, and ``variables`` of the environment."""
    return await asyncio.create_subprocess_exec(
        NODE,
        *options,
        "--import",
        FOLDER / "modules.mjs",
        FOLDER / name,
        cwd=FOLDER,
        env=environment(**variables),
        stdin=DEVNULL,
        stdout=stdout,
        stderr=STDOUT,
    )


async def run_tests(name: str, *options: str, **variables: object) -> None:
    """Run a file of tests. Raises ``AssertionError`` with its output if one fails, or has no end."""
    options += f"--test-timeout={LIMIT_SECONDS * 500}", "--test-force-exit"  # ms for each test: the file has twice that
    with TemporaryFile() as output:
        program = await start_program(name, *options, stdout=output, **variables)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LIMIT_SECONDS):
                    await program.wait()
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        output.seek(0)
        text = output.read().decode()
    assert program.returncode == 0, text
    assert "fail 0" in text

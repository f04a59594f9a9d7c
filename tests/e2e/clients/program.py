"""Node programs that test the built client."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

from tests.conftest import environment
from tests.waiting import LIMIT_SECONDS

FOLDER = Path(__file__).parent
NODE = Path(sys.executable).parent / "node"


async def start_program(name: str, **variables: object) -> Process:
    """Start a program of this folder."""
    return await asyncio.create_subprocess_exec(
        NODE,
        "--import",
        FOLDER / "modules.mjs",
        FOLDER / name,
        cwd=FOLDER,
        env=environment(**variables),
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )


async def run_tests(name: str, **variables: object) -> None:
    """Run a file of tests. Raises ``AssertionError`` if one fails."""
    program = await start_program(name, **variables)
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            output, _ = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    text = output.decode()
    assert program.returncode == 0, text
    assert "fail 0" in text

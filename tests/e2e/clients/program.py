"""Programs of node that test the built client."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

from tests.conftest import environment
from tests.waiting import LIMIT_SECONDS

FOLDER = Path(__file__).parent
NODE = Path(sys.executable).parent / "node"


async def started(name: str, **variables: object) -> Process:
    """A program of this folder, that runs."""
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


async def passed(name: str, **variables: object) -> None:
    """Return when all tests of a file have passed."""
    program = await started(name, **variables)
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

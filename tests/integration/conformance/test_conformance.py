"""RFC 6455, by the 301 cases of the Autobahn test suite without compression, against the connection of the service."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT, environment
from tests.integration.conformance.cases import cases
from tests.integration.conformance.peer import Verdict, run_case

AT_ONCE = 40


@pytest.fixture
def port() -> Iterator[int]:
    """That of a server that sends each message back."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.conformance.echo"],
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def failures(port: int, numbers: list[str]) -> dict[str, Verdict]:
    """Run the cases and return the verdicts that are failures for the suite."""
    places = asyncio.Semaphore(AT_ONCE)

    async def run(number: str) -> Verdict:
        async with places:
            return await run_case(cases()[number], "127.0.0.1", port)

    verdicts = await asyncio.gather(*map(run, numbers))
    return {number: verdict for number, verdict in zip(numbers, verdicts, strict=True) if not verdict.passed}


@pytest.mark.parametrize(("large", "count"), [(False, 247), (True, 54)], ids=["small messages", "large messages"])
async def test_the_connection_passes_all_cases(port: int, large: bool, count: int) -> None:
    numbers = [number for number in cases() if number.startswith("9.") == large]
    assert len(numbers) == count
    assert await failures(port, numbers) == {}

"""The supervisor ends in any case: when a worker fails, and when workers do not end."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.conftest import PROJECT, environment
from tests.waiting import LIMIT_SECONDS


@contextmanager
def supervisor(work: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.process.supervised", work],
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_that_ends_with_an_error_ends_the_others_and_gives_status_1() -> None:
    with supervisor("fail") as process:
        assert process.wait(LIMIT_SECONDS) == 1


def test_workers_that_do_not_end_in_time_are_killed() -> None:
    with supervisor("hang") as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["hangs\n", "hangs\n"]
        children = psutil.Process(process.pid).children()
        process.terminate()
        assert process.wait(LIMIT_SECONDS) == 1
        _, left = psutil.wait_procs(children, LIMIT_SECONDS)
        assert left == []

"""The supervisor ends in any case, and replaces a worker that hangs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.conftest import PROJECT, environment
from tests.integration.process.supervised import HUNG_SECONDS
from tests.waiting import LIMIT_SECONDS, wait_for


class Output:
    """The lines of a supervisor and its workers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@contextmanager
def supervisor(work: str) -> Iterator[Output]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.process.supervised", work],
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output = Output(process)
        try:
            yield output
        finally:
            left = [] if process.poll() is not None else output.workers()
            process.kill()
            for worker in left:
                worker.kill()


def test_a_worker_that_ends_with_an_error_ends_the_others_and_gives_status_1() -> None:
    with supervisor("fail") as output:
        assert output.process.wait(LIMIT_SECONDS) == 1


def test_workers_that_do_not_end_in_time_are_killed() -> None:
    with supervisor("ignore") as output:
        assert [output.line() for _ in range(2)] == ["ignores", "ignores"]
        workers = output.workers()
        output.process.terminate()
        assert output.process.wait(LIMIT_SECONDS) == 1
        _, left = psutil.wait_procs(workers, LIMIT_SECONDS)
        assert left == []


def test_a_worker_that_hangs_is_killed_and_its_replacement_learns_where_it_hung() -> None:
    with supervisor("stick") as output:
        pid = output.line().removeprefix("sticks ")
        replaced = output.line()
        hung = "exit_code=-9, reason=<DeathReason.HUNG: 'hung'>, connections=0, requests=7,"
        assert replaced.startswith(f"beats WorkerReplaced(worker=0, pid={pid}, {hung}")
        innermost, *_ = replaced.partition("stack='")[2].split(" < ")[2:]
        assert innermost.startswith("sit_forever (supervised.py:"), replaced


def test_a_stopped_worker_is_killed_although_it_cannot_react() -> None:
    with supervisor("beat") as output:
        assert [output.line() for _ in range(2)] == ["beats None", "beats None"]
        victim = output.workers()[0]
        victim.suspend()
        replaced = output.line()
        assert f"pid={victim.pid}, exit_code=-9, reason=<DeathReason.HUNG" in replaced
        assert replaced.endswith("stack='')")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_the_reason_of_a_death_is_its_signal(number: signal.Signals) -> None:
    reasons = {signal.SIGSEGV: "crashed"}
    with supervisor("beat") as output:
        output.line()
        output.line()
        victim = output.workers()[0]
        wait_for(lambda: time.time() - victim.create_time() > 1, "the worker is not young")
        victim.send_signal(number)
        assert f"exit_code={-number}, reason=<DeathReason.{reasons.get(number, 'killed').upper()}" in output.line()


def test_workers_that_were_suspended_with_their_supervisor_live_on() -> None:
    """As by Ctrl-Z in a terminal, or while a virtual machine is paused."""
    with supervisor("beat") as output:
        assert [output.line() for _ in range(2)] == ["beats None", "beats None"]
        workers = output.workers()
        everything = [output.process.pid, *(worker.pid for worker in workers)]
        for pid in everything:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2 * HUNG_SECONDS)
        for pid in everything:
            os.kill(pid, signal.SIGCONT)
        looks = psutil.Process(output.process.pid).num_ctx_switches().voluntary + 20
        wait_for(
            lambda: psutil.Process(output.process.pid).num_ctx_switches().voluntary > looks, "the supervisor looks on"
        )
        assert output.workers() == workers
        output.process.terminate()
        assert output.process.wait(LIMIT_SECONDS) == 0

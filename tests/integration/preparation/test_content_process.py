"""Large content in a real process: the same plans as in the thread, and an end for what exceeds a limit."""

import signal
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from benchmarks.contents import HOSTILE, RICH
from service.content import DEFAULT_RULES, pack_plan
from service.content.prepare import prepare
from service.events import KilledBecause
from service.preparation.content_process import ContentProcess
from service.preparation.stopwatch import Stopwatch
from service.preparation.worker_messages import Setup
from service.protocol.errors import ContentTooCostly, EmptyContent, PreparedTooLarge, ProcessingFailed
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, StreamRequest
from tests.waiting import wait_for

SETUP = Setup(Limits(), DEFAULT_RULES, cpu_seconds=60, memory_bytes=134_217_728)
SMALL = StreamRequest(content="<p>Some <b>words</b>.", content_type=ContentType.HTML)
COSTLY = HOSTILE["HTML: text in a table, incremental"](100_000)


class Bench:
    """A content process and the reasons for which it was killed."""

    def __init__(self) -> None:
        self.killed: list[KilledBecause] = []
        self.use(SETUP)

    def use(self, setup: Setup, answer_seconds: float = 120) -> None:
        self.process = ContentProcess(setup, answer_seconds, lambda reason, _request: self.killed.append(reason))

    @property
    def child(self) -> psutil.Process:
        [child] = self.children
        return child

    @property
    def children(self) -> list[psutil.Process]:
        return [one for one in psutil.Process().children() if "service.preparation.content_worker" in one.cmdline()]

    def make(self, request: StreamRequest) -> str:
        return "".join(self.process.make_plan(request, Stopwatch()).plan.chunks)

    def fails(self, request: StreamRequest = SMALL) -> "Failing":
        return Failing(self, request)


class Failing:
    """A request in another thread, and the exception with which it ends."""

    def __init__(self, bench: Bench, request: StreamRequest) -> None:
        self._bench = bench
        self._request = request
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def error(self) -> Exception:
        self._thread.join(60)
        assert self._error is not None
        return self._error

    def _run(self) -> None:
        try:
            self._bench.make(self._request)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self._error = error


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.process.stop()


@pytest.mark.parametrize("name", RICH)
def test_a_plan_of_the_process_equals_that_of_the_thread(bench: Bench, name: str) -> None:
    request, stopwatch = RICH[name](20_000), Stopwatch()
    made = bench.process.make_plan(request, stopwatch)
    expected = prepare(request, SETUP.limits, lambda _stage: nullcontext(), SETUP.rules)
    assert made.plan == expected
    assert made.packed == pack_plan(expected)
    assert stopwatch.seconds >= sum(stage.seconds for stage in stopwatch.stages) > 0
    while not bench.process.cpu_seconds:  # the clock of the processor time may be coarse
        bench.process.make_plan(request, Stopwatch())


def test_mistakes_of_the_client_are_those_of_the_thread_and_the_process_continues(bench: Bench) -> None:
    bench.use(replace(SETUP, limits=Limits(max_prepared_characters=1000)))
    with pytest.raises(EmptyContent, match="nothing to show"):
        bench.make(replace(SMALL, content="<script>1</script>"))
    child = bench.child.pid
    with pytest.raises(PreparedTooLarge):
        bench.make(StreamRequest(content="a\n\n" * 900, content_type=ContentType.MARKDOWN))
    assert bench.make(SMALL) == "<p>Some <b>words</b>.</p>"
    assert bench.child.pid == child
    assert bench.killed == []


def test_more_than_the_processor_time_ends_the_request_and_no_other(bench: Bench) -> None:
    bench.use(replace(SETUP, cpu_seconds=0.05))
    with pytest.raises(ContentTooCostly, match="too long to prepare"):
        bench.make(COSTLY)
    assert bench.killed == [KilledBecause.CPU]
    assert bench.make(SMALL)
    assert bench.process.cpu_seconds >= 0.05


def test_more_than_the_memory_ends_the_request_and_no_other(bench: Bench) -> None:
    bench.use(replace(SETUP, memory_bytes=33_554_432))
    with pytest.raises(ContentTooCostly, match="too much memory"):
        bench.make(HOSTILE["Markdown: brackets"](1_000_000))
    assert bench.killed == [KilledBecause.MEMORY]
    assert bench.make(SMALL)


def test_a_process_that_does_not_answer_is_killed(bench: Bench) -> None:
    bench.use(SETUP, answer_seconds=0)
    with pytest.raises(ContentTooCostly):
        bench.make(SMALL)
    assert bench.killed == [KilledBecause.TIME]
    assert bench.children == []


def test_a_crash_is_a_fault_of_the_service_and_the_next_request_gets_another_process(bench: Bench) -> None:
    bench.make(SMALL)
    child = bench.child
    idle = sum(child.cpu_times()[:2])
    failing = bench.fails(HOSTILE["HTML: text in a table, incremental"](1_000_000))
    wait_for(lambda: sum(child.cpu_times()[:2]) > idle, "the process works on the request")
    child.send_signal(signal.SIGSEGV)
    error = failing.error()
    assert isinstance(error, ProcessingFailed)
    assert error.reportable
    assert bench.killed == [KilledBecause.CRASH]
    assert bench.make(SMALL)


def test_a_process_that_died_while_it_was_idle_is_replaced(bench: Bench) -> None:
    bench.make(SMALL)
    child = bench.child
    child.kill()
    wait_for(lambda: child.status() == psutil.STATUS_ZOMBIE, "the end of the process")
    assert bench.make(SMALL)
    assert bench.killed == []


def test_a_closed_process_ends_whatever_it_does(bench: Bench) -> None:
    bench.make(SMALL)
    child = bench.child
    child.suspend()
    failing = bench.fails()
    bench.process.close()
    assert bench.children == []
    assert isinstance(failing.error(), ProcessingFailed)
    assert bench.killed == [], "the content exceeded no limit"
    assert not child.is_running()
    assert isinstance(bench.fails().error(), ProcessingFailed)
    assert bench.children == []


def test_the_process_ends_with_the_service_and_has_none_of_its_secrets(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@host/database")
    bench.make(SMALL)
    child = bench.child
    assert "DATABASE_URL" not in child.environ()
    open_files = {str(file.readlink()) for file in Path(f"/proc/{child.pid}/fd").iterdir()}
    assert sum(name.startswith("socket:") for name in open_files) == 1
    assert child.nice() > psutil.Process().nice()
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    child.terminate()
    assert bench.make(SMALL)
    assert bench.child.pid == child.pid, "it leaves the answer to a signal to the service"
    bench.process._child.connection.close()  # type: ignore[union-attr] # noqa: SLF001 - as if this process had died
    child.wait(60)

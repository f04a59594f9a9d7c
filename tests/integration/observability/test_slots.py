"""Slots: workers share their metrics, a killed worker loses none, and no file grows."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from observability.metrics.slots import MetricsDirectoryError, claim_slot, merged_registry, prepare_slots
from tests.conftest import PROJECT, environment
from tests.integration.observability.slot_worker import Numbers

ROUNDS = 3

Shown = dict[str, float]


class Worker:
    """A process that holds a slot. The system allows it to enlarge no file."""

    def __init__(self, directory: Path) -> None:
        module = [sys.executable, "-m", "tests.integration.observability.slot_worker", str(directory)]
        self._process = subprocess.Popen(
            ["sh", "-c", 'ulimit -f 0 && exec "$0" "$@"', *module],
            cwd=PROJECT,
            env=environment(PYTHONDONTWRITEBYTECODE=1),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.slot = self._read_result()
        except BaseException:
            self.kill()
            raise

    def run(self, command: str, amount: float = 0) -> object:
        """Run a command of ``slot_worker`` and return its result."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command} {amount}\n")
        self._process.stdin.flush()
        return self._read_result()

    def scrape(self) -> Shown:
        """The values of a scrape of this worker, by sample and label."""
        text = self.run("scrape")
        assert isinstance(text, str)
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}

    def kill(self) -> None:
        with self._process:  # waits for its end and closes the pipes
            self._process.kill()

    def _read_result(self) -> object:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the worker has ended"
        return json.loads(line)


StartWorker = Callable[[], Worker]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


@pytest.fixture
def start(directory: Path) -> Iterator[StartWorker]:
    """Starts workers; there are slots for two."""
    with ExitStack() as endings:
        endings.enter_context(prepare_slots(directory, 2, Numbers))

        def start() -> Worker:
            worker = Worker(directory)
            endings.callback(worker.kill)
            return worker

        yield start


def test_every_worker_exposes_the_metrics_of_all(start: StartWorker) -> None:
    first, second = start(), start()
    for worker, amount in ((first, 2), (second, 3)):
        worker.run("requests", amount)
        worker.run("connections", amount)
        worker.run("reachable", amount)
        worker.run("memory", amount)
        worker.run("seconds", amount)
    assert first.scrape() == second.scrape()
    assert first.scrape() == {
        "requests_total good": 5,
        "requests_total bad": 0,
        "connections": 5,
        "reachable": 2,
        "memory": 3,
        "seconds_bucket 1.0": 0,
        "seconds_bucket 5.0": 2,
        "seconds_bucket +Inf": 2,
        "seconds_count": 2,
        "seconds_sum": 5,
    }


def test_after_a_kill_counters_continue_and_gauges_restart(start: StartWorker, directory: Path) -> None:
    files = contents(directory)
    survivor, victim = start(), start()
    survivor.run("connections", 1)
    for killed in range(ROUNDS):
        victim.run("requests", 10)
        victim.run("connections", 10)
        victim.kill()
        shown = survivor.scrape()
        assert (shown["requests_total good"], shown["connections"]) == (10 * (killed + 1), 1)
        slot, victim = victim.slot, start()
        shown = survivor.scrape()
        assert (victim.slot, shown["requests_total good"], shown["connections"]) == (slot, 10 * (killed + 1), 1)
        assert "memory" not in shown
    assert contents(directory) == files


def test_a_new_worker_does_not_change_a_minimum_before_it_sets_its_value(start: StartWorker) -> None:
    survivor, victim = start(), start()
    survivor.run("reachable", 1)
    victim.run("reachable", 1)
    victim.kill()
    assert survivor.scrape()["reachable"] == 1
    successor = start()
    assert survivor.scrape()["reachable"] == 1, "the new worker has set no value yet"
    successor.run("reachable", 0)
    assert survivor.scrape()["reachable"] == 0
    successor.kill()
    assert survivor.scrape()["reachable"] == 1


def test_a_worker_killed_while_it_writes_leaves_valid_files(start: StartWorker) -> None:
    reader, last = start(), Shown()
    for _ in range(10):
        writer = start()
        writer.run("endlessly")
        for _ in range(5):
            shown = reader.scrape()
            assert all(shown[series] >= value for series, value in last.items() if series != "connections")
            assert shown["connections"] > 0
            last = shown
        writer.kill()
        assert reader.scrape()["connections"] == 0


def test_there_is_one_slot_for_each_worker(start: StartWorker) -> None:
    assert [start().slot, start().slot] == [0, 1]
    with pytest.raises(AssertionError, match="the worker has ended"):
        start()


def test_files_have_their_full_size_on_the_disk_before_a_worker_starts(directory: Path) -> None:
    with prepare_slots(directory, 2, Numbers):
        files = [path.stat() for path in directory.glob("*.db")]
        assert len(files) == 10
        assert all(file.st_size > 0 and file.st_blocks * 512 >= file.st_size for file in files)


def test_an_unknown_series_is_refused_when_a_file_is_full(start: StartWorker, directory: Path) -> None:
    files = contents(directory)
    worker = start()
    found_room = worker.run("outcomes", 1000)
    assert isinstance(found_room, int)
    assert 0 < found_room < 1000
    worker.run("requests", 1)
    shown = worker.scrape()
    assert (sum(shown[series] for series in shown if series.startswith("requests_total"))) == found_room + 1
    assert contents(directory) == files


def test_a_directory_is_used_by_one_server(directory: Path) -> None:
    with (
        prepare_slots(directory, 1, Numbers),
        pytest.raises(MetricsDirectoryError, match="is in use by another server"),
        prepare_slots(directory, 1, Numbers),
    ):
        pass


def test_a_worker_whose_server_was_killed_keeps_the_directory_locked(directory: Path) -> None:
    with prepare_slots(directory, 1, Numbers):
        worker = Worker(directory)
    with (
        pytest.raises(MetricsDirectoryError, match="is in use by another server"),
        prepare_slots(directory, 1, Numbers),
    ):
        pass
    worker.kill()
    with prepare_slots(directory, 1, Numbers):
        pass


def test_a_start_removes_the_files_of_an_earlier_run_and_no_others(directory: Path) -> None:
    with prepare_slots(directory, 3, Numbers):
        worker = Worker(directory)
        worker.run("requests", 7)
        worker.kill()
    (directory / "foreign.db").write_text("foreign")
    with prepare_slots(directory, 1, Numbers):
        worker = Worker(directory)
        assert worker.scrape()["requests_total good"] == 0
        worker.kill()
    assert {name.split("_")[-1] for name in contents(directory)} == {"0.db", "0.claimed", "0.alive", "foreign.db"}
    assert (directory / "foreign.db").read_text() == "foreign"


@pytest.mark.parametrize("gone", ["*", "*.alive", "*.db"])
def test_a_scrape_fails_when_files_are_missing(directory: Path, gone: str) -> None:
    with prepare_slots(directory, 2, Numbers):
        shown = merged_registry(directory)
        generate_latest(shown)
        for path in directory.glob(gone):
            path.unlink()
        with pytest.raises(MetricsDirectoryError, match="Files are missing"):
            generate_latest(shown)
        with pytest.raises(MetricsDirectoryError, match="Files are missing"):
            claim_slot(directory)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB; a directory with that limit for a file where tests cannot mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode == 0:
        yield disk
        subprocess.run(["umount", disk], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    yield disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_directory_that_is_too_small_is_refused_at_the_start(tiny_disk: Path) -> None:
    def many_series() -> None:
        counter = Counter("many", "Series.", ["number"], registry=CollectorRegistry())
        for number in range(1000):
            counter.labels(str(number))

    with pytest.raises(MetricsDirectoryError) as refusal, prepare_slots(tiny_disk, 2, many_series):
        pass
    assert str(refusal.value).startswith(f"The metrics directory {tiny_disk} is too small: the metrics of 2 workers ")
    assert str(refusal.value).endswith(" KiB there. Make room, or name another.")
    assert contents(tiny_disk) == {}


@pytest.mark.parametrize(
    "name",
    ["/dev/null", "/dev/null/metrics", "/proc/self"],
    ids=["a file", "below a file", "not writable"],
)
def test_a_directory_that_cannot_be_used_is_refused_at_the_start(name: str) -> None:
    with pytest.raises(MetricsDirectoryError) as refusal, prepare_slots(Path(name), 2, Numbers):
        pass
    assert str(refusal.value).startswith(f"The metrics directory {name} cannot be used: ")
    assert str(refusal.value).endswith(". Name one that this user may write to.")


def contents(directory: Path) -> dict[str, int]:
    """The sizes of all files, by name."""
    return {path.name: path.stat().st_size for path in directory.iterdir()}

"""The workers of a machine share their metrics: nothing is lost with a worker, and nothing grows."""

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
    """A process that has claimed a slot. The system lets it make no file larger than it is."""

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
            self.slot = self._answer()
        except BaseException:
            self.kill()
            raise

    def tell(self, command: str, amount: float = 0) -> object:
        """Returns when it has been done, with the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command} {amount}\n")
        self._process.stdin.flush()
        return self._answer()

    def scrape(self) -> Shown:
        """What a scrape of this worker shows: the values by sample and label."""
        text = self.tell("scrape")
        assert isinstance(text, str)
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}

    def kill(self) -> None:
        with self._process:  # which waits for its end, and closes the pipes
            self._process.kill()

    def _answer(self) -> object:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the worker is gone"
        return json.loads(line)


StartWorker = Callable[[], Worker]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


@pytest.fixture
def start(directory: Path) -> Iterator[StartWorker]:
    """Starts workers of a server for two."""
    with ExitStack() as endings:
        endings.enter_context(prepare_slots(directory, 2, Numbers))

        def start() -> Worker:
            worker = Worker(directory)
            endings.callback(worker.kill)
            return worker

        yield start


def test_any_worker_shows_what_all_have_counted(start: StartWorker) -> None:
    first, second = start(), start()
    for worker, amount in ((first, 2), (second, 3)):
        worker.tell("requests", amount)
        worker.tell("connections", amount)
        worker.tell("reachable", amount)
        worker.tell("memory", amount)
        worker.tell("seconds", amount)
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


def test_counters_go_on_after_a_kill_and_gauges_begin_anew(start: StartWorker, directory: Path) -> None:
    files = contents(directory)
    survivor, victim = start(), start()
    survivor.tell("connections", 1)
    for killed in range(ROUNDS):
        victim.tell("requests", 10)
        victim.tell("connections", 10)
        victim.kill()
        shown = survivor.scrape()
        assert (shown["requests_total good"], shown["connections"]) == (10 * (killed + 1), 1)
        slot, victim = victim.slot, start()
        shown = survivor.scrape()
        assert (victim.slot, shown["requests_total good"], shown["connections"]) == (slot, 10 * (killed + 1), 1)
        assert "memory" not in shown
    assert contents(directory) == files


def test_a_new_worker_does_not_say_that_what_all_others_reach_is_away(start: StartWorker) -> None:
    survivor, victim = start(), start()
    survivor.tell("reachable", 1)
    victim.tell("reachable", 1)
    victim.kill()
    assert survivor.scrape()["reachable"] == 1
    successor = start()
    assert survivor.scrape()["reachable"] == 1, "it has said nothing of its own yet"
    successor.tell("reachable", 0)
    assert survivor.scrape()["reachable"] == 0
    successor.kill()
    assert survivor.scrape()["reachable"] == 1


def test_a_worker_killed_while_it_writes_leaves_nothing_torn(start: StartWorker) -> None:
    reader, last = start(), Shown()
    for _ in range(10):
        writer = start()
        writer.tell("for-ever")
        for _ in range(5):
            shown = reader.scrape()
            assert all(shown[series] >= value for series, value in last.items() if series != "connections")
            assert shown["connections"] > 0
            last = shown
        writer.kill()
        assert reader.scrape()["connections"] == 0


def test_there_is_a_slot_for_each_worker_and_no_more(start: StartWorker) -> None:
    assert [start().slot, start().slot] == [0, 1]
    with pytest.raises(AssertionError, match="the worker is gone"):
        start()


def test_files_are_on_the_disk_in_full_before_there_is_a_worker(directory: Path) -> None:
    with prepare_slots(directory, 2, Numbers):
        files = [path.stat() for path in directory.glob("*.db")]
        assert len(files) == 10
        assert all(file.st_size > 0 and file.st_blocks * 512 >= file.st_size for file in files)


def test_a_series_that_was_not_foreseen_is_refused_when_the_room_is_used_up(
    start: StartWorker, directory: Path
) -> None:
    files = contents(directory)
    worker = start()
    found_room = worker.tell("outcomes", 1000)
    assert isinstance(found_room, int)
    assert 0 < found_room < 1000
    worker.tell("requests", 1)
    shown = worker.scrape()
    assert (sum(shown[series] for series in shown if series.startswith("requests_total"))) == found_room + 1
    assert contents(directory) == files


def test_a_directory_serves_one_server(directory: Path) -> None:
    with (
        prepare_slots(directory, 1, Numbers),
        pytest.raises(MetricsDirectoryError, match="is in use by another server"),
        prepare_slots(directory, 1, Numbers),
    ):
        pass


def test_a_worker_whose_server_is_gone_keeps_the_directory(directory: Path) -> None:
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


def test_a_start_removes_what_an_earlier_run_has_left_and_nothing_else(directory: Path) -> None:
    with prepare_slots(directory, 3, Numbers):
        worker = Worker(directory)
        worker.tell("requests", 7)
        worker.kill()
    (directory / "theirs.db").write_text("not ours")
    with prepare_slots(directory, 1, Numbers):
        worker = Worker(directory)
        assert worker.scrape()["requests_total good"] == 0
        worker.kill()
    assert {name.split("_")[-1] for name in contents(directory)} == {"0.db", "0.claimed", "0.alive", "theirs.db"}
    assert (directory / "theirs.db").read_text() == "not ours"


@pytest.mark.parametrize("gone", ["*", "*.alive", "*.db"])
def test_files_that_somebody_removes_are_missed_and_no_wrong_numbers_shown(directory: Path, gone: str) -> None:
    with prepare_slots(directory, 2, Numbers):
        shown = merged_registry(directory)
        generate_latest(shown)
        for path in directory.glob(gone):
            path.unlink()
        with pytest.raises(MetricsDirectoryError, match="Files are gone"):
            generate_latest(shown)
        with pytest.raises(MetricsDirectoryError, match="Files are gone"):
            claim_slot(directory)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB; where tests may not mount one, a folder with no more room than that for a file."""
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
    ids=["a file", "below a file", "where nobody may write"],
)
def test_a_directory_that_cannot_be_used_is_refused_at_the_start(name: str) -> None:
    with pytest.raises(MetricsDirectoryError) as refusal, prepare_slots(Path(name), 2, Numbers):
        pass
    assert str(refusal.value).startswith(f"The metrics directory {name} cannot be used: ")
    assert str(refusal.value).endswith(". Name one that this user may write to.")


def contents(directory: Path) -> dict[str, int]:
    """The sizes of all files, by their names."""
    return {path.name: path.stat().st_size for path in directory.iterdir()}

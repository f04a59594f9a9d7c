"""The directory with the sockets of the workers: private, in use by one server, and usable or refused."""

import stat
from pathlib import Path

import pytest

from observability.metrics.worker_group import MetricsDirectoryError, worker_group
from service.app import ready_for_workers
from service.settings import SettingsError, load_settings


def test_only_this_user_may_ask_a_worker(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "metrics"
    with worker_group(directory, 2):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
        assert modes == {"worker-0.sock": 0o600, "worker-1.sock": 0o600}
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert list(directory.iterdir()) == []


def test_sockets_that_a_killed_server_left_are_replaced_and_other_files_stay(tmp_path: Path) -> None:
    for name in ("worker-0.sock", "worker-7.sock", "notes"):
        (tmp_path / name).touch()
    with worker_group(tmp_path, 2):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["notes", "worker-0.sock", "worker-1.sock"]


def test_a_directory_belongs_to_one_server(tmp_path: Path) -> None:
    with worker_group(tmp_path, 1):
        with pytest.raises(MetricsDirectoryError) as refusal, worker_group(tmp_path, 1):
            pass
        assert (tmp_path / "worker-0.sock").exists()
    assert str(refusal.value) == f"The metrics directory {tmp_path} is in use by another server. Name another."
    with worker_group(tmp_path, 1):
        pass


def test_an_unusable_metrics_directory_prevents_the_start() -> None:
    assert refused(Path("/dev/null")) == (
        "METRICS_DIR: The metrics directory /dev/null cannot be used: Not a directory."
        " Name one that this user may write to."
    )
    assert refused(Path("/proc/metrics")).startswith(
        "METRICS_DIR: The metrics directory /proc/metrics cannot be used: "
    )


def test_a_directory_with_too_long_a_path_prevents_the_start(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 100)
    assert refused(directory) == (
        f"METRICS_DIR: The metrics directory {directory} has too long a path for sockets: it may have 93 bytes."
        " Name another."
    )
    longest = str(tmp_path / "e")
    with worker_group(Path(longest + "e" * (93 - len(longest))), 2):
        pass


def refused(directory: Path) -> str:
    settings = load_settings().model_copy(update={"max_workers": 2, "metrics_dir": directory})
    with pytest.raises(SettingsError) as refusal, ready_for_workers(settings):
        pass
    return str(refusal.value)

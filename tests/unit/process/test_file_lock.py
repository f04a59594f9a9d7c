"""A file lock is held by one holder at a time."""

from pathlib import Path

from service.process.file_lock import FileLock


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert (first.acquire(), first.acquire(), second.acquire()) == (True, True, False)
    first.release()
    assert (second.acquire(), first.acquire()) == (True, False)
    second.release()


def test_without_a_path_the_lock_is_always_acquired() -> None:
    assert FileLock(None).acquire()


def test_a_file_that_cannot_be_created_is_not_acquired(tmp_path: Path) -> None:
    assert not FileLock(tmp_path / "nowhere" / "lock").acquire()

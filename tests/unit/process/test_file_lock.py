"""Of all that ask, one has its turn, until it gives it back."""

from pathlib import Path

from service.process.file_lock import FileLock


def test_one_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert (first.acquire(), first.acquire(), second.acquire()) == (True, True, False)
    first.release()
    assert (second.acquire(), first.acquire()) == (True, False)
    second.release()


def test_where_there_is_no_file_there_is_nobody_else() -> None:
    assert FileLock(None).acquire()


def test_a_file_that_cannot_be_made_gives_nobody_a_turn(tmp_path: Path) -> None:
    assert not FileLock(tmp_path / "nowhere" / "lock").acquire()

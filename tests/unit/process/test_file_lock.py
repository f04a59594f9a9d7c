"""Of all that ask, one has its turn, until it gives it back."""

from pathlib import Path

from service.process.file_lock import FileLock


def test_one_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert (first.take(), first.take(), second.take()) == (True, True, False)
    first.give_back()
    assert (second.take(), first.take()) == (True, False)
    second.give_back()


def test_where_there_is_no_file_there_is_nobody_else() -> None:
    assert FileLock(None).take()


def test_a_file_that_cannot_be_made_gives_nobody_a_turn(tmp_path: Path) -> None:
    assert not FileLock(tmp_path / "nowhere" / "lock").take()

"""The spool: a private file that processes share, bounded, and in order."""

import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from service.usage.rows import Row, SessionRow, StreamRow
from service.usage.spool import FILE_NAME, Spool
from tests.unit.usage.streams import a_row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / FILE_NAME


def names(spool: Spool) -> list[str]:
    return [row.stream_id for _, row in spool.oldest(StreamRow, 1_000_000) if isinstance(row, StreamRow)]


def test_rows_survive_a_restart_unchanged(path: Path) -> None:
    rows: list[Row] = [a_row("one"), SessionRow("s-1", "an-epoch", 1.5, 2.5), a_row("two", speed=None, started_at=None)]
    first = Spool(path)
    assert first.add(rows) == 0
    first.close()
    second = Spool(path)
    assert [row for _, row in second.oldest(StreamRow, 10)] == [rows[0], rows[2]]
    assert [row for _, row in second.oldest(SessionRow, 10)] == [rows[1]]
    second.close()


def test_a_file_with_the_former_name_of_a_column_is_upgraded_with_its_rows(path: Path) -> None:
    earlier, later = SessionRow("s-1", "one", 1.5, 2.5), SessionRow("s-1", "two", 2.5, 3.5)
    first = Spool(path)
    first.add([earlier])
    first.close()
    with closing(sqlite3.connect(path)) as former:
        former.execute("ALTER TABLE usage_sessions RENAME COLUMN incarnation TO epoch")
    second = Spool(path)
    second.add([earlier, later])
    assert [row for _, row in second.oldest(SessionRow, 10)] == [earlier, later]
    second.close()


def test_a_file_without_subjects_is_upgraded_with_its_rows(path: Path) -> None:
    earlier, later = a_row("earlier"), a_row("later", subject="zoë")
    first = Spool(path)
    first.add([earlier])
    first.close()
    with closing(sqlite3.connect(path)) as former:
        former.execute("ALTER TABLE usage_streams DROP COLUMN subject")
    second = Spool(path)
    second.add([later])
    assert [row for _, row in second.oldest(StreamRow, 10)] == [earlier, later]
    second.close()


def test_the_files_are_readable_by_their_owner_only(path: Path) -> None:
    spool = Spool(path)
    spool.add([a_row()])
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert (modes, len(list(path.parent.iterdir()))) == ({0o600}, 3)
    spool.close()


def test_a_row_that_is_added_again_is_stored_once(path: Path) -> None:
    spool = Spool(path)
    rows: list[Row] = [a_row(), SessionRow("s-1", "an-epoch", 1.5, 2.5)]
    spool.add(rows)
    spool.add(rows)
    assert spool.count() == 2
    spool.close()


def test_rows_without_room_are_counted(path: Path) -> None:
    spool = Spool(path, max_rows=3)
    assert spool.add([a_row("one"), a_row("two")]) == 0
    assert spool.add([a_row("three"), a_row("four")]) == 1
    assert spool.add([a_row("five")]) == 1
    assert names(spool) == ["one", "two", "three"]
    [(number, _)] = spool.oldest(StreamRow, 1)
    spool.remove(StreamRow, [number])
    assert spool.add([a_row("six")]) == 0
    spool.close()


def test_the_number_of_a_row_is_not_used_again(path: Path) -> None:
    """Rows that were read are removed by number, and rows added later must not be removed."""
    spool = Spool(path)
    spool.add([a_row("one", ended_at=10.0)])
    [(number, _)] = spool.oldest(StreamRow, 1)
    spool.delete_before(20.0)
    spool.add([a_row("two", ended_at=30.0)])
    spool.remove(StreamRow, [number])
    assert names(spool) == ["two"]
    spool.close()


def test_expired_rows_are_deleted(path: Path) -> None:
    spool = Spool(path)
    spool.add([a_row("old", ended_at=10.0), a_row("new", ended_at=20.0), SessionRow("s-1", "an-epoch", 1.0, 10.0)])
    spool.delete_before(20.0)
    assert (names(spool), spool.count()) == (["new"], 1)
    spool.close()


def test_expired_rows_are_deleted_in_slices(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.usage.spool._SLICE", 2)
    spool = Spool(path)
    spool.add([a_row(f"old-{number}", ended_at=10.0) for number in range(5)])
    spool.delete_before(20.0)
    assert spool.count() == 0
    spool.close()


def test_sessions_without_a_stream_are_deleted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.usage.spool._SLICE", 2)
    spool = Spool(path)
    spool.add(
        [a_row("a-stream", session_id="used"), *(SessionRow(name, "1", 1.0, 10.0) for name in ("used", *"abcde"))]
    )
    spool.add([SessionRow("new", "1", 1.0, 20.0)])
    spool.delete_unused(0.0, 20.0)
    assert [row.session_id for _, row in spool.oldest(SessionRow, 10)] == ["used", "new"]
    spool.close()


def test_columns_of_a_newer_version_are_ignored(path: Path) -> None:
    """A rollback runs the older version on the same file."""
    spool = Spool(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("ALTER TABLE usage_streams ADD COLUMN region TEXT")
    row = a_row()
    spool.add([row])
    assert [found for _, found in spool.oldest(StreamRow, 1)] == [row]
    spool.close()


def test_a_batch_is_stored_in_one_transaction(path: Path) -> None:
    spool = Spool(path)
    with pytest.raises(sqlite3.Error):
        spool.add([a_row("one"), a_row("two", outcome=None)])
    assert spool.count() == 0
    spool.close()


def _add_many(path: Path, name: str) -> None:
    spool = Spool(path)
    for number in range(100):
        spool.add([a_row(f"{name}-{number}")])
    spool.close()


def test_processes_can_create_it_concurrently(path: Path) -> None:
    spawned = multiprocessing.get_context("spawn")
    processes = [spawned.Process(target=_add_many, args=[path, name]) for name in "abcd"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    spool = Spool(path)
    assert [process.exitcode for process in processes] == [0] * 4
    assert sorted(names(spool)) == sorted(f"{name}-{number}" for name in "abcd" for number in range(100))
    spool.close()

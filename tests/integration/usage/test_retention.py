"""Expired rows are deleted, and those of sessions without a stream after a day."""

import time
from contextlib import closing
from pathlib import Path

from service.usage.postgres import Database
from service.usage.rows import SessionRow, StreamRow
from service.usage.sources import FileRows
from service.usage.spool import FILE_NAME, Spool
from tests.integration.usage.rows import SECONDS, StartUsage, in_database, in_file
from tests.unit.usage.streams import a_row
from tests.waiting import wait_for

DAY = 86_400.0


def sessions(now: float) -> list[SessionRow]:
    """Ended sessions: one whose stream has a row, and those without one, by their age in days."""
    return [
        SessionRow(name, "1", 0.0, now - days * DAY) for name, days in (("used", 2), ("unused", 2), ("recent", 0.9))
    ]


def test_expired_rows_are_deleted_from_the_file_and_the_database(
    start_usage: StartUsage, tmp_path: Path, migrated_url: str
) -> None:
    now = time.time()
    with closing(Database(migrated_url)) as database:
        new = a_row("new", now - 89 * DAY, started_at=now - 91 * DAY)
        database.insert(StreamRow, [a_row("old", now - 91 * DAY), new])
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("old, in the file", now - 91 * DAY)])
    usage, _ = start_usage(migrated_url)
    wait_for(lambda: in_database(migrated_url) == ["new"], "the expired rows are deleted")
    usage.close(SECONDS)
    assert in_file(tmp_path) == []


def test_without_a_database_expired_rows_are_deleted_from_the_file(start_usage: StartUsage, tmp_path: Path) -> None:
    now = time.time()
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("old", now - 91 * DAY), a_row("new", now - 89 * DAY)])
    usage, _ = start_usage()
    wait_for(lambda: in_file(tmp_path) == ["new"], "the expired rows are deleted")
    usage.close(SECONDS)


def test_sessions_without_a_stream_are_kept_a_day_in_the_database(start_usage: StartUsage, migrated_url: str) -> None:
    now = time.time()
    with closing(Database(migrated_url)) as database:
        database.insert(StreamRow, [a_row("a-stream", now - 2 * DAY, session_id="used")])
        database.insert(SessionRow, sessions(now))

        def kept() -> list[str]:
            return [name for (name,) in database.select("SELECT session_id FROM usage_sessions ORDER BY 1", {})]

        usage, _ = start_usage(migrated_url)
        wait_for(lambda: kept() == ["recent", "used"], "the session without a stream is deleted")
        usage.close(SECONDS)


def test_sessions_without_a_stream_are_kept_a_day_in_the_file(start_usage: StartUsage, tmp_path: Path) -> None:
    now = time.time()
    with closing(Spool(tmp_path / FILE_NAME)) as spool:
        spool.add([a_row("a-stream", now - 2 * DAY, session_id="used"), *sessions(now)])

    def kept() -> list[str]:
        rows = FileRows(tmp_path / FILE_NAME).select("SELECT session_id FROM usage_sessions ORDER BY 1", {})
        return [name for (name,) in rows]

    usage, _ = start_usage()
    wait_for(lambda: kept() == ["recent", "used"], "the session without a stream is deleted")
    usage.close(SECONDS)

"""SQLite files that the processes of a machine share, readable by their owner only."""

import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

_START_SECONDS = 10.0
_RETRY_SECONDS = 0.02


def connect(path: Path | None, busy_seconds: float, before_journal: Sequence[str] = ()) -> sqlite3.Connection:
    """Open the file, or a database in memory, for any thread, one at a time.

    The connection waits ``busy_seconds`` for a lock and begins no transaction by itself. ``before_journal`` are
    statements that have an effect only before the journal exists. Raises ``OSError`` or ``sqlite3.Error``.
    """
    if path is not None:
        _make_private(path)
    connection = sqlite3.connect(
        path or ":memory:", timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        for statement in before_journal:
            connection.execute(statement)
        _start_journal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def sync_journal(path: Path) -> None:
    """Write what is committed to the disk, as commits alone do not with ``synchronous=NORMAL``. Raises ``OSError``.

    SQLite has no lock on the journal that closing it could drop, and syncs the file before it reuses the journal.
    """
    journal = os.open(f"{path}-wal", os.O_RDONLY)
    try:
        os.fsync(journal)
    finally:
        os.close(journal)


def used_bytes(connection: sqlite3.Connection) -> int:
    """Of the file, including what the present transaction adds; deleted rows leave free pages, which are used again."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, page_bytes = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * page_bytes)


def _make_private(path: Path) -> None:
    """Create the file with mode 600, which SQLite copies to the files that it creates beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # Not opened here: closing a file drops the locks that this process has on it.
        path.chmod(0o600)


def _start_journal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; repeat while other workers do so at the same time, for which SQLite does not wait."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return

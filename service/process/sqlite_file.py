"""SQLite files that all processes of a machine share, and that nobody but their owner may read."""

import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

_START_SECONDS = 10.0
_RETRY_SECONDS = 0.02


def connected(path: Path | None, busy_seconds: float, before_journal: Sequence[str] = ()) -> sqlite3.Connection:
    """A connection for one thread at a time, whichever; to memory if there is no path.

    It waits ``busy_seconds`` for others and begins no transaction by itself. ``before_journal`` are statements that
    count only in a file that has no journal yet. Raises ``OSError`` or ``sqlite3.Error``.
    """
    if path is not None:
        _make_private(path)
    connection = sqlite3.connect(
        path or ":memory:", timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        for statement in before_journal:
            connection.execute(statement)
        _begin_journal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """SQLite gives the files that it puts beside this one the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # Not opened here: closing a file drops the locks that this process has on it.
        path.chmod(0o600)


def _begin_journal(connection: sqlite3.Connection) -> None:
    """Workers that start at once meet here, where SQLite does not wait by itself."""
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

"""Rows in a file, which every process of a machine shares: there they stay, or wait for PostgreSQL."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from service.process.sqlite_file import connected
from service.usage.rows import TABLES, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME = "usage.sqlite3"
MAX_ROWS = 1_000_000
"""In each table of the file: about 300 MB."""
MAX_ROWS_IN_MEMORY = 20_000
_BUSY_SECONDS = 5.0
_SLICE = 5_000
"""Rows that are deleted, or added before they are counted again, at once: nobody else can write meanwhile."""

_SCHEMA = (
    # AUTOINCREMENT: a number that was read and is about to be deleted never becomes another row's.
    """CREATE TABLE IF NOT EXISTS usage_streams (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        row_id TEXT NOT NULL UNIQUE,
        stream_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        connection_id TEXT NOT NULL,
        content_type TEXT NOT NULL,
        speed TEXT,
        chunk_by TEXT,
        html_mode TEXT,
        outcome TEXT NOT NULL,
        error TEXT,
        started_at REAL,
        ended_at REAL NOT NULL,
        content_bytes INTEGER,
        chunks INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        duration_seconds REAL NOT NULL,
        paused_seconds REAL NOT NULL,
        processing_seconds REAL,
        takeovers INTEGER NOT NULL,
        version TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS usage_streams_by_time ON usage_streams (ended_at)",
    """CREATE TABLE IF NOT EXISTS usage_sessions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL,
        epoch TEXT NOT NULL,
        began_at REAL NOT NULL,
        ends_at REAL NOT NULL,
        UNIQUE (session_id, epoch)
    )""",
    "CREATE INDEX IF NOT EXISTS usage_sessions_by_time ON usage_sessions (ends_at)",
)
_INSERT = {
    kind: f"INSERT INTO {table} ({', '.join(kind.__struct_fields__)}) "  # noqa: S608 - names of ours
    f"VALUES ({', '.join('?' * len(kind.__struct_fields__))}) ON CONFLICT DO NOTHING"
    for kind, table in TABLES.items()
}
_COUNT = {kind: f"SELECT count(*) FROM {table}" for kind, table in TABLES.items()}  # noqa: S608 - as above
# By name: a newer version may have been here, and have added columns.
_OLDEST = {
    kind: f"SELECT seq, {', '.join(kind.__struct_fields__)} FROM {table} ORDER BY seq LIMIT ?"  # noqa: S608 - as above
    for kind, table in TABLES.items()
}
_DELETE = {kind: f"DELETE FROM {table} WHERE seq = ?" for kind, table in TABLES.items()}  # noqa: S608 - as above
_FORGET = (
    "DELETE FROM usage_streams WHERE seq IN (SELECT seq FROM usage_streams WHERE ended_at < ? LIMIT ?)",
    "DELETE FROM usage_sessions WHERE seq IN (SELECT seq FROM usage_sessions WHERE ends_at < ? LIMIT ?)",
)


class Spool:
    """The rows that wait, oldest first, for any thread and any process; every method may raise ``sqlite3.Error``.

    What ``add`` has taken survives the death of the process.
    """

    def __init__(self, path: Path | None, max_rows: int | None = None) -> None:
        """Open the file, or make it, for its owner alone; without a path, rows are in memory.

        Raises ``OSError`` or ``sqlite3.Error``.
        """
        self.path = path
        self._max_rows = max_rows or (MAX_ROWS_IN_MEMORY if path is None else MAX_ROWS)
        self._lock = threading.Lock()
        self._room: dict[type[Row], int] = dict.fromkeys(TABLES, 0)
        """How many rows may be added before they are counted again."""
        self._connection = connected(path, _BUSY_SECONDS)
        try:
            self._make_schema()
        except BaseException:
            self._connection.close()
            raise

    def add(self, rows: Sequence[Row]) -> int:
        """Store the rows, all or none but for those that find no room; how many these are."""
        lost = 0
        with self._transaction() as connection:
            for kind in TABLES:
                ours = [row for row in rows if type(row) is kind]
                if len(ours) > self._room[kind]:
                    [(count,)] = connection.execute(_COUNT[kind])
                    self._room[kind] = min(self._max_rows - count, max(_SLICE, len(ours)))
                taken = ours[: max(0, self._room[kind])]
                connection.executemany(_INSERT[kind], map(astuple, taken))
                self._room[kind] -= len(taken)
                lost += len(ours) - len(taken)
        return lost

    def oldest(self, kind: type[Row], most: int) -> list[tuple[int, Row]]:
        """Rows of a kind that wait, with the numbers by which they are removed."""
        with self._lock:
            found = self._connection.execute(_OLDEST[kind], (most,)).fetchall()
        return [(number, kind(*values)) for number, *values in found]

    def remove(self, kind: type[Row], numbers: Sequence[int]) -> None:
        with self._transaction() as connection:
            connection.executemany(_DELETE[kind], [(number,) for number in numbers])

    def forget(self, before: float) -> None:
        """Delete what was over before then, in Unix seconds."""
        for statement in _FORGET:
            deleted = _SLICE
            while deleted == _SLICE:
                with self._transaction() as connection:
                    deleted = connection.execute(statement, (before, _SLICE)).rowcount

    def count(self) -> int:
        """Rows that wait."""
        with self._lock:
            return sum(self._connection.execute(statement).fetchone()[0] for statement in _COUNT.values())

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _make_schema(self) -> None:
        with self._transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)

    @contextmanager
    def _transaction(self) -> "Iterator[sqlite3.Connection]":
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

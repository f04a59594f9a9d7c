"""Usage rows in a file that the processes of a machine share; with a database they wait there to be forwarded."""
# ruff: noqa: S608 - statements consist of names declared in rows.py

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from service.process.sqlite_file import connect
from service.usage.rows import TABLES, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME = "usage.sqlite3"
MAX_ROWS = 1_000_000
"""In each table of the file: about 300 MB."""
MAX_ROWS_IN_MEMORY = 20_000
_BUSY_SECONDS = 5.0
_SLICE = 5_000
"""Rows that are deleted in one transaction, or added before they are counted again: it locks the file."""


def _schema(table: Table) -> tuple[str, ...]:
    columns = [f"{one.name} {one.type.sqlite}{'' if one.nullable else ' NOT NULL'}" for one in table.columns]
    # AUTOINCREMENT: the number of a row that is about to be removed is never used again.
    rows = ", ".join(["seq INTEGER PRIMARY KEY AUTOINCREMENT", *columns, f"UNIQUE ({', '.join(table.key)})"])
    return (
        f"CREATE TABLE IF NOT EXISTS {table.name} ({rows})",
        f"CREATE INDEX IF NOT EXISTS {table.name}_by_time ON {table.name} ({table.expiry})",
        f"CREATE INDEX IF NOT EXISTS {table.name}_by_session ON {table.name} (session_id)",
    )


_INSERT = {
    kind: f"INSERT INTO {table.name} ({table.names}) VALUES ({', '.join('?' * len(table.columns))})"
    " ON CONFLICT DO NOTHING"
    for kind, table in TABLES.items()
}
_COUNT = {kind: f"SELECT count(*) FROM {table.name}" for kind, table in TABLES.items()}
# By name: a newer version may have added columns.
_OLDEST = {kind: f"SELECT seq, {table.names} FROM {table.name} ORDER BY seq LIMIT ?" for kind, table in TABLES.items()}
_REMOVE = {kind: f"DELETE FROM {table.name} WHERE seq = ?" for kind, table in TABLES.items()}
_DELETE_BEFORE = [
    f"DELETE FROM {table.name} WHERE seq IN (SELECT seq FROM {table.name} WHERE {table.expiry} < ? LIMIT ?)"
    for table in TABLES.values()
]
_DELETE_UNUSED = (
    "DELETE FROM usage_sessions WHERE seq IN (SELECT seq FROM usage_sessions AS session"
    " WHERE ends_at >= ? AND ends_at < ?"
    " AND NOT EXISTS (SELECT 1 FROM usage_streams WHERE session_id = session.session_id) LIMIT ?)"
)


class Spool:
    """The stored rows, oldest first. Thread-safe; every method may raise ``sqlite3.Error``.

    Rows survive the death of the process as soon as ``add`` returns.
    """

    def __init__(self, path: Path | None, max_rows: int | None = None) -> None:
        """Open the file, or create it, readable by its owner only; without a path, keep rows in memory.

        Raises ``OSError`` or ``sqlite3.Error``.
        """
        self.path = path
        self._max_rows = max_rows or (MAX_ROWS_IN_MEMORY if path is None else MAX_ROWS)
        self._lock = threading.Lock()
        self._room: dict[type[Row], int] = dict.fromkeys(TABLES, 0)
        """The number of rows that may be added before they are counted again."""
        self._connection = connect(path, _BUSY_SECONDS)
        try:
            self._make_schema()
        except BaseException:
            self._connection.close()
            raise

    def add(self, rows: Sequence[Row]) -> int:
        """Store the rows in one transaction; return the number of rows for which there was no room."""
        dropped = 0
        with self._transaction() as connection:
            for kind in TABLES:
                own = [row for row in rows if type(row) is kind]
                if len(own) > self._room[kind]:
                    [(count,)] = connection.execute(_COUNT[kind])
                    self._room[kind] = min(self._max_rows - count, max(_SLICE, len(own)))
                added = own[: max(0, self._room[kind])]
                connection.executemany(_INSERT[kind], map(astuple, added))
                self._room[kind] -= len(added)
                dropped += len(own) - len(added)
        return dropped

    def oldest(self, kind: type[Row], most: int) -> list[tuple[int, Row]]:
        """The oldest rows of a kind, with the numbers by which they are removed."""
        with self._lock:
            found = self._connection.execute(_OLDEST[kind], (most,)).fetchall()
        return [(number, kind(*values)) for number, *values in found]

    def remove(self, kind: type[Row], numbers: Sequence[int]) -> None:
        with self._transaction() as connection:
            connection.executemany(_REMOVE[kind], [(number,) for number in numbers])

    def delete_before(self, time: float) -> None:
        """Delete rows that ended before ``time``, in Unix seconds."""
        for statement in _DELETE_BEFORE:
            self._delete(statement, time)

    def delete_unused(self, after: float, before: float) -> None:
        """Delete sessions without a stream that ended in this time, in Unix seconds."""
        self._delete(_DELETE_UNUSED, after, before)

    def count(self) -> int:
        """The number of stored rows."""
        with self._lock:
            return sum(self._connection.execute(statement).fetchone()[0] for statement in _COUNT.values())

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _delete(self, statement: str, *parameters: float) -> None:
        deleted = _SLICE
        while deleted == _SLICE:
            with self._transaction() as connection:
                deleted = connection.execute(statement, (*parameters, _SLICE)).rowcount

    def _make_schema(self) -> None:
        with self._transaction() as connection:
            columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(usage_sessions)")]
            if "epoch" in columns:  # created before the column had its present name
                connection.execute("ALTER TABLE usage_sessions RENAME COLUMN epoch TO incarnation")
            columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(usage_streams)")]
            if columns and "subject" not in columns:
                connection.execute("ALTER TABLE usage_streams ADD COLUMN subject TEXT")
            for table in TABLES.values():
                for statement in _schema(table):
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

"""The sources of a usage report: the spool, or PostgreSQL."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.usage.postgres import Database


class FileRows:
    """Implements ``report.Rows``; every method may raise ``sqlite3.Error``."""

    day = "date(ended_at, 'unixepoch')"
    since = ":since"
    session = ":session"

    def __init__(self, path: Path) -> None:
        self._path = path

    def select(self, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._path, timeout=5)) as connection:
            connection.execute("PRAGMA query_only = 1")
            return connection.execute(query, parameters).fetchall()

    def waiting(self) -> int:
        """The number of rows of streams in the file."""
        [(count,)] = self.select("SELECT count(*) FROM usage_streams", {})
        return int(count)


class DatabaseRows:
    """Implements ``report.Rows``; ``select`` may raise ``DatabaseUnavailable``."""

    day = "to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    since = "to_timestamp(%(since)s)"
    session = "%(session)s"

    def __init__(self, database: "Database") -> None:
        self._database = database

    def select(self, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self._database.select(query, parameters)

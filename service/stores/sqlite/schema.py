"""The schema of the file with sessions, created by the first process that opens it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from service.process.sqlite_file import connect
from service.stores.store_limits import STREAM_BYTES

_SCHEMA_VERSION = 4
_SCHEMA = """
CREATE TABLE sessions (
    session_key TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    requests INTEGER NOT NULL,
    ends_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE claims (
    session_key TEXT NOT NULL,
    owner BLOB NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    stream_id TEXT NOT NULL,
    ends_at REAL NOT NULL,
    preparations INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_key, owner, request_id)
) WITHOUT ROWID;
CREATE INDEX claims_by_end ON claims (ends_at);

CREATE TABLE streams (
    stream_id TEXT PRIMARY KEY,
    session_key TEXT NOT NULL,
    session_incarnation TEXT NOT NULL,
    owners BLOB NOT NULL,
    content_type TEXT NOT NULL,
    request_id TEXT,
    trace BLOB NOT NULL,
    processing_seconds REAL NOT NULL,
    epoch INTEGER NOT NULL,
    skip_at INTEGER,
    skip_settled INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    ends_at REAL NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX streams_by_end ON streams (ends_at);

-- Separate from streams, where each change of status would write it again.
CREATE TABLE contents (
    stream_id TEXT PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    plan BLOB NOT NULL
);
"""

_TOTALS = """
CREATE INDEX streams_by_session ON streams (session_key, bytes);
CREATE INDEX unused_sessions ON sessions (ends_at) WHERE requests = 0;

-- The number of rows, which SQLite would have to count.
CREATE TABLE totals (sessions INTEGER NOT NULL);
INSERT INTO totals SELECT count(*) FROM sessions;
CREATE TRIGGER session_added AFTER INSERT ON sessions BEGIN
    UPDATE totals SET sessions = sessions + 1;
END;
CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    UPDATE totals SET sessions = sessions - 1;
END;
"""

_UPGRADE_FROM_1 = """
ALTER TABLE sessions RENAME COLUMN epoch TO incarnation;
ALTER TABLE streams RENAME COLUMN session_epoch TO session_incarnation;
"""

_UPGRADE_FROM_2 = f"""
ALTER TABLE claims ADD COLUMN preparations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE streams SET bytes = {STREAM_BYTES} + (SELECT length(plan) FROM contents WHERE stream_id = streams.stream_id);
"""  # noqa: S608 - of constants of this module

_UPGRADE_FROM_3 = """
ALTER TABLE sessions RENAME COLUMN session_id TO session_key;
ALTER TABLE claims RENAME COLUMN session_id TO session_key;
ALTER TABLE streams RENAME COLUMN session_id TO session_key;
"""

_SCRIPTS = {
    0: _SCHEMA + _TOTALS,
    1: _UPGRADE_FROM_1 + _UPGRADE_FROM_2 + _UPGRADE_FROM_3 + _TOTALS,
    2: _UPGRADE_FROM_2 + _UPGRADE_FROM_3 + _TOTALS,
    3: _UPGRADE_FROM_3,
}
"""The statements that migrate a file from each earlier version; a new file has version 0."""

_OPEN_SECONDS = 10.0
"""The wait for the lock of the file when it is opened: without the file, sessions would be kept in memory."""


class SchemaMismatch(Exception):
    """The file cannot be used. The message is the reason and the remedy, without the name of the file."""


def open_connection(path: Path | None) -> sqlite3.Connection:
    """Open the file, readable by its owner only, or a database in memory. Raises ``SchemaMismatch``."""
    try:
        return _connect(path)
    except OSError as error:
        raise SchemaMismatch(f"it cannot be opened ({error.strerror}): give the service write permission") from error
    except sqlite3.Error as error:
        raise SchemaMismatch(f"it cannot store sessions ({error}): repair or remove it") from error


def _connect(path: Path | None) -> sqlite3.Connection:
    connection = connect(path, _OPEN_SECONDS, ["PRAGMA auto_vacuum=INCREMENTAL"])
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # zeros over what is deleted
        _create_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create_schema(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone() == (_SCHEMA_VERSION,):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise SchemaMismatch(  # noqa: TRY301 - the transaction ends as at any other error
                f"it has version {version}, and this service supports up to {_SCHEMA_VERSION}: run the newer service, "
                "or remove the file"
            )
        for statement in _statements(_SCRIPTS.get(version, "")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """The statements one by one: ``executescript`` would commit."""
    statement = ""
    for line in script.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

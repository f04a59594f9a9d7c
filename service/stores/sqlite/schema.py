"""The file that sessions are kept in: made when it is not there, opened by every worker of the machine."""

import sqlite3
from pathlib import Path

from service.process.sqlite_file import connected

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    epoch TEXT NOT NULL,
    requests INTEGER NOT NULL,
    ends_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE claims (
    session_id TEXT NOT NULL,
    owner BLOB NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    stream_id TEXT NOT NULL,
    ends_at REAL NOT NULL,
    PRIMARY KEY (session_id, owner, request_id)
) WITHOUT ROWID;
CREATE INDEX claims_by_end ON claims (ends_at);

CREATE TABLE streams (
    stream_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
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
    ends_at REAL NOT NULL
);
CREATE INDEX streams_by_end ON streams (ends_at);

-- Apart from its stream, as a change of state would rewrite it.
CREATE TABLE contents (
    stream_id TEXT PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    plan BLOB NOT NULL
);
"""

_BUSY_SECONDS = 1.0


class SchemaMismatch(Exception):
    """The file cannot be used, and waiting does not help. Says why, and what to do; who catches it names the file."""


def opened(path: Path | None) -> sqlite3.Connection:
    """A connection for one thread, to memory if there is no path. Raises ``SchemaMismatch``.

    Nobody but its owner may read the file: it has what people have sent.
    """
    try:
        return _connected(path)
    except OSError as error:
        raise SchemaMismatch(f"it cannot be opened ({error.strerror}): let the service write there") from error
    except sqlite3.Error as error:
        raise SchemaMismatch(f"it cannot keep sessions ({error}): mend it, or move it away to begin anew") from error


def _connected(path: Path | None) -> sqlite3.Connection:
    connection = connected(path, _BUSY_SECONDS, ["PRAGMA auto_vacuum=INCREMENTAL"])
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # zeros over what is deleted
        _make_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_schema(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise SchemaMismatch(  # noqa: TRY301 - the transaction ends as at any other error
                f"it is of version {version}, and this service knows {_SCHEMA_VERSION} at most: run the newer service, "
                "or move it away to begin anew"
            )
        if version == 0:
            for statement in _SCHEMA.split(";"):  # executescript would commit
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise

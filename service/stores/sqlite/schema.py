"""Opens a file of a store: the first process that does creates its schema, or migrates it from an earlier version."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from service.process.sqlite_file import connect

_OPEN_SECONDS = 10.0
"""The wait for the lock of the file when it is opened: without the file, its data would be kept in memory."""


class Schema(Struct, frozen=True):
    """The tables of a file."""

    scripts: Sequence[str]
    """The statements that migrate a file to the latest version, by its own; a new file has version 0."""

    @property
    def version(self) -> int:
        return len(self.scripts)


class SchemaMismatch(Exception):
    """The file cannot be used. The message is the reason and the remedy, without the name of the file."""


def open_connection(path: Path | None, schema: Schema) -> sqlite3.Connection:
    """Open the file, readable by its owner only, or a database in memory. Raises ``SchemaMismatch``."""
    try:
        return _connect(path, schema)
    except OSError as error:
        raise SchemaMismatch(f"it cannot be opened ({error.strerror}): give the service write permission") from error
    except sqlite3.Error as error:
        raise SchemaMismatch(f"it cannot be used ({error}): repair or remove it") from error


def _connect(path: Path | None, schema: Schema) -> sqlite3.Connection:
    connection = connect(path, _OPEN_SECONDS, ["PRAGMA auto_vacuum=INCREMENTAL"])
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # zeros over what is deleted
        _migrate(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    if connection.execute("PRAGMA user_version").fetchone() == (schema.version,):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > schema.version:
            raise SchemaMismatch(  # noqa: TRY301 - the transaction ends as at any other error
                f"it has version {version}, and this service supports up to {schema.version}: run the newer service, "
                "or remove the file"
            )
        for statement in _statements("".join(schema.scripts[version : version + 1])):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={schema.version}")
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

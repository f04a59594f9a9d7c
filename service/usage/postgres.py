"""Usage rows in PostgreSQL. Every operation ends within a bounded time, whatever the state of server and network."""
# ruff: noqa: S608 - statements consist of names declared in rows.py

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from service.events import Operation
from service.process.dependency_calls import MeasureCall, unmeasured
from service.usage.rows import TABLES, ColumnType, Row, Table

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
"""The server cancels a statement after this time."""
ANSWER_SECONDS = 15
"""The client closes the connection after this time without an answer: the server hangs, or packets are lost."""
_REASON_CHARACTERS = 200
_SLICE = 5_000
NOT_MIGRATED = "its tables are missing or not those of this version: run python -m service migrate"

_NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)
_REFUSED = (psycopg.DataError, psycopg.IntegrityError)


def _insert(table: Table) -> str:
    values = [f"to_timestamp({one.name})" if one.type is ColumnType.TIME else one.name for one in table.columns]
    record = [f"{one.name} {one.type.postgres_json}" for one in table.columns]
    return (
        f"INSERT INTO {table.name} ({table.names}) SELECT {', '.join(values)}"
        f" FROM jsonb_to_recordset(%s::jsonb) AS row ({', '.join(record)}) ON CONFLICT DO NOTHING"
    )


def _delete_before(table: Table) -> str:
    key = ", ".join(table.key)
    expired = f"SELECT {key} FROM {table.name} WHERE {table.expiry} < to_timestamp(%s) LIMIT %s"
    return f"DELETE FROM {table.name} WHERE ({key}) IN ({expired})"


_INSERT = {kind: _insert(table) for kind, table in TABLES.items()}
_DELETE_BEFORE = [_delete_before(table) for table in TABLES.values()]
_DELETE_UNUSED = (
    "DELETE FROM usage_sessions WHERE (session_id, incarnation) IN (SELECT session_id, incarnation FROM usage_sessions"
    " AS session WHERE ends_at >= to_timestamp(%s) AND ends_at < to_timestamp(%s) AND NOT EXISTS"
    " (SELECT 1 FROM usage_streams WHERE session_id = session.session_id) LIMIT %s)"
)

Connection = psycopg.Connection[tuple[Any, ...]]
Found = TypeVar("Found")


class DatabaseUnavailable(Exception):
    """The statement may or may not have been executed. The text is a reason in a line, without the password."""


class RowsRefused(Exception):
    """The database rejects some of these rows for good."""


class Database:
    """One connection, opened when it is needed and again after it was lost. Belongs to one thread.

    Every method may raise ``DatabaseUnavailable``: at the latest after twice ``answer_seconds`` plus
    ``CONNECT_SECONDS`` for each address of the host.
    """

    def __init__(self, url: str, answer_seconds: float = ANSWER_SECONDS, measure: MeasureCall = unmeasured) -> None:
        self._url = url
        self._answer_seconds = answer_seconds
        self._measure = measure
        self._connection: Connection | None = None

    def insert(self, kind: type[Row], rows: Sequence[Row]) -> None:
        """Store the rows in one transaction; ignore those that are stored already. Raises ``RowsRefused``."""
        text = msgspec.json.encode(rows).decode()
        self._execute(Operation.INSERT, lambda connection: connection.execute(_INSERT[kind], (text,)))

    def delete_before(self, time: float) -> bool:
        """Delete some rows that ended before ``time``, in Unix seconds; return whether there may be more."""
        return self._execute(
            Operation.DELETE,
            lambda connection: (
                max(connection.execute(one, (time, _SLICE)).rowcount for one in _DELETE_BEFORE) == _SLICE
            ),
        )

    def delete_unused(self, after: float, before: float) -> bool:
        """Delete some sessions without a stream that ended in this time; return whether there may be more."""
        return self._execute(
            Operation.DELETE,
            lambda connection: connection.execute(_DELETE_UNUSED, (after, before, _SLICE)).rowcount == _SLICE,
        )

    def select(self, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self._execute(Operation.SELECT, lambda connection: connection.execute(query, parameters).fetchall())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _execute(self, operation: Operation, work: Callable[[Connection], Found]) -> Found:
        """Do the work in a transaction, on a new connection if the old one was lost."""
        connected = self._connection is not None
        try:
            try:
                return self._attempt(operation, work)
            except psycopg.OperationalError:
                if not connected:
                    raise
                return self._attempt(operation, work)  # the server may have restarted since the last statement
        except _REFUSED as error:
            raise RowsRefused from error
        except psycopg.Error as error:
            raise DatabaseUnavailable(reason(error, self._url)) from None  # its text may contain the password

    def _attempt(self, operation: Operation, work: Callable[[Connection], Found]) -> Found:
        try:
            with self._measure(operation):
                connection = self._connection = self._connection or connect(self._url)
                with answering(connection, self._answer_seconds), connection.transaction():
                    # In the transaction: a connection pooler may give the server's session to another client after it.
                    connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
                    return work(connection)
        except psycopg.Error:
            self.close()
            raise


def connect(url: str, *, autocommit: bool = True) -> Connection:
    """A connection. Raises ``psycopg.Error``."""
    return psycopg.connect(
        url,
        autocommit=autocommit,
        prepare_threshold=None,  # a connection pooler does not support prepared statements
        connect_timeout=CONNECT_SECONDS,
        tcp_user_timeout=ANSWER_SECONDS * 1000,
        fallback_application_name="streaming-content-api",
    )


@contextmanager
def answering(connection: Connection, seconds: float) -> Iterator[None]:
    """Shut the connection down unless this context ends in time; a pending call then raises ``OperationalError``.

    The library has no such limit, and those of the server and the kernel have no effect if the server hangs.
    """
    own = socket.socket(fileno=os.dup(connection.fileno()))  # the number could be in use again when the timer fires

    def break_off() -> None:
        with suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, break_off)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        watch.join()
        own.close()


def reason(error: psycopg.Error, url: str) -> str:
    """The cause in a line, without any part of the password."""
    if isinstance(error, _NOT_MIGRATED):
        return NOT_MIGRATED
    try:
        secrets = {str(conninfo_to_dict(url).get("password") or ""), *_between_colon_and_at(url)}
    except psycopg.Error:
        return "DATABASE_URL is not an address that PostgreSQL can read"
    text = next(iter(str(error).strip().splitlines()), "")[:_REASON_CHARACTERS]
    withheld = any(form in text for secret in secrets if secret for form in (secret, unquote(secret)))
    return type(error).__name__ if withheld or not text else text


def _between_colon_and_at(url: str) -> list[str]:
    """Possible parts of the password: with an unescaped special character, libpq reads some of it as host or path."""
    return re.split("[@/?#:]", url.partition("://")[2].rpartition("@")[0].partition(":")[2])

"""Rows in PostgreSQL. Nothing here waits for longer than it says, whatever became of the server or the way there."""

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

from service.usage.rows import Row, SessionRow, StreamRow

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
"""After which the server gives up."""
ANSWER_SECONDS = 15
"""After which we do, though the server has not said a word: it hangs, or its packets vanish."""
_REASON_CHARACTERS = 200
_SLICE = 5_000
NOT_MIGRATED = "its tables are missing or not those of this version: run python -m service migrate"

_NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)
_REFUSED = (psycopg.DataError, psycopg.IntegrityError)

_INSERT: dict[type[Row], str] = {
    StreamRow: """
        INSERT INTO usage_streams (
            row_id, stream_id, session_id, connection_id, content_type, speed, chunk_by, html_mode, outcome, error,
            started_at, ended_at, content_bytes, chunks, bytes, duration_seconds, paused_seconds, processing_seconds,
            takeovers, version
        )
        SELECT
            row_id, stream_id, session_id, connection_id, content_type, speed, chunk_by, html_mode, outcome, error,
            to_timestamp(started_at), to_timestamp(ended_at), content_bytes, chunks, bytes, duration_seconds,
            paused_seconds, processing_seconds, takeovers, version
        FROM jsonb_to_recordset(%s::jsonb) AS row (
            row_id uuid, stream_id text, session_id text, connection_id text, content_type text, speed text,
            chunk_by text, html_mode text, outcome text, error text, started_at float8, ended_at float8,
            content_bytes bigint, chunks bigint, bytes bigint, duration_seconds float8, paused_seconds float8,
            processing_seconds float8, takeovers integer, version text
        )
        ON CONFLICT DO NOTHING""",
    SessionRow: """
        INSERT INTO usage_sessions (session_id, epoch, began_at, ends_at)
        SELECT session_id, epoch, to_timestamp(began_at), to_timestamp(ends_at)
        FROM jsonb_to_recordset(%s::jsonb) AS row (session_id text, epoch text, began_at float8, ends_at float8)
        ON CONFLICT DO NOTHING""",
}
_FORGET = (
    """DELETE FROM usage_streams WHERE row_id IN (
        SELECT row_id FROM usage_streams WHERE ended_at < to_timestamp(%s) LIMIT %s)""",
    """DELETE FROM usage_sessions WHERE (session_id, epoch) IN (
        SELECT session_id, epoch FROM usage_sessions WHERE ends_at < to_timestamp(%s) LIMIT %s)""",
)

Connection = psycopg.Connection[tuple[Any, ...]]
Found = TypeVar("Found")


class DatabaseUnavailable(Exception):
    """Nobody knows whether the database did what was asked. The text is a reason in a line, without the password."""


class RowsRefused(Exception):
    """Some of these rows will never be taken, however often they are sent."""


class Database:
    """One connection, made when it is needed and again when it broke. Belongs to one thread.

    Every method raises ``DatabaseUnavailable``, at the latest after twice ``answer_seconds``, and
    ``CONNECT_SECONDS`` for each address that the host's name has.
    """

    def __init__(self, url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._url = url
        self._answer_seconds = answer_seconds
        self._connection: Connection | None = None

    def insert(self, kind: type[Row], rows: Sequence[Row]) -> None:
        """Store the rows, all or none, but for those that are there already. Raises ``RowsRefused``."""
        text = msgspec.json.encode(rows).decode()
        self._ask(lambda connection: connection.execute(_INSERT[kind], (text,)))

    def forget(self, before: float) -> bool:
        """Delete some of what was over before then, in Unix seconds; whether there may be more."""
        return self._ask(
            lambda connection: max(connection.execute(one, (before, _SLICE)).rowcount for one in _FORGET) == _SLICE
        )

    def select(self, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self._ask(lambda connection: connection.execute(query, parameters).fetchall())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, work: Callable[[Connection], Found]) -> Found:
        """Do the work in a transaction."""
        known = self._connection is not None
        try:
            try:
                return self._attempt(work)
            except psycopg.OperationalError:
                if not known:
                    raise
                return self._attempt(work)  # the server may have restarted since it was last asked
        except _REFUSED as error:
            raise RowsRefused from error
        except psycopg.Error as error:
            raise DatabaseUnavailable(reason(error, self._url)) from None  # whose text might have the password

    def _attempt(self, work: Callable[[Connection], Found]) -> Found:
        connection = self._connection = self._connection or connect(self._url)
        try:
            with answering(connection, self._answer_seconds), connection.transaction():
                # In the transaction, so that a pooler in between hands it to nobody else.
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
        prepare_threshold=None,  # a pooler in between knows nothing of prepared statements
        connect_timeout=CONNECT_SECONDS,
        tcp_user_timeout=ANSWER_SECONDS * 1000,
        fallback_application_name="streaming-content-api",
    )


@contextmanager
def answering(connection: Connection, seconds: float) -> Iterator[None]:
    """Break the connection off unless this ends in time; who waits for an answer then gets ``OperationalError``.

    The library has no such limit, and neither the server's nor the kernel's helps if the server hangs.
    """
    own = socket.socket(fileno=os.dup(connection.fileno()))  # of its own, so that the number is nobody else's by then

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
    """What went wrong, in a line, without any part of the password."""
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
    """What may be the password's: one with a character that should have been escaped is read as a host, or a path."""
    return re.split("[@/?#:]", url.partition("://")[2].rpartition("@")[0].partition(":")[2])

"""The rows of usage, and their tables: quantities and times, never content or tokens.

This is the one declaration of the columns. The schema of the spool and all statements are derived from it; a test
compares it with the tables that the migrations create, and with docs/usage.md.
"""

from enum import Enum
from typing import Annotated, get_args, get_origin, get_type_hints

from msgspec import Struct

UNUSED_SECONDS = 86_400
"""The time for which the row of a session without a stream is kept after its end, if that is less than the rest."""


class ColumnType(Enum):
    """The types of a column: in SQLite, in PostgreSQL, and as PostgreSQL reads it from JSON."""

    TEXT = ("TEXT", "text", "text")
    UUID = ("TEXT", "uuid", "uuid")
    TIME = ("REAL", "timestamp with time zone", "float8")
    """Unix seconds in rows and in SQLite."""
    SECONDS = ("REAL", "double precision", "float8")
    COUNT = ("INTEGER", "bigint", "bigint")
    SMALL_COUNT = ("INTEGER", "integer", "integer")

    @property
    def sqlite(self) -> str:
        return self.value[0]

    @property
    def postgres(self) -> str:
        return self.value[1]

    @property
    def postgres_json(self) -> str:
        return self.value[2]


_Text = Annotated[str, ColumnType.TEXT]
_Uuid = Annotated[str, ColumnType.UUID]
_Time = Annotated[float, ColumnType.TIME]
_Seconds = Annotated[float, ColumnType.SECONDS]
_Count = Annotated[int, ColumnType.COUNT]
_SmallCount = Annotated[int, ColumnType.SMALL_COUNT]


class StreamRow(Struct, frozen=True, gc=False):
    """One part of a stream: the whole stream, unless it was recovered; then there is a row for each connection.

    The parts of a stream share ``stream_id`` and are ordered by ``takeovers``.
    """

    row_id: _Uuid
    """Makes it harmless to store a row twice."""
    stream_id: _Text
    session_id: _Text
    connection_id: _Text
    content_type: _Text
    speed: _Text | None
    """As requested, as are the next two; unknown for a part that was recovered."""
    chunk_by: _Text | None
    html_mode: _Text | None
    outcome: _Text
    error: _Text | None
    """The error code of the protocol."""
    started_at: _Time | None
    """When ``stream_start`` was sent; ``None`` if it was not."""
    ended_at: _Time
    content_bytes: _Count | None
    """Of the request, in UTF-8; unknown for a part that was recovered."""
    chunks: _Count
    """Sent in this part, as are the bytes (UTF-8) and all durations."""
    bytes: _Count
    duration_seconds: _Seconds
    paused_seconds: _Seconds
    processing_seconds: _Seconds | None
    """Time of content preparation; ``None`` if there was none."""
    takeovers: _SmallCount
    """The number of times that the stream had been recovered before this part."""
    version: _Text
    """Of the service."""
    subject: _Text | None = None
    """Of the principal; ``None`` without authentication."""


class SessionRow(Struct, frozen=True, gc=False):
    """A session. Its id may be used again after its end; its incarnation is not."""

    session_id: _Text
    incarnation: _Text
    began_at: _Time
    ends_at: _Time


Row = StreamRow | SessionRow


class Column(Struct, frozen=True):
    name: str
    type: ColumnType
    nullable: bool


class Table(Struct, frozen=True):
    """A table for one kind of row, with the same name in SQLite and in PostgreSQL."""

    name: str
    key: tuple[str, ...]
    expiry: str
    """The column with the time after which a row is kept for the retention period."""
    columns: tuple[Column, ...]

    @property
    def names(self) -> str:
        """The column names, separated by commas."""
        return ", ".join(column.name for column in self.columns)


def _columns(kind: type[Row]) -> tuple[Column, ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(_column(name, hints[name]) for name in kind.__struct_fields__)


def _column(name: str, hint: object) -> Column:
    nullable = get_origin(hint) is not Annotated
    annotated = get_args(hint)[0] if nullable else hint
    return Column(name, get_args(annotated)[1], nullable)


TABLES: dict[type[Row], Table] = {
    StreamRow: Table("usage_streams", ("row_id",), "ended_at", _columns(StreamRow)),
    SessionRow: Table("usage_sessions", ("session_id", "incarnation"), "ends_at", _columns(SessionRow)),
}

"""What is kept of a stream and of a session: how much and how long, never content and never a token.

A row's fields are the columns of its table, here and in the file and in PostgreSQL.
"""

from msgspec import Struct


class StreamRow(Struct, frozen=True, gc=False):
    """One part of a stream: all of it, unless it broke off and was recovered; then each process tells of its own part.

    The parts of a stream share ``stream_id``, and ``takeovers`` puts them in order.
    """

    row_id: str
    """A UUID, so that a row that is stored twice is there once."""
    stream_id: str
    session_id: str
    connection_id: str
    content_type: str
    speed: str | None
    """As the request asked, as are the next two; not known of a part that was recovered."""
    chunk_by: str | None
    html_mode: str | None
    outcome: str
    error: str | None
    """The code of the protocol."""
    started_at: float | None
    """When its first chunk could go, in Unix seconds; ``None`` if it did not come to that."""
    ended_at: float
    content_bytes: int | None
    """Of the request, in UTF-8; not known of a part that was recovered."""
    chunks: int
    """Sent in this part, as are the bytes (UTF-8) and all durations."""
    bytes: int
    duration_seconds: float
    paused_seconds: float
    processing_seconds: float | None
    """Of content work; ``None`` if there was none."""
    takeovers: int
    """How often the stream had been taken over before this part: 0 for the first."""
    version: str
    """Of the service."""


class SessionRow(Struct, frozen=True, gc=False):
    """A session. Its id may come again after its end; its epoch does not."""

    session_id: str
    epoch: str
    began_at: float
    """In Unix seconds, as is the end."""
    ends_at: float


Row = StreamRow | SessionRow

TABLES: dict[type[Row], str] = {StreamRow: "usage_streams", SessionRow: "usage_sessions"}

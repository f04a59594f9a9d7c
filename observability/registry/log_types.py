"""The types of which the declarations of log events are made, and the fields that several of them share."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class LogLevel(StrEnum):
    """The values of ``LOG_LEVEL``, from the most lines to the fewest."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogField(Struct, frozen=True):
    name: str
    meaning: str
    unit: str = ""


class LogEvent(Struct, frozen=True):
    """One kind of log line."""

    name: str
    """The field ``event``, for programs; it stays when the message is reworded."""
    level: LogLevel
    message: str
    """A ``str.format`` template over fields that are numbers, ids or enums."""
    when: str
    """The condition under which the line is written."""
    fields: tuple[LogField, ...] = ()
    sign: str = ""
    """Precedes the message in the text layout, never in JSON."""
    burst: int | None = None
    """Lines that may be written within ten seconds; the others are counted in one ``lines_suppressed``."""
    always: bool = False
    """Whether the line is written at every ``LOG_LEVEL``."""


SECONDS = "s"
MILLISECONDS = "ms"
BYTES = "UTF-8 bytes"

SESSION_ID = LogField("session_id", "the session")
CONNECTION_ID = LogField("connection_id", "the connection")
SUBJECT = LogField("subject", "the user or service of a token; absent without authentication")
STREAM_ID = LogField("stream_id", "the stream")
TRACE_ID = LogField("trace_id", "the trace of the stream; the trace of the client if the request names one")
SPAN_ID = LogField("span_id", "the span of the stream")
STREAM_FIELDS = (TRACE_ID, SPAN_ID, SESSION_ID, CONNECTION_ID, STREAM_ID)


def one_of(values: Iterable[str]) -> str:
    """The values as an enumeration in a sentence: ``a, b or c``."""
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last

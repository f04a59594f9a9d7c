"""The layouts of a log line: JSON for programs, columns for people."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from select import PIPE_BUF
from textwrap import indent, wrap

import msgspec

from observability.registry.log_events import LOG_EVENTS

Layout = Callable[[str, str, Mapping[str, object]], bytes]
"""From level, message and fields, ``event`` among them, to a line with its newline."""

_encode = msgspec.json.Encoder(enc_hook=str).encode

_CUT = "[{} characters] ... "
"""Replaces the beginning of a long traceback; its end has the exception and the innermost frames."""

_SIGNS = {event.name: f"{event.sign} " for event in LOG_EVENTS if event.sign}
_LEVEL_WIDTH = 7
_SUBJECT_WIDTH = 16
_SHORT_ID = 8
_SETTINGS_WIDTH = 110
_MARGIN = " " * len("00:00:00.000 ")

_PLAIN = "\x1b[0m"
_DIM = "\x1b[2m"
_COLOURS = {"DEBUG": "\x1b[36m", "INFO": "\x1b[32m", "WARNING": "\x1b[1;33m", "ERROR": "\x1b[1;31m"}


def json_layout(level: str, message: str, fields: Mapping[str, object], *, instance: str) -> bytes:
    """One compact object of flat keys; ``ts`` is UTC, ``instance`` the id of this process in all telemetry.

    A long traceback is shortened at its beginning so that the line fits ``PIPE_BUF``: the lines of several processes
    on one pipe do not interleave.
    """
    head = {"ts": datetime.now(UTC), "level": level, "event": fields["event"], "message": message}
    line = {**head, **fields, "instance": instance}
    encoded = _encode_line(line)
    exception = line.get("exception")
    if len(encoded) <= PIPE_BUF or not isinstance(exception, str):
        return encoded

    def shorten(by: int) -> bytes:
        return _encode_line(line | {"exception": cut_beginning(exception, by)})

    return shorten(bisect_left(range(len(exception)), True, key=lambda by: len(shorten(by)) <= PIPE_BUF))  # noqa: FBT003


def text_layout(level: str, message: str, fields: Mapping[str, object], *, coloured: bool = False) -> bytes:
    """Time, level, session, stream and message in columns; ids are shortened, the message has its sign."""
    now = datetime.now().astimezone()
    time = f"{now:%H:%M:%S.%f}" if coloured else f"{now:%Y-%m-%d %H:%M:%S.%f}"
    subject = str(fields.get("session_id") or fields.get("logger") or "")
    if len(subject) > _SUBJECT_WIDTH:
        subject = f"{subject[: _SUBJECT_WIDTH - _SHORT_ID - 1]}…{subject[-_SHORT_ID:]}"
    stream = str(fields.get("stream_id") or "")[:_SHORT_ID]
    trace = str(fields.get("trace_id") or "")[:_SHORT_ID]
    sign = _SIGNS.get(str(fields["event"]), "")
    quote = f": {fields['quote']!r}" if "quote" in fields else ""
    colour, dim, plain = (_COLOURS[level], _DIM, _PLAIN) if coloured else ("", "", "")
    columns = (
        f"{dim}{time[:-3]}{plain}",
        f"{colour}{level:<{_LEVEL_WIDTH}}{plain}",
        f"{subject:<{_SUBJECT_WIDTH}}",
        f"{dim}{stream:<{_SHORT_ID}}{plain}",
        f"{sign}{_escape(message)}{quote}",
    )
    text = " ".join(columns)
    if trace:
        text += f" {dim}trace {trace}{plain}"
    if isinstance(settings := fields.get("settings"), Mapping):
        shown = " ".join(f"{name}={value}" for name, value in settings.items() if value)
        text += "\n" + dim + indent("\n".join(wrap(shown, _SETTINGS_WIDTH)), _MARGIN) + plain
    if exception := fields.get("exception"):
        text += "\n" + "\n".join(_escape(line) for line in str(exception).splitlines())
    return text.encode(errors="backslashreplace") + b"\n"


def coloured_layout(level: str, message: str, fields: Mapping[str, object]) -> bytes:
    """The text layout for a terminal."""
    return text_layout(level, message, fields, coloured=True)


def _encode_line(line: Mapping[str, object]) -> bytes:
    try:
        return _encode(line) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, which a library may take from a file name
        texts = {key: encodable_text(value) if isinstance(value, str) else value for key, value in line.items()}
        return _encode(texts) + b"\n"


def cut_beginning(traceback: str, by: int) -> str:
    """The traceback without its first ``by`` characters, and with their number in their place."""
    return _CUT.format(by) + traceback[by:]


def encodable_text(text: str) -> str:
    """The text with halves of surrogate pairs escaped, which no encoder accepts."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _escape(text: str) -> str:
    """The messages of libraries and exceptions may contain control sequences of a terminal."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()

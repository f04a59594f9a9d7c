"""Log lines of the service, one JSON object each, also in the wrapping of Docker, journald or a compose prefix."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

_WRAPPERS = ("log", "MESSAGE", "message", "line", "msg")
"""The field that has the line in the files of Docker, the journal and of exports of platforms."""
_COMMON = frozenset({"ts", "level", "event", "message"})

_decode = msgspec.json.Decoder().decode


class LogLine(Struct, frozen=True):
    """One line of a declared event."""

    at: float
    """Seconds of the epoch."""
    level: str
    event: str
    message: str
    fields: Mapping[str, object] = {}
    """The other fields, as docs/observability.md lists them."""

    def text(self, field: str) -> str:
        """A field as text; empty if it is absent."""
        value = self.fields.get(field)
        return "" if value is None else str(value)

    def number(self, field: str) -> float | None:
        """A field as a number; ``None`` if it is absent or none."""
        value = self.fields.get(field)
        return float(value) if isinstance(value, int | float) else None


def parse_line(text: bytes) -> LogLine | None:
    """The line, or ``None`` for what is none of this service."""
    begin = text.find(b"{")
    if begin < 0:
        return None
    found = _object(text[begin:])
    if found is not None and "event" not in found:
        inner = next((str(found[name]) for name in _WRAPPERS if "{" in str(found.get(name, ""))), "")
        found = _object(inner[inner.find("{") :].encode()) if inner else None
    return None if found is None else line_of(found)


def line_of(found: Mapping[str, object]) -> LogLine | None:
    """The line of a decoded object, or ``None`` if a field that every line has is missing."""
    stamp, level, event, message = (found.get(name) for name in ("ts", "level", "event", "message"))
    if not (isinstance(stamp, str) and isinstance(level, str) and isinstance(event, str) and isinstance(message, str)):
        return None
    at = parse_time(stamp)
    fields = {name: value for name, value in found.items() if name not in _COMMON}
    return None if at is None else LogLine(at, level, event, message, fields)


def parse_time(text: str) -> float | None:
    """A time of RFC 3339 in seconds of the epoch; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _object(text: bytes) -> dict[str, object] | None:
    try:
        found = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None

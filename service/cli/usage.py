"""The ``usage`` command."""

import csv
import json
import re
import sqlite3
import sys
import time
from datetime import UTC, datetime
from typing import NamedTuple

from service.cli.exits import Exit
from service.protocol.codec import is_session_id
from service.settings import Settings, SettingsError, load_settings
from service.usage.report import Grouping, Line, report
from service.usage.sources import DatabaseRows, FileRows
from service.usage.spool import FILE_NAME

_DAY_SECONDS = 86_400
_KILO = 1000


class InvalidSince(Exception):
    """``str()`` is a sentence with the allowed forms."""


class Unreadable(Exception):
    """The rows cannot be read. ``str()`` is a sentence with the cause."""


class _Result(NamedTuple):
    lines: list[Line]
    source: str
    waiting: int
    """Rows that the database does not have yet, and that ``lines`` do not include."""


def parse_since(text: str, now: float) -> float:
    """A day such as 2026-11-24 or an age such as 7d, in Unix seconds. Raises ``InvalidSince``."""
    if age := re.fullmatch(r"([0-9]{1,5})d", text):
        return now - int(age[1]) * _DAY_SECONDS
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InvalidSince(f"{text!r} is neither a day such as 2026-11-24 nor an age such as 7d") from None


def usage(by: Grouping, since: str | None, session_id: str | None, output: str, limit: int) -> int:
    """Print at most ``limit`` groups of the usage; ``output`` is ``table``, ``json`` or ``csv``."""
    if session_id is not None and not is_session_id(session_id):
        print(f"{session_id!a} is not a session id; a session id is 1 to 64 of A-Z a-z 0-9 _ - . :", file=sys.stderr)
        return Exit.USAGE
    try:
        settings = load_settings()
        after = None if since is None else parse_since(since, time.time())
        found = _read(settings, by, after, session_id)
    except (SettingsError, InvalidSince, Unreadable) as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    shown = found.lines[:limit]
    if output == "json":
        print(json.dumps([_named(by, line) for line in shown]))
    elif output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([by.value, *Line._fields[1:]])
        writer.writerows(shown)
    elif shown:
        _print_table(by, shown, found.lines)
    if not shown:
        print(f"No stream has ended{_where(since, session_id)}: {found.source} has none.", file=sys.stderr)
    if len(found.lines) > limit:
        print(f"{len(found.lines) - limit} more lines; raise --limit to print them.", file=sys.stderr)
    if found.waiting:
        print(f"Not included: {found.waiting} rows that are not in the database yet.", file=sys.stderr)
    return Exit.DONE


def _read(settings: Settings, by: Grouping, since: float | None, session_id: str | None) -> _Result:
    path = settings.data_dir / FILE_NAME
    file = FileRows(path) if path.exists() else None
    try:
        if settings.database_url is not None:
            from service.usage.postgres import Database, DatabaseUnavailable

            database = Database(settings.database_url.get_secret_value())
            try:
                lines = report(DatabaseRows(database), by, since=since, session_id=session_id)
            except DatabaseUnavailable as error:
                raise Unreadable(f"The database cannot be read: {error}.") from None
            finally:
                database.close()
            return _Result(lines, "the database", file.waiting() if file else 0)
        if file is None:
            raise Unreadable(
                f"There is no usage yet: {path} does not exist. Check that DATA_DIR is that of the service."
            )
        return _Result(report(file, by, since=since, session_id=session_id), str(path), 0)
    except sqlite3.Error as error:
        raise Unreadable(f"{path} cannot be read: {error}.") from None


def _named(by: Grouping, line: Line) -> dict[str, object]:
    return {by.value: line.group, **dict(list(line._asdict().items())[1:])}


def _where(since: str | None, session_id: str | None) -> str:
    return (f" in session {session_id}" if session_id else "") + (f" since {since}" if since else "")


_HEADINGS = (
    "streams",
    "sessions",
    "completed",
    "recovered",
    "content",
    "chunks",
    "sent",
    "streaming",
    "paused",
    "work",
)


def _print_table(by: Grouping, shown: list[Line], lines: list[Line]) -> None:
    rows = [(by.value, *_HEADINGS), *map(_cells, shown)]
    if len(lines) > 1:
        rows.append(_cells(_total(by, lines)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print("  ".join(cells))


def _total(by: Grouping, lines: list[Line]) -> Line:
    sums = [sum(column) for column in list(zip(*lines, strict=True))[1:]]
    total = Line("total", *sums)
    # Other groups may share sessions, so their sum is not the number of sessions.
    return total if by is Grouping.SESSION else total._replace(sessions=-1)


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.group,
        f"{line.streams:,}",
        "" if line.sessions < 0 else f"{line.sessions:,}",
        f"{line.completed:,}",
        f"{line.recovered:,}",
        _size(line.content_bytes),
        f"{line.chunks:,}",
        _size(line.bytes),
        _time(line.duration_seconds),
        _time(line.paused_seconds),
        _time(line.processing_seconds),
    )


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < _KILO:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= _KILO
    return f"{count:.1f} TB"


def _time(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest:.2f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"

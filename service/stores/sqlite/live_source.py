"""The source of a live stream in SQLite: the tail, which each append changes, and the segments before it.

A tail that is long enough becomes part of the last segment, or a new one. Both are on the same page, so that it makes
no difference to what is written, and a source has few rows to read and to delete.
"""

import sqlite3

_TAIL_BYTES = 128
"""Measured with 100 streams of 50 appends a second, 25 in a commit: with 64 or 128 bytes a commit writes 4 pages, with
256 bytes 7; with a row for each append, in the order of the offsets, 25."""
_SEGMENT_BYTES = 960
"""About the longest row that SQLite stores on one page of an index."""
_SEGMENTS = (
    "SELECT start, data FROM segments WHERE number = :number AND start < :stop AND start >="
    " (SELECT coalesce(max(start), 0) FROM segments WHERE number = :number AND start <= :start) ORDER BY start"
)


def extend(rows: sqlite3.Connection, number: int, length: int, tail: bytes, data: bytes) -> bytes:
    """Return the tail of the stream when ``data`` follows the source of this length, whose tail is ``tail``."""
    longer = tail + data
    if len(longer) < _TAIL_BYTES:
        return longer
    last = rows.execute(
        "SELECT start, data FROM segments WHERE number = ? ORDER BY start DESC LIMIT 1", (number,)
    ).fetchone()
    if last is not None and len(last[1]) + len(longer) <= _SEGMENT_BYTES:
        rows.execute("UPDATE segments SET data = ? WHERE number = ? AND start = ?", (last[1] + longer, number, last[0]))
    else:
        rows.execute("INSERT INTO segments VALUES (?, ?, ?)", (number, length - len(tail), longer))
    return b""


def read(rows: sqlite3.Connection, number: int, length: int, tail: bytes, start: int, stop: int) -> bytes:  # noqa: PLR0913, PLR0917 - a row and a range
    """Return the source from ``start`` to ``stop``."""
    first, parts = length - len(tail), []
    if start < first:
        found = rows.execute(_SEGMENTS, {"number": number, "start": start, "stop": stop}).fetchall()
        first, parts = found[0][0], [data for _, data in found]
    return b"".join((*parts, tail))[start - first : stop - first]

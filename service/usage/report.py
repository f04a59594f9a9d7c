"""Usage reports: the sums of streams, from the spool or from PostgreSQL."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Grouping(StrEnum):
    """The groups of a report."""

    SESSION = "session"
    DAY = "day"
    """The day of the end, in UTC."""
    OUTCOME = "outcome"
    PRINCIPAL = "principal"
    """The subject of the token; empty without authentication."""


class Line(NamedTuple):
    """The streams of one group. The parts of a recovered stream count as one, with the outcome of the last part."""

    group: str
    streams: int
    sessions: int
    completed: int
    recovered: int
    content_bytes: int
    """Of the requests, in UTF-8."""
    chunks: int
    bytes: int
    """Sent, in UTF-8."""
    duration_seconds: float
    paused_seconds: float
    processing_seconds: float


class Rows(Protocol):
    """A source of rows, and the SQL expressions in which sources differ."""

    day: str
    """The day of ``ended_at``."""
    since: str
    """The parameter ``since``, in the type of ``ended_at``."""
    session: str
    """The parameter ``session``."""

    def select(self, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]: ...


_QUERY = """
WITH parts AS (
    SELECT *, row_number() OVER (PARTITION BY stream_id ORDER BY takeovers DESC, ended_at DESC) AS place
    FROM usage_streams
    WHERE {conditions}
), streams AS (
    SELECT
        stream_id,
        max(session_id) AS session_id,
        max(subject) AS subject,
        max(CASE WHEN place = 1 THEN outcome END) AS outcome,
        max(CASE WHEN place = 1 THEN ended_at END) AS ended_at,
        max(takeovers) AS takeovers,
        max(content_bytes) AS content_bytes,
        sum(chunks) AS chunks,
        sum(bytes) AS bytes,
        sum(duration_seconds) AS duration_seconds,
        sum(paused_seconds) AS paused_seconds,
        sum(processing_seconds) AS processing_seconds
    FROM parts
    GROUP BY stream_id
)
SELECT
    {group},
    count(*),
    count(DISTINCT session_id),
    sum(CASE WHEN outcome = 'completed' THEN 1 ELSE 0 END),
    sum(CASE WHEN takeovers > 0 THEN 1 ELSE 0 END),
    coalesce(sum(content_bytes), 0),
    sum(chunks),
    sum(bytes),
    sum(duration_seconds),
    sum(paused_seconds),
    coalesce(sum(processing_seconds), 0)
FROM streams
GROUP BY 1
ORDER BY {order}
"""
_ORDER = {
    Grouping.SESSION: "max(ended_at) DESC, 1",
    Grouping.DAY: "1 DESC",
    Grouping.OUTCOME: "2 DESC, 1",
    Grouping.PRINCIPAL: "2 DESC, 1",
}
_GROUP = {
    Grouping.SESSION: "session_id",
    Grouping.OUTCOME: "outcome",
    Grouping.PRINCIPAL: "coalesce(subject, '')",
}


def report(rows: Rows, by: Grouping, *, since: float | None = None, session_id: str | None = None) -> list[Line]:
    """Return a line for each group: the latest first, or the most frequent outcome or principal first.

    With ``since``, in Unix seconds, include only streams of which a part ended then or later.
    """
    conditions = ["1 = 1"]
    if since is not None:
        conditions.append(f"stream_id IN (SELECT stream_id FROM usage_streams WHERE ended_at >= {rows.since})")  # noqa: S608 - a constant
    if session_id is not None:
        conditions.append(f"session_id = {rows.session}")
    query = _QUERY.format(conditions=" AND ".join(conditions), group=_GROUP.get(by, rows.day), order=_ORDER[by])
    return [
        Line(str(name), *map(int, counts[:7]), *map(float, counts[7:]))  # PostgreSQL returns sums as decimals
        for name, *counts in rows.select(query, {"since": since, "session": session_id})
    ]

"""A session as a row."""

import sqlite3
from typing import NamedTuple, Self

from service.session.records import Digest, SessionSnapshot


class StoredSession(NamedTuple):
    """A row of a session."""

    incarnation: str
    requests: int
    ends_at: float
    secret: Digest | None

    @classmethod
    def of(cls, snapshot: SessionSnapshot, now: float) -> Self:
        return cls(snapshot.incarnation, snapshot.requests_used, now + snapshot.seconds_left, snapshot.secret)

    def snapshot(self, session_key: str, now: float, *, created: bool = False) -> SessionSnapshot:
        return SessionSnapshot(
            session_key,
            self.incarnation,
            self.requests,
            self.ends_at - now,
            secret=self.secret,
            created=created,
        )


def find_session(rows: sqlite3.Connection, session_key: str, now: float) -> StoredSession | None:
    """The session, if it has not ended."""
    row = rows.execute(
        "SELECT incarnation, requests, ends_at, secret FROM sessions WHERE session_key = ? AND ends_at > ?",
        (session_key, now),
    ).fetchone()
    return None if row is None else StoredSession(*row)


def put_session(rows: sqlite3.Connection, session_key: str, session: StoredSession) -> None:
    rows.execute(
        "INSERT INTO sessions (session_key, incarnation, requests, ends_at, secret) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET incarnation = excluded.incarnation, requests = excluded.requests,"
        " ends_at = excluded.ends_at, secret = excluded.secret",
        (session_key, *session),
    )

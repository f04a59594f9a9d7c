"""The operations of the session store in SQL. The caller begins and ends the transaction."""
# ruff: noqa: S608 - statements consist of constants of this module

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping

import msgspec

from service.protocol.limits import Limits
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus

_DIGEST_BYTES = 32
_MARGIN = 1.25
"""An active stream is kept for this multiple of its time to live, of which a crash leaves the whole."""
_SWEEP_ROWS = 20
"""Few, as deleted content is overwritten while other work waits."""

_IF_THERE = "WHERE stream_id = :stream_id AND epoch = :epoch AND ends_at > :now"
_OWNERS = f"SELECT owners FROM streams {_IF_THERE}"
_TAKE = f"UPDATE streams SET epoch = epoch + 1, owners = :owners, ends_at = :active {_IF_THERE}"
_MARK_SKIP = f"UPDATE streams SET skip_at = :index, skip_settled = :settled {_IF_THERE}"
_CHANGES = {
    StreamStatus.PAUSED: f"UPDATE streams SET paused = 1 {_IF_THERE}",
    StreamStatus.RESUMED: f"UPDATE streams SET paused = 0 {_IF_THERE}",
    StreamStatus.ENDED: f"UPDATE streams SET counted = 1, ends_at = :ended {_IF_THERE}",
    StreamStatus.ACKNOWLEDGED: f"DELETE FROM streams {_IF_THERE}",
}
_SWEEPS = [
    f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE ends_at <= :now LIMIT :most)"
    for table, key in (
        ("streams", "stream_id"),
        ("claims", "session_id, owner, request_id"),
        ("sessions", "session_id"),
    )
]


class Rows:
    """Sessions, claims and streams as rows. ``clock`` returns wall-clock seconds, shared by all processes."""

    def __init__(self, limits: Limits, resume_ttl_seconds: float, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._ttl = resume_ttl_seconds
        self._clock = clock

    # Sessions

    def open(self, rows: sqlite3.Connection, session_id: str) -> SessionSnapshot:
        now = self._clock()
        session = _find_session(rows, session_id, now)
        if session is None:
            session = (secrets.token_hex(8), 0, now + self._limits.max_session_seconds)
            _put_session(rows, session_id, *session)
        incarnation, requests, ends_at = session
        return SessionSnapshot(session_id, incarnation, requests, ends_at - now)

    def join(self, rows: sqlite3.Connection, snapshot: SessionSnapshot) -> SessionSnapshot:
        now = self._clock()
        session = _find_session(rows, snapshot.session_id, now)
        incarnation, requests, ends_at = session or (snapshot.incarnation, 0, now + snapshot.seconds_left)
        requests += snapshot.requests_used
        _put_session(rows, snapshot.session_id, incarnation, requests, ends_at)
        return SessionSnapshot(snapshot.session_id, incarnation, requests, ends_at - now)

    def admit(
        self, rows: sqlite3.Connection, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None
    ) -> Admission:
        now = self._clock()
        if snapshot.seconds_left <= 0:
            return Admission(admitted=False, requests_used=snapshot.requests_used)
        session = _find_session(rows, snapshot.session_id, now)
        if session is None:
            incarnation, used, ends_at = snapshot.incarnation, snapshot.requests_used, now + snapshot.seconds_left
        else:
            incarnation, used, ends_at = session
            if incarnation == snapshot.incarnation:  # a higher count was reached while this store was unavailable
                used = max(used, snapshot.requests_used)
        repeats, conflicts = _find_claim(rows, snapshot.session_id, claim, now)
        admitted = not conflicts and (repeats is not None or used < self._limits.max_requests)
        if admitted and repeats is None:
            used += 1
        if session != (incarnation, used, ends_at):
            _put_session(rows, snapshot.session_id, incarnation, used, ends_at)
        if admitted and claim is not None:
            # A client may repeat a request with the token of its first attempt any number of times.
            names = {claim.owner, claim.presented} - {None} if repeats is None else {claim.owner}
            rows.executemany(
                "REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (snapshot.session_id, name, claim.request_id, claim.fingerprint, repeats or stream_id, ends_at)
                    for name in names
                ],
            )
        return Admission(admitted, used, repeats, conflicts)

    # Streams

    def put(self, rows: sqlite3.Connection, record: StreamRecord) -> None:
        rows.execute(
            "REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.stream_id,
                record.session_id,
                record.session_incarnation,
                b"".join(record.owners),
                record.content_type,
                record.request_id,
                msgspec.json.encode(record.trace),
                record.processing_seconds,
                record.epoch,
                record.skip_at,
                record.skip_settled,
                record.paused,
                record.counted,
                self._clock() + self._ttl * _MARGIN,
            ),
        )
        rows.execute("INSERT INTO contents VALUES (?, ?)", (record.stream_id, record.plan))

    def get(self, rows: sqlite3.Connection, stream_id: str) -> StreamRecord | None:
        row = rows.execute(
            "SELECT session_id, session_incarnation, owners, content_type, request_id, trace, plan, processing_seconds,"
            " epoch, skip_at, skip_settled, paused, counted"
            " FROM streams JOIN contents USING (stream_id) WHERE stream_id = ? AND ends_at > ?",
            (stream_id, self._clock()),
        ).fetchone()
        if row is None:
            return None
        (
            session_id,
            session_incarnation,
            owners,
            content_type,
            request_id,
            trace,
            plan,
            seconds,
            epoch,
            skip_at,
            *flags,
        ) = row
        return StreamRecord(
            stream_id,
            session_id,
            session_incarnation,
            tuple(owners[at : at + _DIGEST_BYTES] for at in range(0, len(owners), _DIGEST_BYTES)),
            ContentType(content_type),
            request_id,
            msgspec.json.decode(trace, type=Trace),
            plan,
            seconds,
            epoch,
            skip_at,
            *map(bool, flags),
        )

    def acquire(self, rows: sqlite3.Connection, stream_id: str, epoch: int, owner: Digest) -> bool:
        at = self._at(stream_id, epoch)
        row = rows.execute(_OWNERS, at).fetchone()
        if row is None:
            return False
        (owners,) = row
        if all(owners[start : start + _DIGEST_BYTES] != owner for start in range(0, len(owners), _DIGEST_BYTES)):
            owners += owner
        rows.execute(_TAKE, at | {"owners": owners})
        return True

    def mark_skip(self, rows: sqlite3.Connection, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        mark = self._at(stream_id, epoch) | {"index": index, "settled": settled}
        return rows.execute(_MARK_SKIP, mark).rowcount > 0

    def renew_leases(self, rows: sqlite3.Connection, epochs: Mapping[str, int]) -> frozenset[str]:
        now = self._clock()
        of_all = {"epochs": json.dumps(dict(epochs)), "now": now, "soon": now + self._ttl}
        rows.execute(
            "UPDATE streams SET ends_at = :active WHERE ends_at > :now AND ends_at < :soon"
            " AND (stream_id, epoch) IN (SELECT key, value FROM json_each(:epochs))",
            of_all | {"active": now + self._ttl * _MARGIN},
        )
        lost = rows.execute(
            "SELECT stream_id FROM json_each(:epochs) AS one JOIN streams ON stream_id = one.key"
            " WHERE epoch <> one.value AND ends_at > :now",
            of_all,
        )
        return frozenset(stream_id for (stream_id,) in lost)

    def update_status(self, rows: sqlite3.Connection, stream_id: str, epoch: int, status: StreamStatus) -> None:
        rows.execute(_CHANGES[status], self._at(stream_id, epoch))

    # Expiry

    def sweep(self, rows: sqlite3.Connection) -> bool:
        """Delete some expired rows; return whether there may be more."""
        at = {"now": self._clock(), "most": _SWEEP_ROWS}
        return max(rows.execute(statement, at).rowcount for statement in _SWEEPS) == _SWEEP_ROWS

    def _at(self, stream_id: str, epoch: int) -> dict[str, object]:
        now = self._clock()
        return {
            "stream_id": stream_id,
            "epoch": epoch,
            "now": now,
            "ended": now + self._ttl,
            "active": now + self._ttl * _MARGIN,
        }


def _find_session(rows: sqlite3.Connection, session_id: str, now: float) -> tuple[str, int, float] | None:
    """The incarnation, the requests used and the end of the session, if it has not ended."""
    row: tuple[str, int, float] | None = rows.execute(
        "SELECT incarnation, requests, ends_at FROM sessions WHERE session_id = ? AND ends_at > ?", (session_id, now)
    ).fetchone()
    return row


def _put_session(rows: sqlite3.Connection, session_id: str, incarnation: str, requests: int, ends_at: float) -> None:
    rows.execute("REPLACE INTO sessions VALUES (?, ?, ?, ?)", (session_id, incarnation, requests, ends_at))


def _find_claim(rows: sqlite3.Connection, session_id: str, claim: Claim | None, now: float) -> tuple[str | None, bool]:
    """The stream of an equal claim made before, and whether the request id was claimed for other content."""
    if claim is None or claim.presented is None:
        return None, False
    row = rows.execute(
        "SELECT fingerprint, stream_id FROM claims WHERE session_id = ? AND owner = ? AND request_id = ?"
        " AND ends_at > ?",
        (session_id, claim.presented, claim.request_id, now),
    ).fetchone()
    if row is None:
        return None, False
    fingerprint, stream_id = row
    return (stream_id, False) if fingerprint == claim.fingerprint else (None, True)

"""The operations of the session store in SQL. The caller begins and ends the transaction."""
# ruff: noqa: S608 - statements consist of constants of this module

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from service.events import StoreLimit
from service.process.sqlite_file import used_bytes
from service.protocol.limits import Limits
from service.protocol.messages import ContentType
from service.protocol.trace import Trace
from service.session.records import (
    Admission,
    Claim,
    Digest,
    SessionReserved,
    SessionSnapshot,
    StreamRecord,
    StreamStatus,
)
from service.stores.failures import StoreFull
from service.stores.sqlite.stored_session import StoredSession, find_session, put_session
from service.stores.store_limits import (
    CLAIMS_FOR_EACH_REQUEST,
    FREE_PREPARATIONS,
    SHARE,
    STREAM_BYTES,
    StoreLimits,
    StoreSize,
)

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
_SWEEP_SESSIONS, _SWEEP_CLAIMS, _SWEEP_STREAMS = (
    f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE ends_at <= :now LIMIT :most)"
    for table, key in (
        ("sessions", "session_key"),
        ("claims", "session_key, owner, request_id"),
        ("streams", "stream_id"),
    )
)
_SWEEPS = (_SWEEP_STREAMS, _SWEEP_CLAIMS, _SWEEP_SESSIONS)
_FORGET_UNUSED, _FORGET = (
    f"DELETE FROM sessions WHERE session_key IN (SELECT session_key FROM sessions {which} ORDER BY ends_at LIMIT :most)"
    for which in ("WHERE requests = 0", "")
)
_PREPARED_AGAIN = (
    "UPDATE claims SET preparations = preparations + 1 WHERE session_key = ? AND stream_id = ? RETURNING preparations"
)
_HELD = "SELECT total(bytes) FROM streams WHERE session_key = ? AND stream_id <> ?"


class Rows:
    """Sessions, claims and streams as rows. ``clock`` returns wall-clock seconds, shared by all processes."""

    def __init__(
        self,
        limits: Limits,
        store_limits: StoreLimits,
        resume_ttl_seconds: float,
        clock: Callable[[], float],
        *,
        forgets: bool,
    ) -> None:
        """``forgets``: a new session is always stored, in place of the one that ends first if necessary."""
        self._limits = limits
        self._store_limits = store_limits
        self._forgets = forgets
        self._ttl = resume_ttl_seconds
        self._clock = clock

    # Sessions

    def open(
        self, rows: sqlite3.Connection, session_key: str, secret: Digest | None
    ) -> SessionSnapshot | SessionReserved:
        now = self._clock()
        session = find_session(rows, session_key, now)
        if session is None:
            self._make_room(rows, now)
            created = StoredSession(secrets.token_hex(8), 0, now + self._limits.max_session_seconds, secret)
            put_session(rows, session_key, created)
            return created.snapshot(session_key, now, created=True)
        return session.snapshot(session_key, now) if session.secret == secret else SessionReserved()

    def join(self, rows: sqlite3.Connection, snapshot: SessionSnapshot) -> SessionSnapshot:
        now = self._clock()
        session = find_session(rows, snapshot.session_key, now)
        if session is None:
            self._make_room(rows, now)
            session = StoredSession.of(snapshot, now)._replace(requests=0)
        elif session.secret != snapshot.secret:
            return replace(snapshot, shared=False)
        joined = session._replace(requests=session.requests + snapshot.requests_used)
        put_session(rows, snapshot.session_key, joined)
        return joined.snapshot(snapshot.session_key, now)

    def admit(
        self, rows: sqlite3.Connection, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None
    ) -> Admission:
        now = self._clock()
        if snapshot.seconds_left <= 0:
            return Admission(admitted=False, requests_used=snapshot.requests_used)
        session = stored = find_session(rows, snapshot.session_key, now)
        if session is None:
            session = StoredSession.of(snapshot, now)
        elif session.secret != snapshot.secret:
            return Admission.without_store(snapshot, self._limits.max_requests)
        elif session.incarnation == snapshot.incarnation:  # a higher count was reached without this store
            session = session._replace(requests=max(session.requests, snapshot.requests_used))
        repeats, conflicts, preparations = _find_claim(rows, snapshot.session_key, claim, now)
        admitted = not conflicts and (repeats is not None or session.requests < self._limits.max_requests)
        if admitted and repeats is None:
            session = session._replace(requests=session.requests + 1)
        if session != stored:
            put_session(rows, snapshot.session_key, session)
        if admitted and claim is not None:
            # A client may repeat a request with the token of its first attempt any number of times.
            names = {claim.owner, claim.presented} - {None} if repeats is None else {claim.owner}
            if self._has_room_for_claims(rows, snapshot.session_key):
                fixed = (claim.request_id, claim.fingerprint, repeats or stream_id, session.ends_at, preparations)
                rows.executemany(
                    "REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [(snapshot.session_key, name, *fixed) for name in names],
                )
        return Admission(admitted, session.requests, repeats, conflicts)

    def charge_repetition(self, rows: sqlite3.Connection, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        session = find_session(rows, snapshot.session_key, self._clock())
        if session is not None and session.secret != snapshot.secret:
            return Admission.without_store(snapshot, self._limits.max_requests)
        prepared = rows.execute(_PREPARED_AGAIN, (snapshot.session_key, stream_id)).fetchall()
        if prepared and max(prepared)[0] <= FREE_PREPARATIONS:
            return Admission(admitted=True, requests_used=session.requests if session else snapshot.requests_used)
        return self.admit(rows, snapshot, stream_id, None)

    def measure(self, rows: sqlite3.Connection) -> StoreSize:
        [(sessions,)] = rows.execute("SELECT sessions FROM totals")
        return StoreSize(used_bytes(rows), sessions)

    def _make_room(self, rows: sqlite3.Connection, now: float) -> None:
        """Delete sessions, if there are too many, until one more can be stored. Raises ``StoreFull``.

        A session without a request is restored by its connection with the first one.
        """
        most = self._store_limits.max_sessions
        [(sessions,)] = rows.execute("SELECT sessions FROM totals")
        if sessions < most:
            return
        at = {"now": now, "most": sessions - most + 1}
        for statement in (_SWEEP_SESSIONS, _FORGET_UNUSED, *([_FORGET] if self._forgets else [])):
            at["most"] -= rows.execute(statement, at).rowcount
            if at["most"] <= 0:
                return
        raise StoreFull(StoreLimit.SESSIONS)

    def _has_room_for_claims(self, rows: sqlite3.Connection, session_key: str) -> bool:
        most = CLAIMS_FOR_EACH_REQUEST * self._limits.max_requests
        [(claims,)] = rows.execute("SELECT count(*) FROM claims WHERE session_key = ?", (session_key,))
        return bool(claims < most and used_bytes(rows) < self._store_limits.max_bytes)

    # Streams

    def put(self, rows: sqlite3.Connection, record: StreamRecord) -> None:
        """Raises ``StoreFull``."""
        size = STREAM_BYTES + len(record.plan)
        [(held,)] = rows.execute(_HELD, (record.session_key, record.stream_id))
        if held + size > (self._store_limits.max_bytes - used_bytes(rows)) / SHARE:
            raise StoreFull(StoreLimit.BYTES)
        rows.execute(
            "REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.stream_id,
                record.session_key,
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
                size,
            ),
        )
        rows.execute("INSERT INTO contents VALUES (?, ?)", (record.stream_id, record.plan))

    def get(self, rows: sqlite3.Connection, stream_id: str) -> StreamRecord | None:
        row = rows.execute(
            "SELECT session_key, session_incarnation, owners, content_type, request_id, trace, plan,"
            " processing_seconds, epoch, skip_at, skip_settled, paused, counted"
            " FROM streams JOIN contents USING (stream_id) WHERE stream_id = ? AND ends_at > ?",
            (stream_id, self._clock()),
        ).fetchone()
        if row is None:
            return None
        (
            session_key,
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
            session_key,
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


def _find_claim(
    rows: sqlite3.Connection, session_key: str, claim: Claim | None, now: float
) -> tuple[str | None, bool, int]:
    """The stream of an equal claim made before, whether the request id was claimed for other content, preparations."""
    if claim is None or claim.presented is None:
        return None, False, 0
    row = rows.execute(
        "SELECT fingerprint, stream_id, preparations FROM claims WHERE session_key = ? AND owner = ? AND request_id = ?"
        " AND ends_at > ?",
        (session_key, claim.presented, claim.request_id, now),
    ).fetchone()
    if row is None:
        return None, False, 0
    fingerprint, stream_id, preparations = row
    return (stream_id, False, preparations) if fingerprint == claim.fingerprint else (None, True, 0)

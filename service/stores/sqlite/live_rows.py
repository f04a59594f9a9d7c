"""The operations of the store of live streams in SQL. The caller begins and ends the transaction."""
# ruff: noqa: S608 - statements consist of constants of this module

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from service.events import StoreLimit
from service.live.append_rule import Room, StoredStream, decide
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS, adoptable_seconds
from service.live.ports import Appended, AppendResult, Expiry
from service.live.records import Append, LiveRecord, LiveStatus
from service.process.sqlite_file import used_bytes
from service.stores.failures import StoreFull
from service.stores.sqlite import live_source
from service.stores.store_limits import STREAM_BYTES, LiveLimits

_SWEEP_SEGMENTS = 100
"""Few, as deleted content is overwritten while other work waits."""
_MOST_LOST = 500
"""Streams that one call returns; the next one returns others."""

_HEAD = "number, epoch, length, status, heard_at, lost, ended_at, tail"
_FIND = f"SELECT {_HEAD} FROM streams JOIN heads USING (number) WHERE stream_id = ?"
_FIND_CREATED = f"SELECT {_HEAD} FROM streams JOIN heads USING (number) WHERE session_key = ? AND creation_key = ?"
_FIND_OPEN = (
    f"SELECT {_HEAD} FROM streams JOIN heads USING (number) WHERE session_key = ? AND status = 'open' ORDER BY number"
)
_EXTEND = "UPDATE heads SET length = ?, heard_at = ?, tail = ? WHERE number = ?"
_RENEW = "UPDATE heads SET heard_at = ?, lost = 0 WHERE number = ?"
_ADOPT = "UPDATE heads SET heard_at = ?, lost = 0, epoch = epoch + 1 WHERE number = ?"
_END = "UPDATE heads SET status = ?, ended_at = ? WHERE number = ?"
_LOSE = (
    "UPDATE heads SET lost = 1 WHERE number IN"
    f" (SELECT number FROM heads WHERE status = 'open' AND lost = 0 AND heard_at <= :lost LIMIT {_MOST_LOST})"
    f" RETURNING {_HEAD}"
)
_FIND_ABANDONED = f"SELECT {_HEAD} FROM heads WHERE status = 'open' AND lost = 1 AND heard_at <= :abandoned"
_COUNT = (
    "SELECT count(*), coalesce(sum(heard_at <= :stalled AND heard_at > :lost), 0), coalesce(sum(heard_at <= :lost), 0)"
    " FROM heads WHERE status = 'open'"
)


class Head(NamedTuple):
    """A row of what changes of a stream."""

    number: int
    epoch: int
    length: int
    status: LiveStatus
    heard_at: float
    lost: bool
    ended_at: float | None
    tail: bytes

    def read(self, rows: sqlite3.Connection, start: int, stop: int) -> bytes:
        return live_source.read(rows, self.number, self.length, self.tail, start, stop)


class LiveRows:
    """Live streams as rows. ``clock`` returns wall-clock seconds, shared by all processes."""

    def __init__(self, limits: LiveLimits, resume_ttl_seconds: float, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._kept = resume_ttl_seconds
        self._adoptable = adoptable_seconds(resume_ttl_seconds)
        self._clock = clock

    def create(self, rows: sqlite3.Connection, record: LiveRecord) -> LiveRecord:
        """Raises ``StoreFull``."""
        now = self._clock()
        created = (record.session_key, record.creation_key)
        for head in _heads(rows, _FIND_CREATED, created):  # none with a key of None, which equals nothing
            if not self._is_over(kept := self._as_of(head, now), now):
                return _record(rows, kept, now)
            rows.execute("UPDATE streams SET creation_key = NULL WHERE session_key = ? AND creation_key = ?", created)
        if used_bytes(rows) + STREAM_BYTES > self._limits.max_bytes:
            raise StoreFull(StoreLimit.BYTES)
        added = rows.execute(
            "INSERT INTO streams (stream_id, session_key, creation_key, record) VALUES (?, ?, ?, ?)",
            (record.stream_id, *created, msgspec.msgpack.encode(record)),
        )
        head = Head(added.lastrowid or 0, 0, 0, LiveStatus.OPEN, now, lost=False, ended_at=None, tail=b"")
        rows.execute("INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?, ?)", head)
        return _record(rows, head, now)

    def append(self, rows: sqlite3.Connection, appends: Iterable[Append]) -> Sequence[AppendResult]:
        now, results = self._clock(), []
        free = self._limits.max_bytes - used_bytes(rows)
        for append in appends:
            head = self._find(rows, append.stream_id, now)
            room = Room(self._limits.max_length, free)
            if head is None:
                result = decide(None, append, room, lambda _start, _stop: b"")
            else:
                stored = StoredStream(head.epoch, head.length, head.status)
                result = decide(stored, append, room, partial(head.read, rows))
                if isinstance(result, Appended) and head.status is LiveStatus.OPEN:
                    free -= len(result.data)
                    _extend(rows, head, result, now)
            results.append(result)
        return results

    def adopt(self, rows: sqlite3.Connection, stream_id: str) -> LiveRecord | None:
        now = self._clock()
        head = self._find(rows, stream_id, now)
        if head is not None and head.status is LiveStatus.OPEN:
            rows.execute(_ADOPT, (now, head.number))
            head = self._find(rows, stream_id, now)
        return None if head is None else _record(rows, head, now)

    def cancel(self, rows: sqlite3.Connection, stream_id: str) -> LiveRecord | None:
        now = self._clock()
        head = self._find(rows, stream_id, now)
        if head is None or head.status is not LiveStatus.OPEN:
            return None
        rows.execute(_END, (LiveStatus.CANCELLED, now, head.number))
        return _record(rows, head._replace(status=LiveStatus.CANCELLED, ended_at=now), now)

    def get(self, rows: sqlite3.Connection, stream_id: str) -> LiveRecord | None:
        now = self._clock()
        head = self._find(rows, stream_id, now)
        return None if head is None else _record(rows, head, now)

    def read(self, rows: sqlite3.Connection, stream_id: str, start: int) -> bytes:
        head = self._find(rows, stream_id, self._clock())
        return b"" if head is None else head.read(rows, start, head.length)

    def open_streams(self, rows: sqlite3.Connection, session_key: str) -> Sequence[LiveRecord]:
        now = self._clock()
        found = [self._as_of(head, now) for head in _heads(rows, _FIND_OPEN, (session_key,))]
        return [_record(rows, head, now) for head in found if head.status is LiveStatus.OPEN]

    def expire(self, rows: sqlite3.Connection) -> Expiry:
        now = self._clock()
        at = {"stalled": now - STALLED_SECONDS, "lost": now - LEASE_SECONDS, "abandoned": now - self._adoptable}
        lost = [self._as_of(head, now) for head in _heads(rows, _LOSE, at)]
        abandoned = [self._as_of(head, now) for head in _heads(rows, _FIND_ABANDONED, at)]
        for head in abandoned:
            rows.execute(_END, (head.status, head.ended_at, head.number))
        [counts] = rows.execute(_COUNT, at)
        return Expiry(
            [_record(rows, head, now) for head in lost], [_record(rows, head, now) for head in abandoned], *counts
        )

    def sweep(self, rows: sqlite3.Connection) -> bool:
        """Delete some of a stream whose time is over; return whether there may be more."""
        over = self._clock() - self._kept
        ended = rows.execute("SELECT number FROM heads WHERE ended_at <= ? LIMIT 1", (over,)).fetchone()
        if ended is None:
            return False
        deleted = rows.execute(
            "DELETE FROM segments WHERE number = :number AND start IN"
            " (SELECT start FROM segments WHERE number = :number LIMIT :most)",
            {"number": ended[0], "most": _SWEEP_SEGMENTS},
        )
        if deleted.rowcount < _SWEEP_SEGMENTS:
            for table in ("heads", "streams"):
                rows.execute(f"DELETE FROM {table} WHERE number = ?", ended)
        return True

    def _find(self, rows: sqlite3.Connection, stream_id: str, now: float) -> Head | None:
        found = [self._as_of(head, now) for head in _heads(rows, _FIND, (stream_id,))]
        return found[0] if found and not self._is_over(found[0], now) else None

    def _as_of(self, head: Head, now: float) -> Head:
        """Return the head as it is now, also if ``expire`` was not called for a while."""
        if head.status is LiveStatus.OPEN and head.heard_at + self._adoptable <= now:
            return head._replace(status=LiveStatus.ERROR, ended_at=head.heard_at + self._adoptable)
        return head

    def _is_over(self, head: Head, now: float) -> bool:
        """Whether the stream is to be deleted."""
        return head.ended_at is not None and head.ended_at + self._kept <= now


def _heads(rows: sqlite3.Connection, statement: str, parameters: Any) -> list[Head]:  # noqa: ANN401 - those of sqlite3
    found = rows.execute(statement, parameters)
    return [Head(number, epoch, length, LiveStatus(status), *rest) for number, epoch, length, status, *rest in found]


def _extend(rows: sqlite3.Connection, head: Head, appended: Appended, now: float) -> None:
    tail = live_source.extend(rows, head.number, head.length, head.tail, appended.data)
    rows.execute(_EXTEND, (appended.length, now, tail, head.number))
    # Apart, as an index contains these columns.
    if head.lost:
        rows.execute(_RENEW, (now, head.number))
    if appended.status is not LiveStatus.OPEN:
        rows.execute(_END, (appended.status, now, head.number))


def _record(rows: sqlite3.Connection, head: Head, now: float) -> LiveRecord:
    [(created,)] = rows.execute("SELECT record FROM streams WHERE number = ?", (head.number,))
    return replace(
        msgspec.msgpack.decode(created, type=LiveRecord),
        epoch=head.epoch,
        length=head.length,
        status=head.status,
        silent_seconds=max(0.0, now - head.heard_at),
    )

"""The operations of the access store in SQL. The caller begins and ends the transaction."""
# ruff: noqa: S608 - statements consist of constants of this module

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from service.access.api_key import KEY_ISSUER, ApiKey
from service.access.quota import Charge, QuotaExceeded, excess, used_until
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS, Revocation

_SWEEP_ROWS = 100
_SWEEPS = tuple(
    f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {end} <= :now LIMIT :most)"
    for table, key, end in (("revocations", "sequence", "ends_at"), ("quotas", "key", "used_until"))
)
_COLUMNS = "key_id, digest, name, space, scopes, sessions, created_at, expires_at, revoked_at"


class AccessRows:
    """Keys, revocations and quotas as rows. ``clock`` returns microseconds since the epoch, shared by all processes."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock

    # Keys

    def add_key(self, rows: sqlite3.Connection, key: ApiKey) -> None:
        scopes, sessions = (msgspec.json.encode(texts).decode() for texts in (key.scopes, key.sessions))
        values = (key.key_id, key.digest, key.name, key.space, scopes, sessions, key.created_at, key.expires_at)
        rows.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, key.revoked_at))

    def find_key(self, rows: sqlite3.Connection, digest: bytes) -> ApiKey | None:
        row = rows.execute(f"SELECT {_COLUMNS} FROM keys WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else _key(row)

    def keys(self, rows: sqlite3.Connection) -> Sequence[ApiKey]:
        return [_key(row) for row in rows.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at, key_id")]

    def revoke_key(self, rows: sqlite3.Connection, key_id: str, now: float) -> bool:
        marked = rows.execute("UPDATE keys SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL", (now, key_id))
        if marked.rowcount == 0:
            return False
        self.revoke(rows, Revocation(0, KEY_ISSUER, key_id, "", now), KEY_REVOCATION_KEPT_SECONDS)
        return True

    # Revocations

    def revoke(self, rows: sqlite3.Connection, revocation: Revocation, kept_seconds: float) -> int:
        """The sequence continues with the clock, so that it ascends even if the file is removed."""
        now = self._clock()
        [(last,)] = rows.execute("SELECT coalesce(max(sequence), 0) FROM revocations")
        sequence: int = max(now, last + 1)
        _, *fixed = msgspec.structs.astuple(revocation)
        rows.execute(
            "INSERT INTO revocations VALUES (?, ?, ?, ?, ?, ?)", (sequence, *fixed, now + round(kept_seconds * 1e6))
        )
        return sequence

    def revocations(self, rows: sqlite3.Connection, after: int) -> Sequence[Revocation]:
        found = rows.execute(
            "SELECT sequence, issuer, token_id, subject, before FROM revocations WHERE sequence > ? AND ends_at > ?"
            " ORDER BY sequence",
            (after, self._clock()),
        )
        return [Revocation(*row) for row in found]

    # Quotas

    def charge(self, rows: sqlite3.Connection, charges: Sequence[Charge]) -> QuotaExceeded | None:
        now = self._clock()
        used: dict[str, int] = {}
        for charge in charges:
            after = used_until(charge, used.get(charge.key) or _used_until(rows, charge), now)
            if wait := excess(charge, after, now):
                return QuotaExceeded(charge.kind, charge.owner, wait / 1e6)
            used[charge.key] = after
        rows.executemany(
            "REPLACE INTO quotas VALUES (?, ?)", [(key, after) for key, after in used.items() if after > now]
        )
        return None

    def debit(self, rows: sqlite3.Connection, charges: Sequence[Charge]) -> None:
        now = self._clock()
        for charge in charges:
            after = used_until(charge, _used_until(rows, charge), now)
            rows.execute("REPLACE INTO quotas VALUES (?, ?)", (charge.key, after))

    # Expiry

    def sweep(self, rows: sqlite3.Connection) -> bool:
        """Delete some revocations and quotas without effect; return whether there may be more."""
        at = {"now": self._clock(), "most": _SWEEP_ROWS}
        return max(rows.execute(statement, at).rowcount for statement in _SWEEPS) == _SWEEP_ROWS


def _key(row: Sequence[Any]) -> ApiKey:
    key_id, digest, name, space, *texts, created_at, expires_at, revoked_at = row
    scopes, sessions = (msgspec.json.decode(text, type=tuple[str, ...]) for text in texts)
    return ApiKey(key_id, digest, name, space, scopes, sessions, created_at, expires_at, revoked_at)


def _used_until(rows: sqlite3.Connection, charge: Charge) -> int:
    row = rows.execute("SELECT used_until FROM quotas WHERE key = ?", (charge.key,)).fetchone()
    return 0 if row is None else row[0]

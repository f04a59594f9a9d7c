"""The schema of the file with keys, revocations and quotas. Times of keys are epoch seconds, others microseconds."""

from service.stores.sqlite.schema import Schema

_SCHEMA = """
CREATE TABLE keys (
    key_id TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    space TEXT NOT NULL,
    scopes TEXT NOT NULL,
    sessions TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL,
    revoked_at REAL
) WITHOUT ROWID;

CREATE TABLE revocations (
    sequence INTEGER PRIMARY KEY,
    issuer TEXT NOT NULL,
    token_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    before REAL NOT NULL,
    ends_at INTEGER NOT NULL
);
CREATE INDEX revocations_by_end ON revocations (ends_at);

CREATE TABLE quotas (
    key TEXT PRIMARY KEY,
    used_until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX quotas_by_use ON quotas (used_until);
"""

ACCESS_SCHEMA = Schema((_SCHEMA,))

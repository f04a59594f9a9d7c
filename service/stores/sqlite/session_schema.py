"""The schema of the file with sessions."""

from service.stores.sqlite.schema import Schema
from service.stores.store_limits import STREAM_BYTES

_SCHEMA = """
CREATE TABLE sessions (
    session_key TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    requests INTEGER NOT NULL,
    ends_at REAL NOT NULL,
    secret BLOB
) WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE claims (
    session_key TEXT NOT NULL,
    owner BLOB NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    stream_id TEXT NOT NULL,
    ends_at REAL NOT NULL,
    preparations INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_key, owner, request_id)
) WITHOUT ROWID;
CREATE INDEX claims_by_end ON claims (ends_at);

CREATE TABLE streams (
    stream_id TEXT PRIMARY KEY,
    session_key TEXT NOT NULL,
    session_incarnation TEXT NOT NULL,
    owners BLOB NOT NULL,
    content_type TEXT NOT NULL,
    request_id TEXT,
    trace BLOB NOT NULL,
    processing_seconds REAL NOT NULL,
    epoch INTEGER NOT NULL,
    skip_at INTEGER,
    skip_settled INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    ends_at REAL NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX streams_by_end ON streams (ends_at);

-- Separate from streams, where each change of status would write it again.
CREATE TABLE contents (
    stream_id TEXT PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    plan BLOB NOT NULL
);
"""

_TOTALS = """
CREATE INDEX streams_by_session ON streams (session_key, bytes);
CREATE INDEX unused_sessions ON sessions (ends_at) WHERE requests = 0;

-- The number of rows, which SQLite would have to count.
CREATE TABLE totals (sessions INTEGER NOT NULL);
INSERT INTO totals SELECT count(*) FROM sessions;
CREATE TRIGGER session_added AFTER INSERT ON sessions BEGIN
    UPDATE totals SET sessions = sessions + 1;
END;
CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN
    UPDATE totals SET sessions = sessions - 1;
END;
"""

_UPGRADE_FROM_1 = """
ALTER TABLE sessions RENAME COLUMN epoch TO incarnation;
ALTER TABLE streams RENAME COLUMN session_epoch TO session_incarnation;
"""

_UPGRADE_FROM_2 = f"""
ALTER TABLE claims ADD COLUMN preparations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE streams SET bytes = {STREAM_BYTES} + (SELECT length(plan) FROM contents WHERE stream_id = streams.stream_id);
"""  # noqa: S608 - of constants of this module

_UPGRADE_FROM_3 = """
ALTER TABLE sessions RENAME COLUMN session_id TO session_key;
ALTER TABLE sessions ADD COLUMN secret BLOB;
ALTER TABLE claims RENAME COLUMN session_id TO session_key;
ALTER TABLE streams RENAME COLUMN session_id TO session_key;
"""

SESSION_SCHEMA = Schema(
    (
        _SCHEMA + _TOTALS,
        _UPGRADE_FROM_1 + _UPGRADE_FROM_2 + _UPGRADE_FROM_3 + _TOTALS,
        _UPGRADE_FROM_2 + _UPGRADE_FROM_3 + _TOTALS,
        _UPGRADE_FROM_3,
    )
)

"""The schema of the file with live streams. Times are epoch seconds.

The end of a source is in the row that each append changes anyway, the ``tail``; when that is long enough, it becomes
part of a segment. So a transaction with appends of many streams writes few pages, and no rows of single appends are
left to be merged.
"""

from service.stores.sqlite.schema import Schema

_SCHEMA = """
-- What never changes: in a table of its own, as it would fill the pages that each append writes.
CREATE TABLE streams (
    number INTEGER PRIMARY KEY,
    stream_id TEXT NOT NULL UNIQUE,
    session_key TEXT NOT NULL,
    creation_key BLOB,
    record BLOB NOT NULL,
    UNIQUE (session_key, creation_key)
);

CREATE TABLE heads (
    number INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    length INTEGER NOT NULL,
    status TEXT NOT NULL,
    heard_at REAL NOT NULL,
    lost INTEGER NOT NULL,
    ended_at REAL,
    tail BLOB NOT NULL
);
CREATE INDEX open_heads ON heads (lost) WHERE status = 'open';
CREATE INDEX ended_heads ON heads (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE segments (
    number INTEGER NOT NULL,
    start INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (number, start)
) WITHOUT ROWID;
"""

LIVE_SCHEMA = Schema((_SCHEMA,))

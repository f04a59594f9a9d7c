"""How much a store keeps, and which part of it one session may use."""

from msgspec import Struct

SHARE = 4
"""A session may use this fraction (1/4) of the bytes that are free, and no more.

So the free bytes of a store are shared evenly by those who use most of them, and a part of the store always stays free
for a session that uses little: with 100 sessions that store as much as they can, each has 1/104 of the store, 4/104 are
free, and a new session gets 1/104.
"""
STREAM_BYTES = 500
"""What a store needs for a stream, besides its plan."""
SESSION_BYTES = 300
CLAIMS_FOR_EACH_REQUEST = 4
"""A session has at most this number of claims for each request that it may make; a repetition that makes more of them
is served, but cannot be repeated with its own token."""
FREE_PREPARATIONS = 2
"""The number of times that a repeated request is prepared again before that counts as a request."""


class StoreLimits(Struct, frozen=True):
    """``max_bytes`` are those of the file, or of the sessions and streams in Redis."""

    max_bytes: int = 2**30
    max_sessions: int = 250_000


class LiveLimits(Struct, frozen=True):
    """How much a store of live streams keeps."""

    max_length: int = 2**20
    """Of the source of a stream."""
    max_bytes: int = 2**30
    """Of the file, or in Redis of the sources and ``STREAM_BYTES`` for each stream."""


class StoreSize(Struct, frozen=True):
    """What a store holds."""

    bytes: int
    sessions: int

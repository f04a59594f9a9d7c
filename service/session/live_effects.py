"""The operations on live streams that the session machine requests, and their results; part of ``session.effects``."""

from collections.abc import Sequence

from msgspec import Struct

from service.session.live_ports import LiveReading, WatchTarget

LIST_TICKET = -1
"""Of the one call for the open streams of the session; those of streams are greater than 0."""


class ListLive(Struct, frozen=True):
    """Find the open live streams of the session. Result: ``LiveListed`` or ``StoreFailed``."""

    ticket: int
    session_key: str


class AttachLive(Struct, frozen=True):
    """Attach a reader, with ``LiveStreams.attach``. Result: ``LiveAttached``, ``LiveUnknown`` or ``StoreFailed``."""

    ticket: int
    target: WatchTarget


class DetachLive(Struct, frozen=True):
    """End a reading, with ``LiveStreams.detach``. It has no result."""

    reading: LiveReading


class CancelLive(Struct, frozen=True):
    """Cancel a live stream for all, with ``LiveStreams.cancel``. It has no result, and outlives the connection."""

    stream_id: str


class LiveListed(Struct, frozen=True):
    ticket: int
    stream_ids: Sequence[str]
    """The oldest first."""


class LiveAttached(Struct, frozen=True):
    ticket: int
    reading: LiveReading


class LiveUnknown(Struct, frozen=True):
    """The session has no such stream."""

    ticket: int

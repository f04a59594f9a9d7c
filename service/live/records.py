"""What a store of live streams takes and returns."""

from enum import Enum

from msgspec import Struct

from service.protocol.fields import DescribedEnum
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.trace import Trace


class LiveStatus(DescribedEnum):
    """Whether a live stream has ended, and how. All but ``open`` are final."""

    OPEN = "open", "its producer may append"
    COMPLETE = "complete", "its producer closed it"
    ERROR = "error", "its producer closed it after an error, or was lost and no other one adopted the stream"
    CANCELLED = "cancelled", "a reader or the producer cancelled it"


class LiveState(Enum):
    """What readers see of the producer of a stream."""

    OPEN = "open"
    STALLED = "stalled"
    """It was not heard of for ``STALLED_SECONDS``."""
    INTERRUPTED = "interrupted"
    """Its lease is over; another producer may adopt the stream."""
    COMPLETE = "complete"
    ERROR = "error"
    CANCELLED = "cancelled"


class LiveRecord(Struct, frozen=True):
    """A live stream without its source."""

    stream_id: str
    session_key: str
    """As ``live_key`` of ``service.access.session_key`` makes it."""
    session_id: str
    space: str
    content_type: ContentType
    speed: Speed
    chunk_by: ChunkBy
    trace: Trace
    request_id: str | None = None
    creation_key: bytes | None = None
    """SHA-256 of the producer and its ``Idempotency-Key``: the same one in the same session is the same stream."""
    epoch: int = 0
    """The number of times that it was adopted. Appends of another epoch are fenced off."""
    length: int = 0
    """Bytes of the source that are stored: the offset of the next one."""
    status: LiveStatus = LiveStatus.OPEN
    silent_seconds: float = 0.0
    """Since its producer was heard of, by the clock of the store."""
    created_at: float = 0.0
    """In Unix seconds, by the process that created it."""
    subject: str = ""
    """Of the principal that created it; empty without authentication."""


class Append(Struct, frozen=True):
    """Bytes of the source of one stream at an offset, from its producer at an epoch; perhaps the last ones."""

    stream_id: str
    epoch: int
    offset: int
    data: bytes
    """Any part of UTF-8: a character may be split between two appends."""
    ends: LiveStatus | None = None
    """The final status, stored atomically with the data."""
    digest: bytes | None = None
    """SHA-256 of the whole source, checked before the end is stored."""

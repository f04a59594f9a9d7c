"""Events of requests and their streams."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.content.html.removal import Removal
from service.content.stage import Stage, StageTime
from service.events.stream_times import StreamTimes
from service.protocol.errors import ErrorCode
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, RefusalReason, Speed
from service.protocol.trace import Trace


class Outcome(StrEnum):
    """How a request ended."""

    COMPLETED = "completed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    DISCONNECTED = "disconnected"
    SLOW_CLIENT = "slow_client"
    """Its connection was closed because the client did not read for ``CHUNK_TIMEOUT``."""
    REJECTED = "rejected"
    ERROR = "error"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"
    TAKEN_OVER = "taken_over"
    """Another connection recovered the stream and continues it."""


class RequestRejected(Struct, frozen=True):
    """A request ended before it was admitted."""

    connection_id: str
    session_id: str
    content_type: ContentType | None
    """``None`` if the message could not be decoded."""
    code: ErrorCode
    outcome: Outcome
    """``rejected``, or ``error`` after an error of the service."""


class RequestAdmitted(Struct, frozen=True):
    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    speed: Speed
    chunk_by: ChunkBy
    html_mode: HtmlMode
    has_request_id: bool
    content_bytes: int
    number: int
    """The ordinal number of the request in its session, from 1."""
    times: StreamTimes
    subject: str = ""
    """Of the principal; empty without authentication."""


class RateLimitApproached(Struct, frozen=True):
    session_id: str
    used: int
    limit: int


class RateLimitHit(Struct, frozen=True):
    session_id: str
    limit: int


class StreamStarted(Struct, frozen=True):
    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    complexity: Complexity
    speed: Speed
    adaptive: bool
    word_count: int
    removed: Mapping[Removal, int]
    """What sanitising removed; only kinds with a count of at least 1."""
    chunks: int
    times: StreamTimes
    processing_seconds: float
    stages: tuple[StageTime, ...]
    paused: bool
    """Whether the client paused it before it started."""


class FallbackUsed(Struct, frozen=True):
    """A stage of preparation failed, and the plan was made without it."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    stage: Stage


class FirstChunkSent(Struct, frozen=True):
    stream_id: str
    trace: Trace
    content_type: ContentType
    seconds: float
    """Since the arrival of the request, without the wait for earlier requests and without pauses."""


class ChunkSent(Struct, frozen=True):
    """A chunk was sent; recorded with ``LOG_CONTENT`` only, for the log."""

    stream_id: str
    trace: Trace
    index: int
    data: str
    """The content of the client."""


class StreamRecovered(Struct, frozen=True):
    """A stream continues on another connection, and is active from now on."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    next_index: int
    chunks: int
    """Of the whole plan."""
    takeovers: int
    """The epoch of the stream."""
    repeated: bool
    """Whether a repeated request recovered it, from the first chunk; if not, a ``recover`` did."""
    times: StreamTimes
    paused: bool


class RecoveryRefused(Struct, frozen=True):
    connection_id: str
    session_id: str
    stream_id: str
    """As the client sent it: only for log lines at DEBUG, as it may be any string."""
    reason: RefusalReason


class StreamPauseChanged(Struct, frozen=True):
    """A started stream was paused or resumed."""

    session_id: str
    stream_id: str
    trace: Trace
    paused: bool


class StreamSkipRequested(Struct, frozen=True):
    """The client skipped a stream: the remaining chunks are due at once."""

    session_id: str
    stream_id: str
    """Empty if the request is not admitted yet; ``trace`` is ``None`` then."""
    trace: Trace | None


class StreamEnded(Struct, frozen=True):
    """An admitted request reached its only end."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    outcome: Outcome
    paused: bool
    chunks: int
    """Sent on this connection, as are ``bytes``."""
    bytes: int
    paused_seconds: float
    times: StreamTimes
    counted: bool = False
    """Whether an earlier end of the same stream was counted."""
    resumable: bool = False
    error: ErrorCode | None = None
    processing_seconds: float | None = None
    """Of a failed preparation, as are ``stages``. ``StreamStarted`` has those of a successful one."""
    stages: tuple[StageTime, ...] = ()
    subject: str = ""
    """Of the principal; empty without authentication."""


class ClientReported(Struct, frozen=True):
    """A client reported what it measured of a stream that had ended: a claim, of a stream that existed."""

    session_id: str
    stream_id: str
    trace: Trace
    first_chunk_seconds: float | None
    """From its request, or from the end of the stream before; ``None`` if it received no chunk."""
    gap_seconds: float | None
    """The longest between two chunks, without pauses; ``None`` if it received fewer than two."""
    breaks: int
    """Lost connections during the stream."""


class CacheTier(StrEnum):
    """Where a plan was looked up."""

    MEMORY = "memory"
    SHARED = "shared"


class CacheQueried(Struct, frozen=True):
    """A plan was looked up by content, options and version."""

    tier: CacheTier
    hit: bool


class UsageDropped(Struct, frozen=True):
    """Usage rows were lost, because neither the queue nor the spool could take them."""

    rows: int

"""What happened to a request and its stream."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.content.removal import Removal
from service.content.stage import Stage, StageTime
from service.protocol.errors import ErrorCode
from service.protocol.messages import (
    Complexity,
    ContentType,
    RefusalReason,
    Speed,
    StreamRequest,
)
from service.protocol.trace import Trace


class Outcome(StrEnum):
    """How a request ended."""

    COMPLETED = "completed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    DISCONNECTED = "disconnected"
    REJECTED = "rejected"
    ERROR = "error"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"
    TAKEN_OVER = "taken_over"
    """Another connection has recovered the stream, and goes on with it."""


class RequestRejected(Struct, frozen=True):
    """A request ended before it was admitted: refused by its form, the queue or the limit, or by a fault of ours."""

    connection_id: str
    session_id: str
    content_type: ContentType
    code: ErrorCode
    outcome: Outcome
    """``rejected``, or ``error`` if the fault was ours."""


class RequestAdmitted(Struct, frozen=True):
    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    request: StreamRequest
    content_bytes: int
    number: int
    """The how-many-eth request of its session."""
    validation_seconds: float
    """From its arrival to the question to the store."""
    rate_limit_seconds: float
    """How long the store took to answer."""


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
    """What sanitising took out; only kinds of which there was one."""
    chunks: int
    queued_seconds: float
    """From admission until it left the line."""
    processing_seconds: float
    stages: tuple[StageTime, ...]
    paused: bool
    """Whether it was paused before it began."""


class FallbackUsed(Struct, frozen=True):
    """A stage of a stream's content work failed, and what is streamed was made without it."""

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
    """Since the request left the queue, without the time that its client kept the stream paused."""


class StreamRecovered(Struct, frozen=True):
    """A stream that broke off goes on, on another connection; it is under way from now on."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    next_index: int
    chunks: int
    """Of the plan."""
    takeovers: int
    """How often it was taken over by now."""
    repeated: bool
    """Whether the request came again, and it begins anew; if not, the client asked to go on."""
    waited_seconds: float
    """Since the client asked."""
    paused: bool


class RecoveryRefused(Struct, frozen=True):
    connection_id: str
    session_id: str
    stream_id: str
    """As the client named it: for lines at DEBUG, as it is the client's word."""
    reason: RefusalReason


class StreamPauseChanged(Struct, frozen=True):
    """A stream that has started was paused, or resumed."""

    session_id: str
    stream_id: str
    trace: Trace
    paused: bool


class StreamSkipRequested(Struct, frozen=True):
    """All that is left of a stream is to be sent at once."""

    session_id: str
    stream_id: str
    """Empty if the request is not admitted yet; it has no trace then either."""
    trace: Trace | None


class StreamEnded(Struct, frozen=True):
    """An admitted request came to its one end; ``started`` says whether it had got as far as ``stream_start``."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    outcome: Outcome
    started: bool
    paused: bool
    chunks: int
    bytes: int
    duration_seconds: float
    paused_seconds: float
    counted: bool = False
    """Whether its request was counted already, where it broke off."""
    resumable: bool = False
    error: ErrorCode | None = None
    processing_seconds: float | None = None
    """Of content work that came to nothing, as are the stages. What came to a plan, ``StreamStarted`` has told."""
    stages: tuple[StageTime, ...] = ()


class CacheTier(StrEnum):
    """Where a plan was looked for."""

    MEMORY = "memory"
    SHARED = "shared"


class CacheAsked(Struct, frozen=True):
    """Whether content had been worked on before, under the same options and version."""

    tier: CacheTier
    hit: bool


class UsageDropped(Struct, frozen=True):
    """Usage rows that neither the queue nor the file could take."""

    rows: int

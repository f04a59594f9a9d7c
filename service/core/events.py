"""What happened, in the past tense: the vocabulary of observability.

The machine returns events, the transport adds its own, one recorder gets them all. Ids are for logs and spans;
only enums and bools may become metric labels. Durations are in seconds, sizes in UTF-8 bytes. Content never is.
"""

from enum import StrEnum

from msgspec import Struct

from service.core.errors import ErrorCode
from service.core.messages import Complexity, ContentType, Speed


class AttemptOutcome(StrEnum):
    """How a handshake ended. ``error`` and ``refused_capacity`` are connection failures; the rest clients cause."""

    ACCEPTED = "accepted"
    REFUSED_SESSION = "refused_session"
    REFUSED_CAPACITY = "refused_capacity"
    REFUSED_ORIGIN = "refused_origin"
    REFUSED_DRAINING = "refused_draining"
    ERROR = "error"


class CloseReason(StrEnum):
    """Why a connection ended."""

    CLIENT = "client"
    IDLE_TIMEOUT = "idle_timeout"
    SESSION_TIMEOUT = "session_timeout"
    SLOW_CLIENT = "slow_client"
    ERROR = "error"
    SHUTDOWN = "shutdown"
    ABNORMAL = "abnormal"
    """The peer vanished or broke the WebSocket protocol."""


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


class ConnectionAttempted(Struct, frozen=True):
    outcome: AttemptOutcome
    session_id: str = ""


class ConnectionOpened(Struct, frozen=True):
    connection_id: str
    session_id: str
    requests_used: int


class ConnectionClosed(Struct, frozen=True):
    connection_id: str
    session_id: str
    reason: CloseReason
    code: int
    duration_seconds: float
    requests: int
    """Requests admitted on this connection."""


class ErrorAnswered(Struct, frozen=True):
    """A client was told of an error, whichever it was."""

    connection_id: str
    session_id: str
    code: ErrorCode
    message: str
    stream_id: str | None = None


class RequestRejected(Struct, frozen=True):
    """A request was refused when it arrived: by its form, the queue or the limit."""

    connection_id: str
    session_id: str
    content_type: ContentType
    code: ErrorCode


class RequestAdmitted(Struct, frozen=True):
    connection_id: str
    session_id: str
    stream_id: str
    trace_id: str
    content_type: ContentType
    content_bytes: int
    number: int
    """The how-many-eth request of its session."""


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
    trace_id: str
    content_type: ContentType
    complexity: Complexity
    speed: Speed
    adaptive: bool
    word_count: int
    chunks: int
    processing_seconds: float
    paused: bool
    """Whether it was paused before it began."""


class FirstChunkSent(Struct, frozen=True):
    stream_id: str
    trace_id: str
    content_type: ContentType
    seconds: float
    """Since the request left the queue."""


class StreamPauseChanged(Struct, frozen=True):
    """A stream that has started was paused, or resumed."""

    session_id: str
    stream_id: str
    paused: bool


class StreamEnded(Struct, frozen=True):
    """An admitted request came to its one end; ``started`` says whether it had got as far as ``stream_start``."""

    connection_id: str
    session_id: str
    stream_id: str
    trace_id: str
    content_type: ContentType
    outcome: Outcome
    started: bool
    paused: bool
    chunks: int
    bytes: int
    duration_seconds: float
    paused_seconds: float
    error: ErrorCode | None = None


class BackpressureApplied(Struct, frozen=True):
    """A client's socket was full; chunks wait for it."""

    connection_id: str
    session_id: str


class Swept(Struct, frozen=True):
    """The ticker woke all that was due."""

    woken: int
    worst_lag_seconds: float


class FaultRaised(Struct, frozen=True):
    """An exception that should not have been: ours to mend. ``error_id`` is what the client was told."""

    error_id: str
    where: str
    exception: BaseException
    session_id: str = ""
    stream_id: str = ""


class ServerStarted(Struct, frozen=True):
    version: str
    settings: dict[str, str]
    """Effective settings, secrets masked."""


class ServerListening(Struct, frozen=True):
    host: str
    port: int


class DrainBegan(Struct, frozen=True):
    connections: int


class DrainEnded(Struct, frozen=True):
    seconds: float
    cut: int
    """Connections that were closed although a stream of theirs was not over."""


Event = (
    ConnectionAttempted
    | ConnectionOpened
    | ConnectionClosed
    | ErrorAnswered
    | RequestRejected
    | RequestAdmitted
    | RateLimitApproached
    | RateLimitHit
    | StreamStarted
    | FirstChunkSent
    | StreamPauseChanged
    | StreamEnded
    | BackpressureApplied
    | Swept
    | FaultRaised
    | ServerStarted
    | ServerListening
    | DrainBegan
    | DrainEnded
)

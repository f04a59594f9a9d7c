"""What happened, in the past tense: the vocabulary of observability.

The machine returns events, the transport adds its own, one recorder gets them all. Ids are for logs and spans;
only enums and bools may become metric labels. Durations are in seconds, sizes in UTF-8 bytes. Of content there is
only ``RequestAdmitted.request``, which is for a line at DEBUG and for nothing else.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.core.content.removal import Removal
from service.core.content.stage import Stage, StageTime
from service.core.errors import ErrorCode
from service.core.messages import (
    ClientMessageType,
    Complexity,
    ContentType,
    RefusalReason,
    ServerMessage,
    Speed,
    StreamRequest,
)
from service.core.trace import Trace


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
    TAKEN_OVER = "taken_over"
    """Another connection has recovered the stream that this one was in."""
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
    TAKEN_OVER = "taken_over"
    """Another connection has recovered the stream, and goes on with it."""


class ConnectionAttempted(Struct, frozen=True):
    outcome: AttemptOutcome
    session_id: str = ""
    seconds: float = 0.0
    """From the request to the answer."""


class ConnectionOpened(Struct, frozen=True):
    connection_id: str
    session_id: str
    requests_used: int
    session_epoch: str = ""
    session_seconds_left: float = 0.0


class ConnectionClosed(Struct, frozen=True):
    connection_id: str
    session_id: str
    reason: CloseReason
    code: int
    duration_seconds: float
    requests: int
    """Requests admitted on this connection."""


class MessageReceived(Struct, frozen=True):
    type: ClientMessageType | None
    """``None`` for what is not of the protocol."""
    bytes: int


class ErrorAnswered(Struct, frozen=True):
    """A client was told of an error, whichever it was."""

    connection_id: str
    session_id: str
    code: ErrorCode
    message: str
    stream_id: str = ""
    """Of the stream that it concerns or cuts short, if there is one; so is the trace."""
    trace: Trace | None = None


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


class BackpressureApplied(Struct, frozen=True):
    """A client's socket was full; chunks wait for it."""

    connection_id: str
    session_id: str
    stream_id: str
    """Empty if no stream was under way; there is no trace then either."""
    trace: Trace | None


class BackpressureReleased(Struct, frozen=True):
    """The socket has taken all again, or is gone."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace | None
    seconds: float


class Swept(Struct, frozen=True):
    """The ticker woke all that was due."""

    woken: int
    worst_lag_seconds: float


class MessagesSent(Struct, frozen=True):
    """What went out since the last time, of all connections."""

    counts: Mapping[type[ServerMessage], int]
    bytes: int


class LoopProbed(Struct, frozen=True):
    """How much later than asked the event loop came back to its probe."""

    lag_seconds: float


class Dependency(StrEnum):
    """What the service leans on and can do without."""

    SESSION_STORE = "session_store"
    PLAN_CACHE = "plan_cache"
    USAGE_STORE = "usage_store"
    DATABASE = "database"


class DependencyChanged(Struct, frozen=True):
    """A dependency went away, or is back."""

    dependency: Dependency
    up: bool
    reason: str = ""
    """Why it is away: the exception in a line, without content, tokens or addresses with passwords."""


class DependencyFailed(Struct, frozen=True):
    """One call of a dependency came to nothing."""

    dependency: Dependency


class StoredInMemory(Struct, frozen=True):
    """What belongs into a file in ``DATA_DIR`` is kept in this process's memory, for as long as the process lives."""

    what: Dependency
    reason: str
    """Why there is no file, in a line."""


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


class HttpAnswered(Struct, frozen=True):
    method: str
    route: str | None
    """The path of the route that matched, with its parameters' names; ``None`` if none did."""
    status: int
    seconds: float


class Place(StrEnum):
    """Where a fault came up."""

    ADMISSION = "admission"
    CONTENT = "content"
    CONNECTION = "connection"
    SESSION_STORE = "session_store"
    RECOVERY = "recovery"
    HTTP = "http"
    EVENT_LOOP = "event_loop"


class FaultRaised(Struct, frozen=True):
    """An exception that should not have been: ours to mend."""

    error_id: str
    """Under which it is found in the log, the trace and the error tracker. Who asked is told it where there is an
    answer to say it in: not if a fallback helped, or an error of the protocol has a sentence of its own."""
    place: Place
    exception: BaseException
    connection_id: str = ""
    session_id: str = ""
    stream_id: str = ""
    trace: Trace | None = None


class ServerStarted(Struct, frozen=True):
    version: str
    settings: dict[str, str]
    """Effective settings, secrets masked."""


class ListenerPurpose(StrEnum):
    """What a port is for."""

    STREAMS = "streams"
    """Everything; the metrics too, unless they have a port of their own."""
    METRICS = "metrics"


class ServerListening(Struct, frozen=True):
    host: str
    port: int
    purpose: ListenerPurpose


class WorkerReplaced(Struct, frozen=True):
    """This process has taken the place of a worker that died unasked."""

    pid: int
    exit_code: int
    """Negative: the number of the signal that killed it."""


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
    | MessageReceived
    | ErrorAnswered
    | RequestRejected
    | RequestAdmitted
    | RateLimitApproached
    | RateLimitHit
    | StreamStarted
    | FallbackUsed
    | FirstChunkSent
    | StreamRecovered
    | RecoveryRefused
    | StreamPauseChanged
    | StreamSkipRequested
    | StreamEnded
    | BackpressureApplied
    | BackpressureReleased
    | Swept
    | MessagesSent
    | LoopProbed
    | DependencyChanged
    | DependencyFailed
    | StoredInMemory
    | CacheAsked
    | UsageDropped
    | HttpAnswered
    | FaultRaised
    | ServerStarted
    | ServerListening
    | WorkerReplaced
    | DrainBegan
    | DrainEnded
)

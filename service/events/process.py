"""Events of the process, its dependencies and its HTTP routes."""

from enum import StrEnum

from msgspec import Struct

from service.access.principal import Principal
from service.protocol.messages import ContentType
from service.protocol.trace import Trace


class LoopLagMeasured(Struct, frozen=True):
    """The event loop called the probe of the loop monitor this much after it was due."""

    lag_seconds: float
    swallowed: bool = False
    """Whether the probe was not due itself: a longer lag took its place."""


class LoopStalled(Struct, frozen=True):
    """The event loop ran nothing for a while. Comes from a thread of its own, also while the stall lasts."""

    seconds: float
    """Since the last event of the same stall."""
    total_seconds: float
    """Of the stall until now."""
    ended: bool
    frame: str
    """The innermost frame of the service in which it was seen; empty if the whole process stood still."""


class Dependency(StrEnum):
    """What the service uses and can serve without."""

    SESSION_STORE = "session_store"
    """Counts the requests of sessions. If it is silent, streams are neither stored nor recovered either."""
    STREAM_WRITES = "stream_writes"
    """Whether the session store can store streams."""
    STREAM_READS = "stream_reads"
    """Whether the session store can return stored streams."""
    ACCESS_STORE = "access_store"
    """Keys of services, revocations and quotas."""
    LIVE_STORE = "live_store"
    """Live streams and their sources."""
    PLAN_CACHE = "plan_cache"
    TOKEN_KEYS = "token_keys"  # noqa: S105 - a name
    """The keys of the issuer of tokens, in a file or at its address."""
    USAGE_STORE = "usage_store"
    DATABASE = "database"


class DependencyChanged(Struct, frozen=True):
    """A dependency became unavailable, or available again."""

    dependency: Dependency
    up: bool
    reason: str = ""
    """Why it is unavailable: one line, without content, tokens, or addresses with passwords."""


class DependencyFailed(Struct, frozen=True):
    """One call of a dependency failed."""

    dependency: Dependency


class StoreLimit(StrEnum):
    """A limit on what the session store keeps."""

    BYTES = "bytes"
    """The share of a session in ``STORE_MAX_BYTES``."""
    SESSIONS = "sessions"
    """``STORE_MAX_SESSIONS``."""


class StoreLimitReached(Struct, frozen=True):
    """The session store did not keep a stream or a session, because of a limit; the client is served without it."""

    limit: StoreLimit
    session_id: str


class StoreMeasured(Struct, frozen=True):
    """What the session store holds."""

    bytes: int
    sessions: int


class StoredInMemory(Struct, frozen=True):
    """Data that belongs into a file in ``DATA_DIR`` is kept in memory and lost when the process ends."""

    what: Dependency
    reason: str
    """Why there is no file: one line."""


class ContentWorker(StrEnum):
    """What prepares content."""

    THREAD = "thread"
    """The content thread of the process, for all but large content."""
    PROCESS = "process"
    """A process for large content, which can be killed."""

    @property
    def thread(self) -> str:
        """The name of the thread that serves it."""
        return f"content {self}"


class ContentQueueChanged(Struct, frozen=True):
    """A request joined or left the queue of a content worker."""

    worker: ContentWorker
    requests: int
    """That wait or are in progress."""


class ContentWorked(Struct, frozen=True):
    """A content worker has finished a piece of work."""

    worker: ContentWorker
    waited_seconds: float
    cpu_seconds: float


class KilledBecause(StrEnum):
    """Why the process for large content was killed, or ended, during a request."""

    CPU = "cpu"
    """The processor time of the request exceeded its limit."""
    TIME = "time"
    """There was no answer."""
    MEMORY = "memory"
    """The memory exceeded its limit."""
    CRASH = "crash"
    """A fault of a library."""


class ContentWorkKilled(Struct, frozen=True):
    """A request ended with the process that prepared its content."""

    reason: KilledBecause
    content_type: ContentType


class RefusedBecause(StrEnum):
    """Why content was not prepared."""

    QUEUE_FULL = "queue_full"
    WAITED = "waited"
    """Its turn did not come in time."""


class ContentRefused(Struct, frozen=True):
    """A request was refused with ``SERVER_BUSY``."""

    worker: ContentWorker
    reason: RefusedBecause


class HttpRequestServed(Struct, frozen=True):
    method: str
    route: str | None
    """The path of the route that matched, with the names of its parameters; ``None`` if none did."""
    status: int
    seconds: float
    """Until the response began: server-sent events last much longer."""


class FaultSource(StrEnum):
    """The part of the service that raised the exception of a fault."""

    ADMISSION = "admission"
    ACCESS = "access"
    CONTENT = "content"
    CONNECTION = "connection"
    SESSION_STORE = "session_store"
    RECOVERY = "recovery"
    LIVE = "live"
    """Reading a live stream."""
    HTTP = "http"
    EVENT_LOOP = "event_loop"


class FaultRaised(Struct, frozen=True):
    """An exception that is an error of the service."""

    error_id: str
    """Identifies the fault in the log, the trace and the error tracker. The message to the client contains it, unless
    there is none (a fallback was used) or the error has a sentence of its own."""
    source: FaultSource
    exception: BaseException
    connection_id: str = ""
    session_id: str = ""
    stream_id: str = ""
    trace: Trace | None = None
    principal: Principal | None = None
    """Of the connection; ``None`` without authentication, and if it is not known."""


class ServerStarted(Struct, frozen=True):
    version: str
    settings: dict[str, str]
    """Effective settings, secrets masked."""
    unknown: tuple[str, ...] = ()
    """Variables that look like settings and are none."""
    first: bool = True
    """Whether it is the only process, or the first worker: what the settings admit is reported once."""


class ListenerPurpose(StrEnum):
    """What a port serves."""

    STREAMS = "streams"
    """Everything; also the metrics, unless they have a port of their own."""
    METRICS = "metrics"


class ServerListening(Struct, frozen=True):
    host: str
    port: int
    purpose: ListenerPurpose


class DeathReason(StrEnum):
    """Why a worker ended without a request to stop."""

    KILLED = "killed"
    """By a signal from outside, as for lack of memory."""
    HUNG = "hung"
    """By the supervisor, because its event loop did not run."""
    CRASHED = "crashed"
    """By a fault of a library, or with an error."""


class WorkerReplaced(Struct, frozen=True):
    """This process replaces a worker that died."""

    worker: int
    """The number that both have."""
    pid: int
    exit_code: int
    """Negative: the number of the signal that killed it."""
    reason: DeathReason
    connections: int
    """That were lost with it."""
    requests: int
    """That were lost with it: queued, in preparation or being streamed."""
    stack: str = ""
    """Where the thread of its event loop was, the innermost call first; only of a hung worker that still reacted."""


class DrainStarted(Struct, frozen=True):
    connections: int


class DrainEnded(Struct, frozen=True):
    seconds: float
    interrupted: int
    """Connections that were closed while a stream was active."""

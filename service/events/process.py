"""What happened to the process, its dependencies and its HTTP routes."""

from enum import StrEnum

from msgspec import Struct

from service.protocol.trace import Trace


class Swept(Struct, frozen=True):
    """The ticker woke all that was due."""

    woken: int
    worst_lag_seconds: float


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


class HttpAnswered(Struct, frozen=True):
    method: str
    route: str | None
    """The path of the route that matched, with its parameters' names; ``None`` if none did."""
    status: int
    seconds: float


class FaultSource(StrEnum):
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
    place: FaultSource
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

"""Events of calls to the data systems that the service depends on."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.events.process import Dependency
from service.protocol.instant import Instant
from service.protocol.trace import Trace


class DataSystem(StrEnum):
    """The product that a dependency is, as the conventions of OpenTelemetry name it in ``db.system.name``."""

    SQLITE = "sqlite"
    REDIS = "redis"
    POSTGRESQL = "postgresql"


class Operation(StrEnum):
    """A call of a dependency."""

    OPEN = "open"
    JOIN = "join"
    ADMIT = "admit"
    CHARGE_REPETITION = "charge_repetition"
    PUT = "put"
    GET = "get"
    ACQUIRE = "acquire"
    MARK_SKIP = "mark_skip"
    RENEW_LEASES = "renew_leases"
    UPDATE_STATUS = "update_status"
    MEASURE = "measure"
    PING = "ping"
    INSERT = "insert"
    DELETE = "delete"
    SELECT = "select"
    FIND_KEY = "find_key"
    ADMINISTER = "administer"
    """Make, list or revoke keys, or revoke tokens: rare, so that one series is enough."""
    REVOCATIONS = "revocations"
    CHARGE = "charge"
    DEBIT = "debit"
    CREATE = "create"
    APPEND = "append"
    ADOPT = "adopt"
    CANCEL = "cancel"
    READ = "read"
    OPEN_STREAMS = "open_streams"
    EXPIRE = "expire"


OPERATIONS: Mapping[Dependency, tuple[Operation, ...]] = {
    Dependency.SESSION_STORE: (
        Operation.OPEN,
        Operation.JOIN,
        Operation.ADMIT,
        Operation.CHARGE_REPETITION,
        Operation.PUT,
        Operation.GET,
        Operation.ACQUIRE,
        Operation.MARK_SKIP,
        Operation.RENEW_LEASES,
        Operation.UPDATE_STATUS,
        Operation.MEASURE,
    ),
    Dependency.ACCESS_STORE: (
        Operation.ADMINISTER,
        Operation.FIND_KEY,
        Operation.REVOCATIONS,
        Operation.CHARGE,
        Operation.DEBIT,
    ),
    Dependency.LIVE_STORE: (
        Operation.CREATE,
        Operation.APPEND,
        Operation.ADOPT,
        Operation.CANCEL,
        Operation.GET,
        Operation.READ,
        Operation.OPEN_STREAMS,
        Operation.EXPIRE,
    ),
    Dependency.PLAN_CACHE: (Operation.GET, Operation.PUT, Operation.PING),
    Dependency.DATABASE: (Operation.INSERT, Operation.DELETE),
}
"""The calls that the service makes of each dependency and measures."""


class DependencyCalled(Struct, frozen=True):
    """A call of a dependency has ended. May come from any thread.

    The ids are those of the connection and the stream that waited for it, as far as they are known.
    """

    dependency: Dependency
    """``SESSION_STORE`` for streams too."""
    system: DataSystem
    operation: Operation
    started: Instant
    seconds: float
    """Until the answer, the error or the deadline, with the wait for a free connection or for the thread."""
    error_type: str = ""
    """The class of the exception; empty if the call was answered."""
    connection_id: str = ""
    session_id: str = ""
    stream_id: str = ""
    trace: Trace | None = None

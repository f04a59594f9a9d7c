"""What happened to a connection."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.protocol.errors import ErrorCode
from service.protocol.messages import (
    ClientMessageType,
    ServerMessage,
)
from service.protocol.trace import Trace


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


class MessagesSent(Struct, frozen=True):
    """What went out since the last time, of all connections."""

    counts: Mapping[type[ServerMessage], int]
    bytes: int

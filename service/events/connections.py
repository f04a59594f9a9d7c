"""Events of connections."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.protocol.errors import ErrorCode
from service.protocol.messages import ClientMessageType
from service.protocol.server_messages import ServerMessage
from service.protocol.trace import Trace, TraceContext


class AttemptOutcome(StrEnum):
    """How a handshake ended. ``error`` and ``refused_capacity`` are failures of the service, the rest of the client."""

    ACCEPTED = "accepted"
    REFUSED_SESSION = "refused_session"
    REFUSED_CAPACITY = "refused_capacity"
    REFUSED_ORIGIN = "refused_origin"
    REFUSED_DRAINING = "refused_draining"
    REFUSED_ADDRESS = "refused_address"
    REFUSED_TOKEN = "refused_token"  # noqa: S105 - an outcome
    REFUSED_QUOTA = "refused_quota"
    REFUSED_SECRET = "refused_secret"  # noqa: S105 - an outcome
    """Another secret reserves the session."""
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
    """Another connection recovered the current stream of this one."""
    INPUT_FRAMES = "input_frames"
    INPUT_BYTES = "input_bytes"
    MESSAGE_TIMEOUT = "message_timeout"
    INPUT_MEMORY = "input_memory"
    """It held most when all connections of the process held too much."""
    PROTOCOL_ERROR = "protocol_error"
    """It broke the WebSocket protocol: 1002, 1007 or 1009."""
    KEEPALIVE_TIMEOUT = "keepalive_timeout"
    """It did not answer a ping."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a reason
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a reason
    ABNORMAL = "abnormal"
    """The peer disappeared, or closed with a code that is not that of a regular end."""


class ConnectionAttempted(Struct, frozen=True):
    """A handshake was answered, or a reader by server-sent events was refused because of a limit of connections."""

    outcome: AttemptOutcome
    session_id: str = ""
    seconds: float = 0.0
    """From the HTTP request to its response."""
    client: TraceContext | None = None
    """Of the HTTP request."""
    exception: Exception | None = None
    """By which it failed."""
    is_handshake: bool = True
    """Other requests have spans of their own."""


class ConnectionOpened(Struct, frozen=True):
    connection_id: str
    session_id: str
    requests_used: int
    session_incarnation: str = ""
    session_seconds_left: float = 0.0
    subject: str = ""
    """Of the principal; empty without authentication."""


class SessionJoined(Struct, frozen=True):
    """The session of a connection that began while the session store was unavailable is in the store now."""

    connection_id: str
    session_id: str
    requests_used: int
    session_incarnation: str
    session_seconds_left: float


class ConnectionClosed(Struct, frozen=True):
    connection_id: str
    session_id: str
    reason: CloseReason
    code: int
    duration_seconds: float
    requests: int
    """Requests admitted on this connection."""
    subject: str = ""
    """Of the principal; empty without authentication."""


class MessageReceived(Struct, frozen=True):
    type: ClientMessageType | None
    """``None`` for a frame that is no message of the protocol."""
    bytes: int
    """Of the payload of the frame."""


class ErrorSent(Struct, frozen=True):
    """An ``error`` message was sent."""

    connection_id: str
    session_id: str
    code: ErrorCode
    message: str
    fault: bool
    """Whether it is a fault of the service: two codes are also those of mistakes."""
    stream_id: str = ""
    """Of the stream that the error ends or refers to; empty, as is ``trace``, if there is none."""
    trace: Trace | None = None


class BackpressureApplied(Struct, frozen=True):
    """The kernel did not accept everything that was written; chunks are held back."""

    connection_id: str
    session_id: str
    stream_id: str
    """Of the current stream; empty, as is ``trace``, if there is none."""
    trace: Trace | None


class BackpressureReleased(Struct, frozen=True):
    """The kernel accepted everything, or the connection is lost."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace | None
    seconds: float


CHUNK_LAG_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the lags that are counted together; one more count is for what is above. The grid of the ticker makes
each chunk late by up to the first of them."""


class ChunkLags(Struct, frozen=True):
    """How late chunks were sent, without the time for which the client held them back.

    All but those of skipped streams, which have no due time.
    """

    counts: tuple[int, ...]
    """By bound of ``CHUNK_LAG_SECONDS``, not cumulative."""
    seconds: float
    """The sum."""


class MessagesSent(Struct, frozen=True):
    """Messages of all connections since the last event of this type."""

    counts: Mapping[type[ServerMessage], int]
    bytes: int
    chunk_lags: ChunkLags

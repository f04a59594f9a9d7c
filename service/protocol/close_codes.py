"""The codes with which a connection closes, and the HTTP statuses with which a handshake is refused.

docs/protocol.md, the AsyncAPI document and the lists of the clients are generated from these tables.
"""

from enum import IntEnum
from typing import Self

from service.protocol.errors import ErrorCode


class CloseCode(IntEnum):
    """A code with its reason, its meaning and its consequence for the client.

    Codes from 4000 are those of the service; the others are defined by RFC 6455 section 7.4 and its registry.
    """

    reason: str
    """The text in the close frame; empty where the service does not write the frame."""
    meaning: str
    """Why the connection closed, as the documents state it."""
    error: ErrorCode | None
    """The code of the fatal error that the service sends before the close frame."""
    reconnect: bool
    """Whether the client may connect again; without it, the next connection would end in the same way."""

    def __new__(
        cls,
        code: int,
        reason: str,
        meaning: str,
        error: ErrorCode | None = None,
        reconnect: bool = True,  # noqa: FBT001, FBT002 - an enumeration passes its members' values by position
    ) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.reason = reason
        member.meaning = meaning
        member.error = error
        member.reconnect = reconnect
        return member

    NORMAL = 1000, "", "the client closed the connection"
    PEER_LEFT = 1001, "", "a browser left the page, or a proxy shuts down"
    PROTOCOL_ERROR = 1002, "", "a frame that violates RFC 6455", None, False
    UNSUPPORTED_DATA = 1003, "", "a proxy does not accept this type of data", None, False
    NO_CODE = 1005, "", "a close frame without a code, as a library reports it"
    ABNORMAL = 1006, "", "a lost connection without a close frame, as a library reports it"
    INVALID_TEXT = 1007, "text that is not UTF-8", "a text frame that is not UTF-8", None, False
    POLICY_VIOLATION = 1008, "", "a proxy refuses the connection", None, False
    FRAME_TOO_LARGE = 1009, "", "a frame over the frame limit", None, False
    INTERNAL_ERROR = (
        1011,
        "internal error",
        "an internal error, or no answer to a WebSocket ping of the service",
        ErrorCode.INTERNAL_ERROR,
    )
    RESTART = (
        1012,
        "the server restarts, reconnect soon",
        "the server restarts; another connection can recover the streams",
    )
    SESSION_OVER = 4010, "session over", "the session has ended", ErrorCode.SESSION_TIMEOUT
    OVER_CAPACITY = (
        4101,
        "over capacity",
        "the server has no free connection, or no memory for input",
        ErrorCode.OVER_CAPACITY,
    )
    SLOW_CLIENT = (
        4102,
        "slow client",
        "the client received no data for `CHUNK_TIMEOUT`",
        ErrorCode.STREAM_ERROR,
    )
    TAKEN_OVER = (
        4103,
        "stream taken over",
        "another connection has recovered the stream",
        ErrorCode.STREAM_TAKEN_OVER,
        False,
    )
    INPUT_LIMIT = (
        4104,
        "too much input",
        "the client exceeded `MAX_FRAME_RATE` or `MAX_BYTE_RATE`",
        ErrorCode.INPUT_LIMIT_EXCEEDED,
        False,
    )
    MESSAGE_TIMEOUT = (
        4105,
        "unfinished message",
        "a message exceeded `MESSAGE_STALL_TIMEOUT` or `MESSAGE_TIMEOUT`",
        ErrorCode.MESSAGE_TIMEOUT,
    )
    IDLE = 4111, "idle", "the connection was idle for `IDLE_TIMEOUT`", ErrorCode.IDLE_TIMEOUT
    UNAUTHENTICATED = (
        4121,
        "token required",
        "the client sent no valid token within `AUTH_TIMEOUT`",
        ErrorCode.UNAUTHENTICATED,
        False,
    )
    TOKEN_EXPIRED = (
        4122,
        "token expired",
        "the token has expired; connect with a new one",
        ErrorCode.TOKEN_EXPIRED,
    )
    TOKEN_REVOKED = 4123, "token revoked", "the token was revoked", ErrorCode.TOKEN_REVOKED, False
    FORBIDDEN = 4124, "forbidden", "the token does not allow to enter this session", ErrorCode.FORBIDDEN, False
    AUTH_UNAVAILABLE = (
        4125,
        "token cannot be checked",
        "the token cannot be checked at the moment",
        ErrorCode.AUTH_UNAVAILABLE,
    )
    QUOTA_REACHED = (
        4126,
        "quota used up",
        "the user or the address has opened too many connections or sessions",
        ErrorCode.RATE_LIMIT_EXCEEDED,
    )


def close_reason(code: CloseCode, retry_after_ms: int | None) -> str:
    """The reason in the close frame: that of the code, and after how many milliseconds the client may connect again.

    At most 123 bytes, as RFC 6455 section 5.5 requires, for a wait of less than a year.
    """
    return code.reason if retry_after_ms is None else f"{code.reason}; retry_after_ms={retry_after_ms}"


class HandshakeRefusal(IntEnum):
    """The HTTP statuses that the service sends instead of accepting a WebSocket."""

    meaning: str

    def __new__(cls, status: int, meaning: str) -> Self:
        member = int.__new__(cls, status)
        member._value_ = status
        member.meaning = meaning
        return member

    INVALID_REQUEST = 400, "the session id, or the secret of the session, is invalid"
    UNAUTHENTICATED = 401, "the token in the `Authorization` header is not valid, or has expired or was revoked"
    FORBIDDEN = 403, "the `Origin` of a browser is not in `ALLOWED_ORIGINS`, or the token does not allow this session"
    UNKNOWN_PATH = 404, "the path has no WebSocket"
    LIMIT_REACHED = (
        429,
        "`MAX_CONNECTIONS_PER_ADDRESS` connections are open from the address, or a quota is used up",
    )
    UNAVAILABLE = 503, "the server shuts down, has no free socket, or cannot check the token: see `Retry-After`"

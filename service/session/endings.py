"""The ways in which the service ends a connection."""

from msgspec import Struct

from service.events import CloseReason, Outcome
from service.protocol.close_codes import CloseCode
from service.protocol.errors import (
    IdleTimeout,
    InputLimitExceeded,
    LimitReached,
    MessageTimeout,
    OverCapacity,
    SessionTimeout,
    SlowClient,
    TokenExpired,
)
from service.protocol.limits import InputLimit
from service.session.step import Close


class Ending(Struct, frozen=True):
    """The close frame, the reason in the events, and the outcome of the streams."""

    close: Close
    reason: CloseReason
    outcome: Outcome


RESTART = Ending(Close(CloseCode.RESTART), CloseReason.SHUTDOWN, Outcome.SHUTDOWN)
FAULT = Ending(Close(CloseCode.INTERNAL_ERROR), CloseReason.ERROR, Outcome.ERROR)
TAKEN_OVER = Ending(Close(CloseCode.TAKEN_OVER), CloseReason.TAKEN_OVER, Outcome.TAKEN_OVER)
REVOKED = Ending(Close(CloseCode.TOKEN_REVOKED), CloseReason.TOKEN_REVOKED, Outcome.DISCONNECTED)

DEADLINES = {
    SessionTimeout: Ending(Close(CloseCode.SESSION_OVER), CloseReason.SESSION_TIMEOUT, Outcome.TIMEOUT),
    TokenExpired: Ending(Close(CloseCode.TOKEN_EXPIRED), CloseReason.TOKEN_EXPIRED, Outcome.TIMEOUT),
    IdleTimeout: Ending(Close(CloseCode.IDLE), CloseReason.IDLE_TIMEOUT, Outcome.TIMEOUT),
    SlowClient: Ending(Close(CloseCode.SLOW_CLIENT, abort=True), CloseReason.SLOW_CLIENT, Outcome.SLOW_CLIENT),
}
"""By the error of the deadline."""


_INPUT = {
    InputLimit.FRAMES: (
        CloseCode.INPUT_LIMIT,
        CloseReason.INPUT_FRAMES,
        InputLimitExceeded("Too many WebSocket frames arrived. Send fewer, and messages in one frame."),
    ),
    InputLimit.BYTES: (
        CloseCode.INPUT_LIMIT,
        CloseReason.INPUT_BYTES,
        InputLimitExceeded("Too many bytes arrived. Send less, or wait for the end of a stream."),
    ),
    InputLimit.MESSAGE: (
        CloseCode.MESSAGE_TIMEOUT,
        CloseReason.MESSAGE_TIMEOUT,
        MessageTimeout("A message was not finished in time. Reconnect, and send messages without pauses."),
    ),
    InputLimit.MEMORY: (
        CloseCode.OVER_CAPACITY,
        CloseReason.INPUT_MEMORY,
        OverCapacity(
            "The server has no memory for more input. Reconnect in some seconds, and let fewer requests wait."
        ),
    ),
}


def input_ending(limit: InputLimit) -> tuple[LimitReached, Ending]:
    """Return the error for the client, and the end of its connection."""
    code, reason, error = _INPUT[limit]
    return error, Ending(Close(code), reason, Outcome.DISCONNECTED)

"""The ways in which the service ends a connection."""

from msgspec import Struct

from service.events import CloseReason, Outcome
from service.protocol.close_codes import CloseCode
from service.protocol.errors import IdleTimeout, SessionTimeout, SlowClient
from service.session.step import Close


class Ending(Struct, frozen=True):
    """The close frame, the reason in the events, and the outcome of the streams."""

    close: Close
    reason: CloseReason
    outcome: Outcome


RESTART = Ending(Close(CloseCode.RESTART), CloseReason.SHUTDOWN, Outcome.SHUTDOWN)
FAULT = Ending(Close(CloseCode.INTERNAL_ERROR), CloseReason.ERROR, Outcome.ERROR)
TAKEN_OVER = Ending(Close(CloseCode.TAKEN_OVER), CloseReason.TAKEN_OVER, Outcome.TAKEN_OVER)

DEADLINES = {
    SessionTimeout: Ending(Close(CloseCode.SESSION_OVER), CloseReason.SESSION_TIMEOUT, Outcome.TIMEOUT),
    IdleTimeout: Ending(Close(CloseCode.IDLE), CloseReason.IDLE_TIMEOUT, Outcome.TIMEOUT),
    SlowClient: Ending(Close(CloseCode.SLOW_CLIENT, abort=True), CloseReason.SLOW_CLIENT, Outcome.DISCONNECTED),
}
"""By the error of the deadline."""

"""The ways in which the service ends a connection."""

from typing import assert_never

from msgspec import Struct

from service.events import CloseReason, Outcome
from service.protocol.close_codes import CloseCode
from service.protocol.errors import IdleTimeout, SessionTimeout, SlowClient
from service.session.step import Close


class Ending(Struct, frozen=True):
    """The close frame, the reason in the record of the connection, and the outcome of its streams."""

    close: Close
    reason: CloseReason
    outcome: Outcome


RESTART = Ending(Close(CloseCode.RESTART), CloseReason.SHUTDOWN, Outcome.SHUTDOWN)
FAULT = Ending(Close(CloseCode.INTERNAL_ERROR), CloseReason.ERROR, Outcome.ERROR)
_SESSION_OVER = Ending(Close(CloseCode.SESSION_OVER), CloseReason.SESSION_TIMEOUT, Outcome.TIMEOUT)
_IDLE = Ending(Close(CloseCode.IDLE), CloseReason.IDLE_TIMEOUT, Outcome.TIMEOUT)
TAKEN_OVER = Ending(Close(CloseCode.TAKEN_OVER), CloseReason.TAKEN_OVER, Outcome.TAKEN_OVER)
_SLOW = Ending(Close(CloseCode.SLOW_CLIENT, abort=True), CloseReason.SLOW_CLIENT, Outcome.DISCONNECTED)


def ending_of(deadline: SessionTimeout | IdleTimeout | SlowClient) -> Ending:
    """The ending that belongs to a deadline that has passed."""
    match deadline:
        case SessionTimeout():
            return _SESSION_OVER
        case IdleTimeout():
            return _IDLE
        case SlowClient():
            return _SLOW
        case _:
            assert_never(deadline)

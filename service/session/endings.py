"""The ways in which a connection is ended from our side."""

from typing import assert_never

from msgspec import Struct

from service.events import CloseReason, Outcome
from service.protocol.errors import IdleTimeout, SessionTimeout, SlowClient
from service.session.step import Close


class Ending(Struct, frozen=True):
    """What the peer gets, what the connection's record says, and what becomes of its streams."""

    close: Close
    reason: CloseReason
    outcome: Outcome


RESTART = Ending(Close(1012, "the server restarts, reconnect soon"), CloseReason.SHUTDOWN, Outcome.SHUTDOWN)
FAULT = Ending(Close(1011, "internal error"), CloseReason.ERROR, Outcome.ERROR)
_SESSION_OVER = Ending(Close(4010, "session over"), CloseReason.SESSION_TIMEOUT, Outcome.TIMEOUT)
_IDLE = Ending(Close(4111, "idle"), CloseReason.IDLE_TIMEOUT, Outcome.TIMEOUT)
TAKEN_OVER = Ending(Close(4103, "stream taken over"), CloseReason.TAKEN_OVER, Outcome.TAKEN_OVER)
_SLOW = Ending(Close(4102, "slow client", abort=True), CloseReason.SLOW_CLIENT, Outcome.DISCONNECTED)


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

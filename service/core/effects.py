"""What the session machine asks of the world, and what it is told back.

Each effect names, in its docstring, the method of the machine that takes its result.
"""

from msgspec import Struct

from service.core.messages import StreamRequest


class Lease(Struct, frozen=True):
    """A session as the store knows it at the moment of asking."""

    session_id: str
    epoch: str
    """Tells a session from the one before it under the same id."""
    requests_used: int
    seconds_left: float


class Admission(Struct, frozen=True):
    """The store's word on one request; counted only if admitted."""

    admitted: bool
    requests_used: int


class Admit(Struct, frozen=True):
    """Count a request; answered by ``admitted(ticket, admission, stream_id, trace_id, now)`` or ``failed``."""

    ticket: int
    lease: Lease
    request: StreamRequest


class Prepare(Struct, frozen=True):
    """Turn content into a plan; answered by ``prepared(ticket, plan, seconds, now)`` or ``failed``."""

    ticket: int
    request: StreamRequest
    seconds_left: float
    """Of the session: what the stream has to fit in."""


Effect = Admit | Prepare

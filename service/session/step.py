"""What the driver must do next."""

from collections.abc import Sequence

from msgspec import Struct

from service.events import Event
from service.protocol.close_codes import CloseCode
from service.protocol.server_messages import ServerMessage
from service.session.effects import Effect


class Close(Struct, frozen=True):
    """The end of a connection, after the step's messages."""

    code: CloseCode
    abort: bool = False
    """Whether to drop what the peer will not take, instead of a closing handshake."""


class Step(Struct, frozen=True):
    """What to do, in order: send, record, drop, start, close, and wake the machine in time."""

    outbound: Sequence[ServerMessage] = ()
    effects: Sequence[Effect] = ()
    events: Sequence[Event] = ()
    wake_at: float | None = None
    """Monotonic seconds at which ``tick`` has something to do; ``None`` for never."""
    close: Close | None = None
    dropped: Sequence[int] = ()
    """Tickets whose effects are of no use any more."""

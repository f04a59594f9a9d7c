"""A handshake from its arrival until its connection has a session."""

from msgspec import Struct

from service.protocol.trace import TraceContext


class Arrival(Struct, frozen=True):
    session_id: str
    started_at: float
    """In monotonic seconds."""
    trace: TraceContext | None = None
    """Of the client."""
    address: str = ""
    """Of the client, as limits count it."""
    client: str = ""
    """Among which the content engine is shared, unless a user is known."""
    secret: bytes | None = None
    """The digest of the secret of the session."""

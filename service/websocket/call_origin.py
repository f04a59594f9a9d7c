"""The connection and the stream that wait for a call of a dependency, for its telemetry."""

from contextvars import ContextVar

from msgspec import Struct

from service.protocol.trace import Trace


class CallOrigin(Struct, frozen=True):
    """What is known is set, the rest is empty."""

    connection_id: str = ""
    session_id: str = ""
    stream_id: str = ""
    trace: Trace | None = None


UNKNOWN_ORIGIN = CallOrigin()

call_origin: ContextVar[CallOrigin] = ContextVar("call_origin", default=UNKNOWN_ORIGIN)
"""Of the calls of the current task. A task inherits it, so work for many streams begins with ``UNKNOWN_ORIGIN``."""

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


call_origin: ContextVar[CallOrigin] = ContextVar("call_origin", default=CallOrigin())  # noqa: B039 - immutable
"""Of the calls of the current task. A task inherits it, so one that works for many streams has a new context."""

"""What the lines of many events have in common."""

from service.events import Event
from service.protocol.trace import Trace


def event_ids(event: Event) -> dict[str, str]:
    """The ids of the event that are not empty."""
    trace: Trace | None = getattr(event, "trace", None)
    ids = {} if trace is None else {"trace_id": trace.trace_id, "span_id": trace.span_id}
    for name in ("session_id", "connection_id", "stream_id", "subject"):
        if value := getattr(event, name, ""):
            ids[name] = value
    return ids


def milliseconds(seconds: float) -> float:
    """As a line has them: to the microsecond."""
    return round(seconds * 1000, 3)

"""All log events. Nothing is logged that is not declared here.

A line has ``ts``, ``level``, ``event``, ``message`` and those fields of its event that have a value. No line but
``chunk_sent`` contains the content of a request or a chunk. Text that a client chose is a field of its own, ``quote``,
written only at DEBUG.
"""

from observability.registry import access_lines, connection_lines, live_lines, process_lines, socket_lines, stream_lines
from observability.registry.log_types import LogEvent

LOG_EVENTS: tuple[LogEvent, ...] = tuple(
    value
    for module in (process_lines, socket_lines, connection_lines, access_lines, stream_lines, live_lines)
    for value in vars(module).values()
    if isinstance(value, LogEvent)
)

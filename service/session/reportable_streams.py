"""The streams of which a connection accepts a report of its client."""

from service.protocol.trace import Trace
from service.session.stream_state import StreamState

_MAX_STREAMS = 10
"""A client sends its report with the end of a stream, so only a few ends lie between the two."""


class ReportableStreams:
    """The last streams that started and ended on this connection and have no report."""

    __slots__ = ("_traces",)

    def __init__(self) -> None:
        self._traces: dict[str, Trace] = {}

    def add(self, stream: StreamState) -> None:
        self._traces[stream.stream_id] = stream.admitted_trace
        if len(self._traces) > _MAX_STREAMS:
            del self._traces[next(iter(self._traces))]

    def take(self, stream_id: str) -> Trace | None:
        """Return the trace of the stream, once; ``None`` if there is no such stream, or it has a report."""
        return self._traces.pop(stream_id, None)

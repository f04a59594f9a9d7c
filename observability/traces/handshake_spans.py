"""The spans of handshakes that were sampled, that failed by a fault of the service, or that a stream links to."""

from collections.abc import Callable
from secrets import randbits

from msgspec import Struct
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, format_trace_id

from observability.registry import spans
from observability.traces.finished_spans import Attributes, FinishedSpans, local_context
from service.events import AttemptOutcome, ConnectionAttempted, ConnectionClosed, ConnectionOpened
from service.protocol.trace import TraceContext

Samples = Callable[[str, TraceContext | None], bool]
"""The sampling decision, from a trace id in hexadecimal and the context of the client."""

_UNSET = Status(StatusCode.UNSET)
_ERROR = Status(StatusCode.ERROR)


class _Handshake(Struct):
    """One handshake; an accepted one is kept while its connection is open."""

    context: SpanContext
    start_ns: int
    end_ns: int
    attributes: Attributes
    emitted: bool = False


class HandshakeSpans:
    """Creates the spans of handshakes. ``wall_ns`` returns nanoseconds of the epoch."""

    def __init__(self, finished: FinishedSpans, samples: Samples, wall_ns: Callable[[], int]) -> None:
        self._finished = finished
        self._samples = samples
        self._wall_ns = wall_ns
        self._seconds = 0.0
        """Of the last accepted handshake; its ConnectionOpened is the next event."""
        self._open: dict[str, _Handshake] = {}

    def attempted(self, event: ConnectionAttempted) -> None:
        if event.outcome is AttemptOutcome.ACCEPTED:
            self._seconds = event.seconds
            return
        failed = event.outcome is AttemptOutcome.ERROR
        handshake = self._create(event.outcome, event.session_id, event.seconds)
        if failed or self._sampled(handshake):
            self._emit(handshake, _ERROR if failed else _UNSET)

    def opened(self, event: ConnectionOpened) -> None:
        handshake = self._create(AttemptOutcome.ACCEPTED, event.session_id, self._seconds)
        handshake.attributes[spans.CONNECTION_ID.name] = event.connection_id
        self._open[event.connection_id] = handshake
        if self._sampled(handshake):
            self._emit(handshake)

    def closed(self, event: ConnectionClosed) -> None:
        self._open.pop(event.connection_id, None)

    def links(self, connection_id: str) -> tuple[Link, ...]:
        """A link to the handshake, whose span is emitted if it was not: a link needs a target."""
        handshake = self._open.get(connection_id)
        if handshake is None:
            return ()
        if not handshake.emitted:
            self._emit(handshake)
        return (Link(handshake.context),)

    def _create(self, outcome: AttemptOutcome, session_id: str, seconds: float) -> _Handshake:
        end_ns = self._wall_ns()
        attributes: Attributes = {spans.CONNECT_OUTCOME.name: outcome}
        if session_id:
            attributes[spans.SESSION_ID.name] = session_id
        start_ns = end_ns - int(seconds * 1e9)
        return _Handshake(local_context(randbits(128), randbits(64)), start_ns, end_ns, attributes)

    def _sampled(self, handshake: _Handshake) -> bool:
        return self._samples(format_trace_id(handshake.context.trace_id), None)

    def _emit(self, handshake: _Handshake, status: Status = _UNSET) -> None:
        handshake.emitted = True
        self._finished.emit(
            spans.CONNECT,
            handshake.context,
            None,
            handshake.start_ns,
            handshake.end_ns,
            attributes=handshake.attributes,
            status=status,
        )

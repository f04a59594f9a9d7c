"""The spans of handshakes: of those that were sampled, that failed by a fault of ours, or that a stream links to."""

from collections.abc import Callable
from secrets import randbits

from msgspec import Struct
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, format_trace_id

from observability.registry import spans
from observability.traces.finished_spans import Attributes, FinishedSpans, own_context
from service.events import AttemptOutcome, ConnectionAttempted, ConnectionClosed, ConnectionOpened
from service.protocol.trace import TraceContext

Samples = Callable[[str, TraceContext | None], bool]
"""From a trace id in hex and the client's context: whether its spans are wanted."""

_UNSET = Status(StatusCode.UNSET)
_ERROR = Status(StatusCode.ERROR)


class _Handshake(Struct):
    """An accepted one, for as long as its connection lives."""

    context: SpanContext
    began_ns: int
    ended_ns: int
    attributes: Attributes
    kept: bool = False


class Handshakes:
    """Those whose connections are open. ``wall_ns`` gives nanoseconds of the epoch."""

    def __init__(self, finished: FinishedSpans, samples: Samples, wall_ns: Callable[[], int]) -> None:
        self._finished = finished
        self._samples = samples
        self._wall_ns = wall_ns
        self._seconds = 0.0
        """Of the handshake accepted last, whose connection opens next."""
        self._open: dict[str, _Handshake] = {}

    def attempted(self, event: ConnectionAttempted) -> None:
        if event.outcome is AttemptOutcome.ACCEPTED:
            self._seconds = event.seconds
            return
        ours = event.outcome is AttemptOutcome.ERROR
        handshake = self._made(event.outcome, event.session_id, event.seconds)
        if ours or self._wanted(handshake):
            self._emit(handshake, _ERROR if ours else _UNSET)

    def opened(self, event: ConnectionOpened) -> None:
        handshake = self._made(AttemptOutcome.ACCEPTED, event.session_id, self._seconds)
        handshake.attributes[spans.CONNECTION_ID.name] = event.connection_id
        self._open[event.connection_id] = handshake
        if self._wanted(handshake):
            self._emit(handshake)

    def closed(self, event: ConnectionClosed) -> None:
        self._open.pop(event.connection_id, None)

    def links(self, connection_id: str) -> tuple[Link, ...]:
        """To the handshake, which is kept from now on: a link must lead somewhere."""
        handshake = self._open.get(connection_id)
        if handshake is None:
            return ()
        if not handshake.kept:
            self._emit(handshake)
        return (Link(handshake.context),)

    def _made(self, outcome: AttemptOutcome, session_id: str, seconds: float) -> _Handshake:
        ended_ns = self._wall_ns()
        attributes: Attributes = {spans.CONNECT_OUTCOME.name: outcome}
        if session_id:
            attributes[spans.SESSION_ID.name] = session_id
        began_ns = ended_ns - int(seconds * 1e9)
        return _Handshake(own_context(randbits(128), randbits(64)), began_ns, ended_ns, attributes)

    def _wanted(self, handshake: _Handshake) -> bool:
        return self._samples(format_trace_id(handshake.context.trace_id), None)

    def _emit(self, handshake: _Handshake, status: Status = _UNSET) -> None:
        handshake.kept = True
        self._finished.emit(
            spans.CONNECT,
            handshake.context,
            None,
            handshake.began_ns,
            handshake.ended_ns,
            attributes=handshake.attributes,
            status=status,
        )

"""The spans of handshakes that were sampled, that failed by a fault of the service, or that a stream links to."""

from collections.abc import Callable, Sequence
from secrets import randbits

from msgspec import Struct
from opentelemetry.trace import Link, SpanContext, format_trace_id

from observability.faults import root_cause_name
from observability.registry import spans
from observability.traces.call_spans import CallSpans, Samples
from observability.traces.finished_spans import Attributes, FinishedSpans, local_context, remote_context
from service.events import AttemptOutcome, ConnectionAttempted, ConnectionClosed, ConnectionOpened, DependencyCalled


class _Handshake(Struct):
    """One handshake; an accepted one is kept while its connection is open."""

    context: SpanContext
    start_ns: int
    end_ns: int
    attributes: Attributes
    links: tuple[Link, ...]
    calls: Sequence[DependencyCalled]
    emitted: bool = False


class HandshakeSpans:
    """Creates the spans of handshakes. ``wall_ns`` returns nanoseconds of the epoch."""

    def __init__(self, finished: FinishedSpans, calls: CallSpans, samples: Samples, wall_ns: Callable[[], int]) -> None:
        self._finished = finished
        self._calls = calls
        self._samples = samples
        self._wall_ns = wall_ns
        self._accepted: _Handshake | None = None
        """The last one; its ConnectionOpened is the next event."""
        self._open: dict[str, _Handshake] = {}

    def attempted(self, event: ConnectionAttempted) -> None:
        if not event.is_handshake:
            return
        handshake = self._create(event)
        if event.outcome is AttemptOutcome.ACCEPTED:
            self._accepted = handshake
            return
        failed = event.outcome is AttemptOutcome.ERROR
        if event.exception is not None:
            handshake.attributes[spans.ERROR_TYPE.name] = root_cause_name(event.exception)
        if failed or self._sampled(handshake):
            self._emit(handshake, failed=failed)

    def opened(self, event: ConnectionOpened) -> None:
        handshake, self._accepted = self._accepted, None
        if handshake is None:
            return
        handshake.attributes[spans.CONNECTION_ID.name] = event.connection_id
        if event.subject:
            handshake.attributes[spans.ENDUSER_ID.name] = event.subject
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

    def _create(self, event: ConnectionAttempted) -> _Handshake:
        end_ns = self._wall_ns()
        attributes: Attributes = {
            spans.CONNECT_OUTCOME.name: event.outcome,
            spans.NETWORK_PROTOCOL.name: "websocket",
            spans.NETWORK_TRANSPORT.name: "tcp",
        }
        if event.session_id:
            attributes[spans.SESSION_ID.name] = event.session_id
        client = remote_context(event.client)
        return _Handshake(
            local_context(randbits(128), randbits(64)),
            end_ns - int(event.seconds * 1e9),
            end_ns,
            attributes,
            () if client is None else (Link(client),),
            self._calls.take_opened(event.session_id),
        )

    def _sampled(self, handshake: _Handshake) -> bool:
        return self._samples(format_trace_id(handshake.context.trace_id), None)

    def _emit(self, handshake: _Handshake, *, failed: bool = False) -> None:
        handshake.emitted = True
        self._finished.emit(
            spans.CONNECT,
            handshake.context,
            None,
            handshake.start_ns,
            handshake.end_ns,
            attributes=handshake.attributes,
            links=handshake.links,
            failed=failed,
        )
        self._calls.emit_children(handshake.calls, handshake.context, handshake.start_ns)

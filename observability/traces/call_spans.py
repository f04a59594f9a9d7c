"""The client spans of calls of data systems, by the conventions of OpenTelemetry for databases.

Source: https://opentelemetry.io/docs/specs/semconv/database/database-spans/
"""

from collections.abc import Callable, Mapping, Sequence
from secrets import randbits

from opentelemetry.trace import SpanContext, format_trace_id

from observability.registry import spans
from observability.traces.finished_spans import Attributes, FinishedSpans, local_context
from service.events import DataSystem, Dependency, DependencyCalled
from service.protocol.trace import Trace, TraceContext

Samples = Callable[[str, TraceContext | None], bool]
"""The sampling decision, from a trace id in hexadecimal and the context of the client."""

_MAX_EARLY = 16
"""Calls of a connection that are kept for the streams that begin next; a stream begins with three at most."""


class CallSpans:
    """Keeps calls until the span is known to which they belong, and creates their spans.

    Of the calls that belong to none, those of PostgreSQL are traces of their own; of others, which repeat every second,
    only those that failed.
    """

    def __init__(self, finished: FinishedSpans, samples: Samples, systems: Mapping[DataSystem, Attributes]) -> None:
        """``systems`` are the attributes of each system in use, its address among them."""
        self._finished = finished
        self._samples = samples
        self._systems = systems
        self._early: dict[str, list[DependencyCalled]] = {}
        """Of each open connection."""
        self._opened: DependencyCalled | None = None

    def opened(self, connection_id: str) -> None:
        self._early[connection_id] = []

    def closed(self, connection_id: str) -> None:
        self._early.pop(connection_id, None)

    def called(self, call: DependencyCalled) -> None:
        """Take a call that belongs to no active stream."""
        if (early := self._early.get(call.connection_id)) is not None:
            early.append(call)
            if len(early) > _MAX_EARLY:
                del early[0]
        elif call.session_id and not call.connection_id:
            self._opened = call
        else:
            self.emit_alone(call)

    def take_early(self, connection_id: str, trace: Trace | None) -> list[DependencyCalled]:
        """The calls by which a stream began on its connection, or by which it was refused."""
        early = self._early.get(connection_id)
        if not early:
            return []
        taken = [call for call in early if call.trace is None or call.trace == trace]
        self._early[connection_id] = [call for call in early if call not in taken] if len(taken) < len(early) else []
        return taken

    def take_opened(self, session_id: str) -> Sequence[DependencyCalled]:
        """The call of a handshake that has just ended."""
        call, self._opened = self._opened, None
        return (call,) if call is not None and call.session_id == session_id else ()

    def emit_children(self, calls: Sequence[DependencyCalled], parent: SpanContext, began_ns: int) -> None:
        """Create the spans of calls that ``parent``, which began then, waited for. Not of earlier calls."""
        for call in calls:
            start_ns, end_ns = _times_ns(call)
            if end_ns >= began_ns:  # it may start earlier by the difference of the clocks
                context = local_context(parent.trace_id, randbits(64), parent)
                self._emit(call, context, parent, (max(start_ns, began_ns), end_ns))

    def emit_alone(self, call: DependencyCalled) -> None:
        context = local_context(randbits(128), randbits(64))
        sampled = call.dependency is Dependency.DATABASE and self._samples(format_trace_id(context.trace_id), None)
        if sampled or call.error_type:
            self._emit(call, context, None, _times_ns(call))

    def _emit(
        self, call: DependencyCalled, context: SpanContext, parent: SpanContext | None, times_ns: tuple[int, int]
    ) -> None:
        system = self._systems.get(call.system, {})
        attributes: Attributes = {spans.DB_SYSTEM.name: call.system, spans.DB_OPERATION.name: call.operation, **system}
        if call.error_type:
            attributes[spans.ERROR_TYPE.name] = call.error_type
        self._finished.emit(
            spans.CALL,
            context,
            parent,
            *times_ns,
            name=" ".join(filter(None, (call.operation, str(system.get(spans.DB_NAMESPACE.name, ""))))),
            attributes=attributes,
            failed=bool(call.error_type),
        )


def _times_ns(call: DependencyCalled) -> tuple[int, int]:
    """When it started and ended."""
    start_ns = int(call.started.wall * 1e9)
    return start_ns, start_ns + int(call.seconds * 1e9)

"""What is kept of a stream until its spans are created, and its attributes and events as OpenTelemetry has them."""

from collections.abc import Sequence

from msgspec import Struct, field
from opentelemetry.sdk.trace import Event as RecordedEvent
from opentelemetry.sdk.util import BoundedList

from observability.registry import spans
from observability.registry.metric_types import RecoveryKind
from observability.registry.span_types import SpanEvent
from observability.traces.finished_spans import Attributes
from service.events import DependencyCalled, Outcome, RequestAdmitted, StreamEnded, StreamRecovered, StreamStarted

_MAX_EVENTS = 120
"""Receivers of spans accept 128 events; the last ones are reserved for how the stream ends."""


class StreamRecord(Struct):
    """One stream on one connection."""

    origin: RequestAdmitted | StreamRecovered
    started: StreamStarted | None = None
    first_chunk_seconds: float | None = None
    fault: str = ""
    """The class of the exception that caused the last fault, if there was one."""
    events: list[RecordedEvent] = field(default_factory=list)
    events_dropped: int = 0
    calls: list[DependencyCalled] = field(default_factory=list)
    """Of data systems, for which it waited."""

    def ns(self, seconds: float) -> int:
        """The time of a monotonic time in seconds. All times of a stream have one origin, so their order is right."""
        received = self.origin.times.received
        return int(received.wall * 1e9) + round((seconds - received.seconds) * 1e9)

    def add_event(self, event: SpanEvent, attributes: Attributes | None, now_ns: int) -> None:
        if len(self.events) < _MAX_EVENTS or event in (spans.LAST_CHUNK, spans.EXCEPTION):
            self.events.append(RecordedEvent(event.name, attributes, now_ns))
        else:
            self.events_dropped += 1

    def failed(self, ended: StreamEnded) -> bool:
        """Whether it ended, or was prepared in another way, by a fault of the service."""
        return bool(self.fault) or ended.outcome is Outcome.ERROR

    def span_events(self) -> Sequence[RecordedEvent]:
        """The events, with the number of dropped ones in the form of OpenTelemetry."""
        if not self.events_dropped:
            return self.events
        events = BoundedList.from_seq(len(self.events), self.events)
        events.dropped = self.events_dropped
        return events

    def attributes(self, ended: StreamEnded) -> Attributes:
        """The attributes of the span ``stream``."""
        attributes: Attributes = {
            spans.SESSION_ID.name: ended.session_id,
            spans.CONNECTION_ID.name: ended.connection_id,
            spans.STREAM_ID.name: ended.stream_id,
            spans.CONTENT_TYPE.name: ended.content_type,
            spans.OUTCOME.name: ended.outcome,
            spans.CHUNKS_SENT.name: ended.chunks,
            spans.BYTES_SENT.name: ended.bytes,
            spans.PAUSED_TIME.name: ended.paused_seconds,
        }
        if ended.subject:
            attributes[spans.ENDUSER_ID.name] = ended.subject
        match self.origin:
            case StreamRecovered() as recovered:
                attributes[spans.RECOVERY.name] = RecoveryKind.of(repeated=recovered.repeated)
                attributes[spans.NEXT_INDEX.name] = recovered.next_index
                attributes[spans.TAKEOVERS.name] = recovered.takeovers
                attributes[spans.CHUNKS_PLANNED.name] = recovered.chunks
            case RequestAdmitted() as admitted:
                attributes[spans.REQUEST_NUMBER.name] = admitted.number
                attributes[spans.CONTENT_BYTES.name] = admitted.content_bytes
        if ended.error is not None:
            attributes[spans.ERROR_CODE.name] = ended.error
        if self.failed(ended):
            attributes[spans.ERROR_TYPE.name] = self.fault or ended.error or ended.outcome
        if (started := self.started) is not None:
            attributes[spans.COMPLEXITY.name] = started.complexity
            attributes[spans.WORDS.name] = started.word_count
            if started.removed:
                attributes[spans.REMOVED.name] = sum(started.removed.values())
            attributes[spans.SPEED.name] = started.speed
            attributes[spans.ADAPTIVE.name] = started.adaptive
            attributes[spans.CHUNKS_PLANNED.name] = started.chunks
        if self.first_chunk_seconds is not None:
            attributes[spans.TIME_TO_FIRST_CHUNK.name] = self.first_chunk_seconds
        return attributes

"""The spans of live streams: one for the publishing of each, and one below it for each reader.

They are created where they end, which may be another process than the one where they began.
"""

from collections.abc import Callable
from secrets import randbits
from typing import assert_never

from opentelemetry.sdk.trace import Event as RecordedEvent

from observability.registry import spans
from observability.registry.span_types import SpanEvent
from observability.traces.finished_spans import Attributes, FinishedSpans, local_context, remote_context
from observability.traces.handshake_spans import HandshakeSpans
from service import events
from service.events import LiveOutcome, ReadingEnd
from service.protocol.trace import Trace

_MOST_STREAMS = 10_000
"""Streams whose events are remembered, until they end here: they may also end in another process."""
_MOST_EVENTS = 100


class LiveSpans:
    """Exports the spans of live streams of sampled traces. ``wall_ns`` returns nanoseconds of the epoch."""

    def __init__(self, finished: FinishedSpans, handshakes: HandshakeSpans, wall_ns: Callable[[], int]) -> None:
        self._finished = finished
        self._handshakes = handshakes
        self._wall_ns = wall_ns
        self._events: dict[str, list[RecordedEvent]] = {}
        """That this process saw, by the span of the stream."""

    def record(self, event: events.LiveEvent) -> None:
        match event:
            case events.ProducerStalled():
                self._add(event.trace, spans.PRODUCER_STALLED)
            case events.ProducerContinued():
                self._add(event.trace, spans.PRODUCER_CONTINUED, {spans.LIVE_SILENT_TIME.name: event.silent_seconds})
            case events.ProducerLost():
                self._add(event.trace, spans.PRODUCER_LOST)
            case events.LiveStreamAdopted():
                self._add(event.trace, spans.ADOPTED, {spans.LIVE_SILENT_TIME.name: event.silent_seconds})
            case events.LiveStreamEnded():
                self._ended(event)
            case events.LiveReaderDetached():
                self._detached(event)
            case events.LiveStreamCreated() | events.LiveReaderAttached() | events.LiveFirstChunkSent():
                pass
            case events.LiveAppendsStored() | events.AppendRefused():
                pass
            case events.LiveStreamsCounted() | events.PublishSocketsCounted() | events.LiveMeasured():
                pass
            case _:
                assert_never(event)

    def _add(self, trace: Trace, event: SpanEvent, attributes: Attributes | None = None) -> None:
        if not trace.sampled:
            return
        if trace.span_id not in self._events and len(self._events) >= _MOST_STREAMS:
            del self._events[next(iter(self._events))]
        recorded = self._events.setdefault(trace.span_id, [])
        if len(recorded) < _MOST_EVENTS:
            recorded.append(RecordedEvent(event.name, attributes, self._wall_ns()))

    def _ended(self, event: events.LiveStreamEnded) -> None:
        recorded = self._events.pop(event.trace.span_id, ())
        if not event.trace.sampled:
            return
        attributes: Attributes = {
            spans.SESSION_ID.name: event.session_id,
            spans.STREAM_ID.name: event.stream_id,
            spans.CONTENT_TYPE.name: event.content_type,
            spans.SPEED.name: event.speed,
            spans.LIVE_OUTCOME.name: event.outcome,
            spans.CONTENT_BYTES.name: event.bytes,
            spans.TAKEOVERS.name: event.epochs,
        }
        if event.subject:
            attributes[spans.ENDUSER_ID.name] = event.subject
        parent = remote_context(event.trace.parent)
        self._finished.emit(
            spans.PUBLISH,
            local_context(int(event.trace.trace_id, 16), int(event.trace.span_id, 16), parent),
            parent,
            int(event.created_at * 1e9),
            int(event.ended_at * 1e9),
            attributes=attributes,
            events=recorded,
            failed=event.outcome in (LiveOutcome.ERROR, LiveOutcome.ABANDONED),
        )

    def _detached(self, event: events.LiveReaderDetached) -> None:
        if not event.trace.sampled:
            return
        attributes: Attributes = {
            spans.SESSION_ID.name: event.session_id,
            spans.CONNECTION_ID.name: event.connection_id,
            spans.STREAM_ID.name: event.stream_id,
            spans.CONTENT_TYPE.name: event.content_type,
            spans.READING_WAY.name: event.way,
            spans.READING_END.name: event.end,
            spans.CHUNKS_SENT.name: event.chunks,
            spans.BYTES_SENT.name: event.bytes,
            spans.REPLACEMENTS.name: event.replacements,
            spans.LONGEST_GAP.name: event.longest_gap_seconds,
            spans.LONGEST_WAIT.name: event.longest_wait_seconds,
            spans.PAUSED_TIME.name: event.paused_seconds,
        }
        if event.first_chunk_seconds is not None:
            attributes[spans.RESPONSE_FIRST_CHUNK.name] = event.first_chunk_seconds
        publishing = local_context(int(event.trace.trace_id, 16), int(event.trace.span_id, 16))
        end_ns = self._wall_ns()
        self._finished.emit(
            spans.READ,
            local_context(publishing.trace_id, randbits(64), publishing),
            publishing,
            end_ns - int(event.seconds * 1e9),
            end_ns,
            attributes=attributes,
            links=self._handshakes.links(event.connection_id),
            failed=event.end is ReadingEnd.ERROR,
        )

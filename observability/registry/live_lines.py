"""The log events of live streams. What happens with each append or chunk has none."""

from observability.registry.log_types import (
    BYTES,
    MILLISECONDS,
    SECONDS,
    SESSION_ID,
    SPAN_ID,
    STREAM_FIELDS,
    STREAM_ID,
    SUBJECT,
    TRACE_ID,
    LogEvent,
    LogField,
    LogLevel,
    one_of,
)
from service.events import LiveOutcome, ReadingEnd, ReadingWay, RefusedAppend
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed

_OF_STREAM = (TRACE_ID, SPAN_ID, SESSION_ID, STREAM_ID)
_CONTENT_TYPE = LogField("content_type", one_of(ContentType))
_SOURCE = LogField("bytes", "of the source that is stored", BYTES)
_WAY = LogField("way", f"{one_of(ReadingWay)}: how the reader came")

LIVE_STREAM_CREATED = LogEvent(
    "live_stream_created",
    LogLevel.INFO,
    "Live stream created: session={session_id}, type={content_type}",
    "a producer creates a live stream",
    (
        *_OF_STREAM,
        SUBJECT,
        _CONTENT_TYPE,
        LogField("speed", f"of readers that ask for none: {one_of(Speed)}"),
        LogField("chunk_by", f"the chunk strategy: {one_of(ChunkBy)}"),
        LogField("sampled", "the sampling decision: whether the spans of the trace are exported"),
    ),
)
LIVE_STREAM_ENDED = LogEvent(
    "live_stream_ended",
    LogLevel.INFO,
    "Live stream ended: {outcome}, {bytes} bytes in {seconds:.1f} s",
    "a live stream reaches its end",
    (
        *_OF_STREAM,
        SUBJECT,
        LogField(
            "outcome",
            f"{one_of(LiveOutcome)}; abandoned: its producer was lost, and no other one adopted it",
        ),
        _SOURCE,
        LogField("seconds", "since it was created", SECONDS),
        LogField("epochs", "the number of times that it was adopted"),
    ),
)
APPEND_REFUSED = LogEvent(
    "append_refused",
    LogLevel.INFO,
    "Request of a producer refused: {reason}",
    "a creation, an append, a close or an adopt of a live stream changes nothing",
    (LogField("reason", one_of(RefusedAppend)), SESSION_ID, STREAM_ID),
    burst=50,
)
LIVE_STREAM_ADOPTED = LogEvent(
    "live_stream_adopted",
    LogLevel.INFO,
    "Live stream adopted after {seconds:.1f} s of silence: epoch {epoch}",
    "another producer continues a live stream; appends of the earlier one are refused from now on",
    (
        *_OF_STREAM,
        LogField("epoch", "the number of times that the stream was adopted"),
        LogField("seconds", "since the earlier producer was heard of", SECONDS),
    ),
)
PRODUCER_STALLED = LogEvent(
    "producer_stalled",
    LogLevel.INFO,
    "Producer stalled: nothing was heard of it for 5 s",
    "the producer of an open live stream neither appends nor renews its lease; its readers see that",
    _OF_STREAM,
    burst=50,
)
PRODUCER_CONTINUED = LogEvent(
    "producer_continued",
    LogLevel.INFO,
    "Producer continues after {seconds:.1f} s",
    "a producer that had stalled is heard of again",
    (*_OF_STREAM, LogField("seconds", "for which it was not heard of", SECONDS)),
    burst=50,
)
PRODUCER_LOST = LogEvent(
    "producer_lost",
    LogLevel.WARNING,
    "Producer lost: its live stream is interrupted at {bytes} bytes, and another producer may adopt it",
    "the lease of a producer is over; logged by one process",
    (*_OF_STREAM, _SOURCE),
    burst=50,
)
LIVE_READER_ATTACHED = LogEvent(
    "live_reader_attached",
    LogLevel.INFO,
    "Reader of a live stream: {way}, type={content_type}, {html_mode}",
    "the stream_start of a live stream is sent to a reader",
    (
        *STREAM_FIELDS,
        _WAY,
        _CONTENT_TYPE,
        LogField("html_mode", one_of(HtmlMode)),
        LogField("late", "whether there was something to show already"),
        LogField("settled", "what the reader has from before", "UTF-16 code units"),
    ),
    burst=200,
)
LIVE_FIRST_CHUNK_SENT = LogEvent(
    "live_first_chunk_sent",
    LogLevel.DEBUG,
    "First chunk of a live stream after {ms} ms",
    "the first chunk of a live stream is sent to a reader that was not late",
    (TRACE_ID, SPAN_ID, STREAM_ID, LogField("ms", "since the beginning of the reader, without pauses", MILLISECONDS)),
    burst=200,
)
LIVE_READER_DETACHED = LogEvent(
    "live_reader_detached",
    LogLevel.INFO,
    "Reader of a live stream has ended: {end}, {chunks} chunks, {bytes} bytes in {seconds:.1f} s",
    "a reader receives no more of a live stream",
    (
        *STREAM_FIELDS,
        LogField("end", f"{one_of(ReadingEnd)}: how it ended for the reader"),
        _WAY,
        LogField("chunks", "sent to it"),
        LogField("bytes", "of their text", BYTES),
        LogField("seconds", "since its beginning", SECONDS),
        LogField("replacements", "chunks that replaced what was sent before"),
        LogField("first_chunk_seconds", "since its beginning; absent if there was no chunk", SECONDS),
        LogField("gap_seconds", "the longest between two chunks", SECONDS),
        LogField("wait_seconds", "the longest from the arrival of source at the service to its chunk", SECONDS),
    ),
    burst=200,
)

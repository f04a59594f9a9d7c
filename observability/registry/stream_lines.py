"""The log events of requests and streams."""

from observability.registry.log_types import (
    BYTES,
    CONNECTION_ID,
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
from service.content.html.removal import Removal
from service.events import Outcome
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, RefusalReason, Speed

_CONTROL_FIELDS = (TRACE_ID, SPAN_ID, SESSION_ID, STREAM_ID)
_CONTENT_TYPE = LogField("content_type", one_of(ContentType))
_CHUNKS_PLANNED = LogField("chunks", "of the plan")
_COMPLETE = (Outcome.COMPLETED, Outcome.SKIPPED)
_SENT = (
    LogField("chunks", "sent on this connection"),
    LogField("bytes", "sent on this connection", BYTES),
    LogField("seconds", "since stream_start, or stream_recovered", SECONDS),
    LogField("resumable", "whether the stream is stored and another connection may recover it"),
)

STREAM_REQUESTED = LogEvent(
    "stream_requested",
    LogLevel.INFO,
    "Stream request #{number}: session={session_id}, length={bytes} bytes, type={content_type}",
    "a request is admitted",
    (
        *STREAM_FIELDS,
        SUBJECT,
        LogField("number", "of the request within its session, from 1"),
        _CONTENT_TYPE,
        LogField("bytes", "size of the content", BYTES),
        LogField("speed", f"as requested: {one_of(Speed)}"),
        LogField("chunk_by", f"the chunk strategy: {one_of(ChunkBy)}"),
        LogField("html_mode", one_of(HtmlMode)),
        LogField("has_request_id", "whether the client sent a request_id"),
        LogField("sampled", "the sampling decision: whether the spans of the trace are exported"),
    ),
    sign="🔄",
)
CONTENT_ANALYSED = LogEvent(
    "content_analysed",
    LogLevel.INFO,
    "Content analysis: {complexity} complexity, {words} words, {chunks} chunks",
    "the plan of a request is ready, and stream_start is sent",
    (
        *STREAM_FIELDS,
        LogField("complexity", one_of(Complexity)),
        LogField("words", "of the content"),
        LogField("removed", f"what sanitising removed, by kind: {one_of(Removal)}; absent if nothing"),
        _CHUNKS_PLANNED,
        LogField("speed", f"as selected: {one_of(Speed)}"),
        LogField("queued_ms", "time in the queue of the connection", MILLISECONDS),
        LogField("processing_ms", "preparation, including the wait for the content thread", MILLISECONDS),
    ),
    sign="📊",
)
ADAPTIVE_SPEED_SELECTED = LogEvent(
    "adaptive_speed_selected",
    LogLevel.INFO,
    "Adaptive speed selected: {speed}",
    "the service chose the speed of a stream by the complexity of its content",
    (*STREAM_FIELDS, LogField("speed", f"as selected: {one_of(Speed)}")),
    sign="⚡",
)
FALLBACK_USED = LogEvent(
    "fallback_used",
    LogLevel.ERROR,
    "{stage} failed, using fallback: type={content_type}",
    "content could not be split and is streamed in few large chunks, with a fault_raised; or its HTML could not be "
    "sanitised and is streamed as text",
    (*STREAM_FIELDS, LogField("stage", "Chunking or Sanitising"), _CONTENT_TYPE),
    sign="❌",
    burst=50,
)
FIRST_CHUNK_SENT = LogEvent(
    "first_chunk_sent",
    LogLevel.DEBUG,
    "First chunk after {ms} ms",
    "the first chunk of a stream is sent",
    (
        TRACE_ID,
        SPAN_ID,
        STREAM_ID,
        LogField(
            "ms",
            "since the arrival of the request, without queue and pauses",
            MILLISECONDS,
        ),
    ),
)
CHUNK_SENT = LogEvent(
    "chunk_sent",
    LogLevel.DEBUG,
    "Chunk {index} sent",
    "a chunk is sent, and LOG_CONTENT is on",
    (
        TRACE_ID,
        SPAN_ID,
        STREAM_ID,
        LogField("index", "of the chunk, from 0"),
        LogField("quote", "its content, at most 500 characters"),
    ),
)
STREAM_RECOVERED = LogEvent(
    "stream_recovered",
    LogLevel.INFO,
    "Stream {result}: continues at chunk {next_index} of {chunks}",
    "a stream continues on another connection",
    (
        *STREAM_FIELDS,
        LogField("result", "recovered, or repeated if its request was sent again and the stream restarts"),
        LogField("next_index", "of the next chunk, from 0"),
        _CHUNKS_PLANNED,
        LogField("takeovers", "the number of times that the stream was acquired by another connection"),
        LogField("waited_ms", "since the request of the client", MILLISECONDS),
    ),
)
RECOVERY_REFUSED = LogEvent(
    "recovery_refused",
    LogLevel.INFO,
    "Recovery refused: {reason}",
    "a client requests a stream that it cannot recover; it may send the whole request again",
    (SESSION_ID, CONNECTION_ID, LogField("reason", one_of(RefusalReason))),
    burst=50,
)
RECOVERY_DETAIL = LogEvent(
    "recovery_detail",
    LogLevel.DEBUG,
    "Stream id of the refused recovery",
    "a recovery is refused; the id is the text that the client sent",
    (SESSION_ID, CONNECTION_ID, LogField("quote", "the id, at most 200 characters")),
    burst=50,
)
STREAM_PAUSED = LogEvent(
    "stream_paused", LogLevel.DEBUG, "Stream paused", "a client pauses its stream", _CONTROL_FIELDS
)
STREAM_RESUMED = LogEvent(
    "stream_resumed", LogLevel.DEBUG, "Stream resumed", "a client resumes its stream", _CONTROL_FIELDS
)
STREAM_SKIPPED = LogEvent(
    "stream_skipped",
    LogLevel.DEBUG,
    "Stream skipped: the remaining chunks are sent at once",
    "a client skips to the end",
    _CONTROL_FIELDS,
)
STREAM_COMPLETED = LogEvent(
    "stream_completed",
    LogLevel.INFO,
    "Stream complete: {chunks} chunks sent, {bytes} bytes in {seconds:.1f} s",
    "the last chunk of a stream was sent",
    (*STREAM_FIELDS, SUBJECT, LogField("outcome", one_of(_COMPLETE)), *_SENT),
    sign="✅",
)
CLIENT_REPORTED = LogEvent(
    "client_reported",
    LogLevel.DEBUG,
    "The client reports: {breaks} lost connections during the stream",
    "a client sends client_report for a stream that has ended, and CLIENT_REPORTS is on; all values are its claims",
    (
        TRACE_ID,
        SPAN_ID,
        SESSION_ID,
        STREAM_ID,
        LogField("first_chunk_seconds", "from its request to the first chunk; absent if it received none", SECONDS),
        LogField("gap_seconds", "the longest between two chunks; absent if it received fewer than two", SECONDS),
        LogField("breaks", "lost connections during the stream"),
    ),
)
STREAM_ENDED = LogEvent(
    "stream_ended",
    LogLevel.INFO,
    "Stream ended: {outcome}, {chunks} chunks sent, {bytes} bytes in {seconds:.1f} s",
    "an admitted request ended in another way than stream_completed",
    (
        *STREAM_FIELDS,
        SUBJECT,
        LogField("outcome", one_of(outcome for outcome in Outcome if outcome not in _COMPLETE)),
        *_SENT,
        LogField("code", "of the error that ended it"),
    ),
)

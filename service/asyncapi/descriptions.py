"""What the document says in words. Names, types, bounds and defaults stand nowhere here: they come from the types.

A test finds what lacks words here, and words for what is gone.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.protocol.messages import GAP_SECONDS
from service.protocol import errors, messages
from service.protocol.messages import ChunkBy, Complexity, ContentType, ControlAction, HtmlMode, RefusalReason, Speed


def _gap(speed: Speed) -> str:
    return f"{GAP_SECONDS[speed] * 1000:.0f} ms between two chunks"


MESSAGES: Mapping[type[Struct], str] = {
    messages.StreamRequest: "Content to stream.",
    messages.StreamControl: "A word to the stream that runs, or comes next.",
    messages.Recover: "Go on with a stream that broke off, or has ended, on this connection.",
    messages.Ack: "The client has all chunks up to an index. Optional: after the last one the stored stream can go.",
    messages.Ping: "Is anybody there? Starts idle time anew, as every message does.",
    messages.Heartbeat: "The same as ping, with the session in its answer.",
    messages.Connected: "Once, first: the session, its limits and what is left of them.",
    messages.StreamStart: "The request's turn has come, and its content is prepared.",
    messages.StreamRecovered: "The answer to recover: where the stream goes on, or why it does not.",
    messages.Chunk: "A piece of the prepared content. All data, joined in order, is the whole of it.",
    messages.StreamComplete: "The stream has ended: all of it was sent.",
    messages.StreamPaused: "No chunk follows until stream_resumed.",
    messages.StreamResumed: "The pace goes on where it stopped.",
    messages.StreamSkipped: "What is left follows at once, merged into as few chunks as the chunk limit allows.",
    messages.StreamCancelled: "The stream has ended, and the next waiting request starts.",
    messages.Pong: "The answer to ping, at once, also in the middle of a stream.",
    messages.HeartbeatAck: "The answer to heartbeat.",
    messages.ErrorMessage: "What went wrong. A mistake gets this and nothing else happens, unless it is fatal.",
}

ANSWERS: Mapping[type[Struct], tuple[type[Struct], ...]] = {
    messages.StreamRequest: (
        messages.StreamStart,
        messages.Chunk,
        messages.StreamComplete,
        messages.StreamCancelled,
        messages.ErrorMessage,
    ),
    messages.StreamControl: (
        messages.StreamPaused,
        messages.StreamResumed,
        messages.StreamSkipped,
        messages.StreamCancelled,
        messages.ErrorMessage,
    ),
    messages.Recover: (
        messages.StreamRecovered,
        messages.Chunk,
        messages.StreamComplete,
        messages.StreamCancelled,
        messages.ErrorMessage,
    ),
    messages.Ack: (messages.ErrorMessage,),
    messages.Ping: (messages.Pong,),
    messages.Heartbeat: (messages.HeartbeatAck,),
}
"""What may come back for each message of a client."""

ANY_MESSAGE: Mapping[str, str] = {
    "type": "Which message this is.",
    "timestamp": "When it was sent: ISO 8601 in UTC, with milliseconds and Z.",
    "session_id": "As in the path.",
    "stream_id": "Names the stream, in messages, logs and errors.",
    "trace_id": "Of the stream's trace: the client's, where its traceparent was sound, else a new one.",
    "request_id": "As the client gave it; absent if it gave none.",
}
"""What a field means wherever it stands, unless ``FIELDS`` says otherwise."""

FIELDS: Mapping[str, Mapping[str, str]] = {
    "StreamRequest": {
        "content": "What to stream. Empty, or only white space, is EMPTY_CONTENT; over max_content_size bytes of UTF-8 "
        "is CONTENT_TOO_LARGE.",
        "content_type": "What it is. HTML is sanitised; Markdown becomes HTML and is treated as that.",
        "speed": "The pace.",
        "chunk_by": "Where it is cut.",
        "html_mode": "How HTML is cut. It says nothing to text.",
        "request_id": "A label that comes back in all that answers this request.",
        "trace": "The client's trace, in which the stream's own is to stand.",
        "token": "The resume_token of the connection on which this request, with this request_id, came first: it is "
        "then the same stream, charged once.",
    },
    "Trace": {
        "traceparent": "Of W3C Trace Context. One that does not follow it is ignored.",
        "tracestate": "Of W3C Trace Context. One that does not follow it is ignored.",
    },
    "StreamControl": {"action": "What the stream is to do."},
    "Recover": {
        "stream_id": "From its stream_start.",
        "last_index": "Of the last chunk that the client has; -1 for none.",
        "token": "The resume_token of the connection that the stream was started on, or recovered onto.",
    },
    "Ack": {"stream_id": "From its stream_start.", "index": "Of the last chunk that the client has."},
    "Connected": {
        "limits": "The limits in force.",
        "version": "Of the service.",
        "requests_left": "What this session may still ask for.",
        "session_expires_at": "The session's deadline.",
        "resume_token": "Opens this connection's streams to another: a secret. Absent where content is not stored.",
    },
    "SessionLimits": {
        "max_requests": "Requests of a session.",
        "max_content_size": "Bytes of UTF-8 in a request's content.",
        "max_session_duration": "Seconds that a session lasts from its first connection.",
        "idle_timeout": "Seconds that a connection may be silent while nothing streams.",
        "chunk_timeout": "Seconds that a client may take no data.",
        "max_chunk_size": "Characters of a chunk: hard for text, soft for HTML that cannot be cut.",
    },
    "StreamStart": {
        "total_chunks": "Planned; a skip makes it fewer.",
        "content_type": "As asked for.",
        "resumable": "Whether the stream can be recovered, whatever becomes of this connection and this process.",
        "metadata": "What the content turned out to be.",
    },
    "StreamMetadata": {
        "complexity": "From tags and words; adaptive takes its speed from it.",
        "word_count": "Words of the visible text.",
        "has_html": "Whether what is streamed is HTML with elements in it.",
        "speed_used": "The speed taken: the asked one, or what adaptive chose.",
        "processing_time_ms": "The content work.",
        "avg_chunk_size": "Of the planned chunks, in characters.",
        "max_chunk_size": "Of the planned chunks, in characters.",
        "chunk_count": "The same as total_chunks.",
        "estimated_duration_ms": "From the first chunk to the last, if nothing interferes.",
    },
    "StreamRecovered": {
        "recovered": "Whether the stream goes on here. If not, there is a reason, and nothing else of the stream.",
        "reason": "Why it does not.",
        "next_index": "Of the chunk that follows; the number of chunks if none does.",
        "paused": "Whether it waits for resume.",
        "total_chunks": "Planned; a skip makes it fewer.",
    },
    "Chunk": {
        "data": "The piece: text, or HTML that is safe to show.",
        "index": "Counts from 0 without a gap.",
        "close": "In html_mode incremental: the end tags of what is open after this chunk; empty if nothing is.",
    },
    "StreamComplete": {
        "total_chunks": "What was sent: the last index + 1.",
        "metadata": "What was sent, in figures.",
    },
    "CompletionMetadata": {
        "duration_ms": "Since stream_start, or stream_recovered.",
        "bytes": "Of UTF-8, in all data.",
        "skipped": "Whether it was skipped.",
    },
    "ErrorMessage": {
        "code": "For programs.",
        "message": "A sentence that says what to do: for people. Its words may change.",
        "fatal": "Whether the socket closes after it.",
        "retryable": "Whether the same may work later; else sending it again unchanged fails again.",
    },
}
"""What each field means, by the name of its schema."""

VALUES: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    ContentType: {
        ContentType.TEXT: "plain text; comes back exactly",
        ContentType.HTML: "HTML; what is not allowed is taken out",
        ContentType.MARKDOWN: "GitHub Flavored Markdown; comes back as HTML",
    },
    Speed: {
        **{speed: _gap(speed) for speed in GAP_SECONDS},
        Speed.ADAPTIVE: "takes one of the others from the content",
    },
    ChunkBy: {
        ChunkBy.WORD: "between words",
        ChunkBy.SENTENCE: "between sentences",
        ChunkBy.PARAGRAPH: "between paragraphs",
        ChunkBy.CHARACTER: "between what a reader takes for one character",
    },
    HtmlMode: {
        HtmlMode.FRAGMENT: "each chunk is whole by itself: append it",
        HtmlMode.INCREMENTAL: "cuts inside elements too: show all data so far, with the last close behind it",
    },
    ControlAction: {
        ControlAction.PAUSE: "no chunk until it is resumed; answered by stream_paused",
        ControlAction.RESUME: "go on after a pause; answered by stream_resumed",
        ControlAction.SKIP: "the rest at once; answered by stream_skipped, and stream_resumed after a pause",
        ControlAction.CANCEL: "no more of it; answered by stream_cancelled",
    },
    Complexity: {
        Complexity.LOW: "adaptive is superfast",
        Complexity.MEDIUM: "adaptive is fast",
        Complexity.HIGH: "adaptive is normal",
    },
    RefusalReason: {
        RefusalReason.UNKNOWN: "no such stream, or its time is over, or the token does not open it",
        RefusalReason.SESSION_OVER: "its session is over",
        RefusalReason.POSITION: "there is no such index, or nobody can say what followed it",
        RefusalReason.RUNNING: "it is running, or waiting, on this very connection",
        RefusalReason.VERSION: "another version of the service stored it",
        RefusalReason.UNAVAILABLE: "the store is away, or content is not stored; this may change",
    },
}
"""What each name stands for. That of an error code is in ``ERRORS``."""

ERRORS: Mapping[type[errors.StreamingError], str] = {
    errors.InvalidMessage: "not JSON, not an object, a field of the wrong type or out of its bounds, a binary frame",
    errors.UnknownMessageType: "unknown or missing type",
    errors.InvalidContentType: "unknown content_type",
    errors.InvalidChunkStrategy: "unknown chunk_by",
    errors.InvalidSpeed: "unknown speed",
    errors.InvalidHtmlMode: "unknown html_mode",
    errors.InvalidControlAction: "unknown or missing action",
    errors.NoActiveStream: "a control without a stream, or an ack of a stream that this connection has not had",
    errors.ContentTooLarge: "the content is over its limit as sent",
    errors.EmptyContent: "nothing to stream",
    errors.PreparedTooLarge: "the content grew over its limit while it was converted",
    errors.RateLimitExceeded: "the session has used its requests",
    errors.QueueFull: "too many requests wait already on this connection",
    errors.OverCapacity: "the server is full",
    errors.SessionTimeout: "the session is over",
    errors.IdleTimeout: "nothing came for too long",
    errors.SlowClient: "the client took no data for too long",
    errors.StreamTakenOver: "another connection has recovered the stream that ran here",
    errors.ChunkingFailed: "the content could not be cut: a fault of the service",
    errors.ProcessingFailed: "the content could not be processed: a fault of the service",
    errors.InternalError: "a fault of the service; the message names the id under which it was recorded",
}
"""When each comes."""

REFUSALS: Mapping[int, str] = {
    400: "the session id is not one",
    403: "the Origin is not allowed; a client that sends none always passes",
    404: "no socket at this path",
    503: "the server goes away; Retry-After says when to come again",
}
"""Why a handshake is answered with each HTTP status, before the socket opens."""

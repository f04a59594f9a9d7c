"""The log events of connections and of the errors that are sent to clients."""

from observability.registry.log_types import (
    CONNECTION_ID,
    SECONDS,
    SESSION_ID,
    STREAM_FIELDS,
    SUBJECT,
    LogEvent,
    LogField,
    LogLevel,
    one_of,
)
from service.events import AttemptOutcome, CloseReason

_CODE = LogField("code", "the error code of the protocol")

CONNECTION_REFUSED = LogEvent(
    "connection_refused",
    LogLevel.INFO,
    "Connection refused: {outcome}",
    "a handshake is refused because of the request or its address, or because the service shuts down; or a reader by "
    "server-sent events because of its address",
    (
        LogField(
            "outcome",
            one_of(
                (
                    AttemptOutcome.REFUSED_SESSION,
                    AttemptOutcome.REFUSED_ORIGIN,
                    AttemptOutcome.REFUSED_DRAINING,
                    AttemptOutcome.REFUSED_ADDRESS,
                    AttemptOutcome.REFUSED_TOKEN,
                    AttemptOutcome.REFUSED_QUOTA,
                    AttemptOutcome.REFUSED_SECRET,
                ),
            ),
        ),
        SESSION_ID,
    ),
    burst=50,
)
CONNECTION_LIMIT_REACHED = LogEvent(
    "connection_limit_reached",
    LogLevel.WARNING,
    "Connection refused: MAX_CONNECTIONS connections are open, or all sockets",
    "a client receives OVER_CAPACITY, 503 where no socket is free, or 429 as a reader by server-sent events",
    (SESSION_ID,),
    burst=3,
)
CONNECTION_OPENED = LogEvent(
    "connection_opened",
    LogLevel.INFO,
    "WebSocket connected: {session_id}",
    "a connection is accepted",
    (SESSION_ID, CONNECTION_ID, SUBJECT, LogField("requests_used", "requests of the session on earlier connections")),
    sign="✅",
)
SESSION_JOINED = LogEvent(
    "session_joined",
    LogLevel.INFO,
    "The session {session_id} joined the store: {requests_used} requests used",
    "the first request or recovery, after the store is available again, of a connection that began without it; its "
    "streams can be recovered from then on",
    (SESSION_ID, CONNECTION_ID, LogField("requests_used", "requests of the session, on all connections")),
    burst=50,
)
CONNECTION_CLOSED = LogEvent(
    "connection_closed",
    LogLevel.INFO,
    "WebSocket disconnected: {session_id} (requests: {requests}), {reason}, code {code}, after {seconds:.1f} s",
    "a connection has ended",
    (
        SESSION_ID,
        CONNECTION_ID,
        SUBJECT,
        LogField("reason", one_of(CloseReason)),
        LogField("code", "the WebSocket close code; 1006 without a close frame"),
        LogField("seconds", "duration of the connection", SECONDS),
        LogField("requests", "that were admitted on the connection"),
    ),
    sign="🔌",
)
BACKPRESSURE_APPLIED = LogEvent(
    "backpressure_applied",
    LogLevel.DEBUG,
    "Backpressure applied: the socket of the client is full",
    "the kernel did not accept everything that was written",
    STREAM_FIELDS,
)
BACKPRESSURE_RELEASED = LogEvent(
    "backpressure_released",
    LogLevel.DEBUG,
    "Backpressure released after {seconds:.3f} s",
    "the kernel has accepted everything, or the connection is closed",
    (*STREAM_FIELDS, LogField("seconds", "since backpressure_applied", SECONDS)),
)
RATE_LIMIT_APPROACHING = LogEvent(
    "rate_limit_approaching",
    LogLevel.WARNING,
    "Rate limit approaching: {used} of {limit} requests used",
    "a session has used 80 % of its requests",
    (SESSION_ID, LogField("used", "requests so far"), LogField("limit", "MAX_REQUESTS_PER_SESSION")),
    sign="⚠️",
    burst=50,
)
RATE_LIMIT_EXCEEDED = LogEvent(
    "rate_limit_exceeded",
    LogLevel.WARNING,
    "Rate limit exceeded: {session_id}",
    "a request is refused because the session has used all its requests",
    (SESSION_ID, CONNECTION_ID, _CODE),
    sign="❌",
    burst=50,
)
CONTENT_TOO_LARGE = LogEvent(
    "content_too_large",
    LogLevel.WARNING,
    "Content too large: {session_id}",
    "a request is refused because its content exceeds MAX_CONTENT_SIZE, or PROCESSOR_MAX_CONTENT_SIZE once converted",
    (*STREAM_FIELDS, _CODE),
    sign="❌",
    burst=50,
)
SESSION_TIMEOUT = LogEvent(
    "session_timeout",
    LogLevel.WARNING,
    "Session timeout: {session_id}",
    "a session reaches MAX_SESSION_DURATION; its connection is closed with 4010",
    (*STREAM_FIELDS, _CODE),
    sign="❌",
    burst=50,
)
CONTENT_TOO_COSTLY = LogEvent(
    "content_too_costly",
    LogLevel.WARNING,
    "Stream processing error: content too costly, {session_id}",
    "a request ends because its content exceeds CONTENT_CPU_LIMIT or CONTENT_MEMORY_LIMIT; content_work_killed has "
    "the limit",
    (*STREAM_FIELDS, _CODE),
    sign="❌",
    burst=50,
)
PROCESSING_FAILED = LogEvent(
    "processing_failed",
    LogLevel.ERROR,
    "Stream processing error: {code}",
    "a client receives an error that is a fault of the service; fault_raised has the traceback",
    (*STREAM_FIELDS, _CODE),
    sign="❌",
    burst=50,
)
ERROR_SENT = LogEvent(
    "error_sent",
    LogLevel.INFO,
    "Error sent: {code}",
    "a client receives any other error",
    (*STREAM_FIELDS, _CODE),
    burst=50,
)
ERROR_DETAIL = LogEvent(
    "error_detail",
    LogLevel.DEBUG,
    "Text of the error {code}",
    "a client receives an error; the text may quote an option of the request, never its content",
    (*STREAM_FIELDS, _CODE, LogField("quote", "the text, at most 200 characters")),
    burst=50,
)

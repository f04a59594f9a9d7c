"""Every log event, declared once: nothing is logged that does not stand here.

A line has ``ts``, ``level``, ``event``, ``message`` and the fields of its event, as far as they are known. A message is
a template over fields that are numbers, ids or enums; what may hold a client's words is a field of its own, ``quote``,
and is shown only at DEBUG.
"""

from enum import StrEnum

from msgspec import Struct


class LogLevel(StrEnum):
    """What ``LOG_LEVEL`` may be, from all to little."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogField(Struct, frozen=True):
    name: str
    meaning: str
    unit: str = ""


class LogEvent(Struct, frozen=True):
    name: str
    """The machine's name of it, which stays when the message's wording changes."""
    level: LogLevel
    message: str
    """For a person: ``str.format`` over the fields."""
    when: str
    fields: tuple[LogField, ...] = ()
    burst: int | None = None
    """How many lines of it may be written in ten seconds; the rest is counted in one ``lines_suppressed``."""
    always: bool = False
    """Whether it is written whatever ``LOG_LEVEL`` says."""


_SESSION_ID = LogField("session_id", "the session")
_CONNECTION_ID = LogField("connection_id", "the connection")
_STREAM_ID = LogField("stream_id", "the stream")
_TRACE_ID = LogField("trace_id", "the trace that the stream belongs to: the client's, if it sent one")
_SPAN_ID = LogField("span_id", "the stream's own span")
_STREAM = (_TRACE_ID, _SPAN_ID, _SESSION_ID, _CONNECTION_ID, _STREAM_ID)
_CONTROLLED = (_TRACE_ID, _SPAN_ID, _SESSION_ID, _STREAM_ID)
_SECONDS = "s"
_MILLISECONDS = "ms"
_BYTES = "UTF-8 bytes"

# The service

SERVICE_STARTED = LogEvent(
    "service_started",
    LogLevel.INFO,
    "Streaming Content API {version} starts",
    "a process has read its settings",
    (
        LogField("version", "the version of the service"),
        LogField("settings", "all settings in force, by their variables; secrets are masked"),
    ),
)
EVERY_ORIGIN_ALLOWED = LogEvent(
    "every_origin_allowed",
    LogLevel.INFO,
    "Web pages of every origin may connect; list yours in ALLOWED_ORIGINS to refuse others",
    "the service starts, and ALLOWED_ORIGINS is *",
)
SERVICE_LISTENING = LogEvent(
    "service_listening",
    LogLevel.INFO,
    "Listening on {host}:{port} for {purpose}",
    "a socket is open to clients; whatever LOG_LEVEL says, as PORT=0 leaves the port to chance",
    (
        LogField("host", "the address"),
        LogField("port", "the port"),
        LogField("purpose", "streams, or metrics if METRICS_PORT is set"),
    ),
    always=True,
)
WORKER_REPLACED = LogEvent(
    "worker_replaced",
    LogLevel.ERROR,
    "A worker died and is replaced: process {pid}, exit code {exit_code}",
    "a process starts in the place of one that nobody had asked to end",
    (
        LogField("pid", "of the dead process"),
        LogField("exit_code", "its exit code; negative: the number of the signal that killed it"),
    ),
)
METRICS_UNSHARED = LogEvent(
    "metrics_unshared",
    LogLevel.ERROR,
    "This worker serves, but its numbers are in no scrape: {reason} Restart the service to have them back",
    "a worker finds no place for its numbers in METRICS_DIR",
    (LogField("reason", "what is wrong with the directory"),),
)
STORE_IN_MEMORY = LogEvent(
    "store_in_memory",
    LogLevel.ERROR,
    "The {what} is in memory only, as its file cannot be used: {reason}. A restart loses it, and each worker has "
    "its own: make DATA_DIR a directory that the service may write to, or move a damaged file away, and restart",
    "the service starts, and DATA_DIR cannot be written, or a file in it cannot be read",
    (LogField("what", "session_store or usage_store"), LogField("reason", "what is wrong with the file")),
)
DEPENDENCY_AWAY = LogEvent(
    "dependency_away",
    LogLevel.ERROR,
    "The {dependency} is away: {reason}. Meanwhile {meanwhile}",
    "a process could not reach what it leans on, and does without it; once until it is back",
    (
        LogField("dependency", "session_store, plan_cache, usage_store or database"),
        LogField("reason", "the exception, without content, tokens or passwords"),
        LogField("meanwhile", "what is lost or waits, for as long"),
    ),
    burst=20,
)
DEPENDENCY_BACK = LogEvent(
    "dependency_back",
    LogLevel.INFO,
    "The {dependency} is back",
    "a dependency answers again; whatever LOG_LEVEL says, as dependency_away was written too",
    (LogField("dependency", "session_store, plan_cache, usage_store or database"),),
    burst=20,
    always=True,
)
USAGE_DROPPED = LogEvent(
    "usage_dropped",
    LogLevel.ERROR,
    "{rows} rows of usage are lost: neither the queue nor the file in DATA_DIR could take them",
    "usage comes faster than it can be written, or the file cannot be written",
    (LogField("rows", "that are in no store"),),
    burst=3,
)
DRAIN_BEGAN = LogEvent(
    "drain_began",
    LogLevel.INFO,
    "Going away; open connections: {connections}",
    "the first SIGTERM or SIGINT",
    (LogField("connections", "that are open"),),
)
DRAIN_ENDED = LogEvent(
    "drain_ended",
    LogLevel.INFO,
    "Drained in {seconds:.1f} s; connections cut short: {cut}",
    "no connection is left, or DRAIN_SECONDS are over",
    (LogField("seconds", "since drain_began", _SECONDS), LogField("cut", "connections whose stream was not over")),
)
LOOP_LATE = LogEvent(
    "loop_late",
    LogLevel.WARNING,
    "The event loop was {lag_ms} ms late: every stream of this process waited",
    "something held the loop for over 100 ms",
    (LogField("lag_ms", "how late", _MILLISECONDS),),
    burst=3,
)

# Connections

CONNECTION_REFUSED = LogEvent(
    "connection_refused",
    LogLevel.INFO,
    "Refused a connection: {outcome}",
    "a handshake is refused for what the client asked, or because the service goes away",
    (LogField("outcome", "refused_session, refused_origin or refused_draining"), _SESSION_ID),
    burst=50,
)
SERVER_FULL = LogEvent(
    "server_full",
    LogLevel.WARNING,
    "Turned a connection away: all MAX_CONNECTIONS seats are taken",
    "a client gets OVER_CAPACITY",
    (_SESSION_ID,),
    burst=3,
)
CONNECTION_OPENED = LogEvent(
    "connection_opened",
    LogLevel.INFO,
    "Connected",
    "a client is let in",
    (_SESSION_ID, _CONNECTION_ID, LogField("requests_used", "requests of the session on earlier connections")),
)
CONNECTION_CLOSED = LogEvent(
    "connection_closed",
    LogLevel.INFO,
    "Disconnected ({reason}, code {code}) after {seconds:.1f} s; requests: {requests}",
    "a connection is gone",
    (
        _SESSION_ID,
        _CONNECTION_ID,
        LogField(
            "reason", "client, idle_timeout, session_timeout, slow_client, error, shutdown, taken_over or abnormal"
        ),
        LogField("code", "the WebSocket close code; 1006 if there was none"),
        LogField("seconds", "how long it lasted", _SECONDS),
        LogField("requests", "that were admitted on it"),
    ),
)
BACKPRESSURE_APPLIED = LogEvent(
    "backpressure_applied",
    LogLevel.DEBUG,
    "The client's socket is full; its chunks wait",
    "a client takes no more for now",
    _STREAM,
)
BACKPRESSURE_RELEASED = LogEvent(
    "backpressure_released",
    LogLevel.DEBUG,
    "The client's socket was full for {seconds:.3f} s",
    "a client has taken all again, or is gone",
    (*_STREAM, LogField("seconds", "since it was full", _SECONDS)),
)

# Requests and streams

STREAM_REQUESTED = LogEvent(
    "stream_requested",
    LogLevel.INFO,
    "Stream request #{number}: {bytes} bytes of {content_type}",
    "a request is admitted",
    (
        *_STREAM,
        LogField("number", "the how-many-eth request of its session"),
        LogField("content_type", "text, html or markdown"),
        LogField("bytes", "the content's length", _BYTES),
        LogField("sampled", "whether its trace is exported"),
    ),
)
REQUEST_OPTIONS = LogEvent(
    "request_options",
    LogLevel.DEBUG,
    "Options: speed {speed}, chunks by {chunk_by}, HTML mode {html_mode}",
    "a request is admitted",
    (
        *_STREAM,
        LogField("speed", "the requested speed"),
        LogField("chunk_by", "the chunk strategy"),
        LogField("html_mode", "fragment or incremental"),
        LogField("has_request_id", "whether the client sent a request_id"),
    ),
)
RATE_LIMIT_APPROACHING = LogEvent(
    "rate_limit_approaching",
    LogLevel.WARNING,
    "Rate limit approaching: {used} of {limit} requests are used",
    "a session has used 80 % of its requests",
    (_SESSION_ID, LogField("used", "requests so far"), LogField("limit", "MAX_REQUESTS_PER_SESSION")),
    burst=50,
)
STREAM_STARTED = LogEvent(
    "stream_started",
    LogLevel.INFO,
    "Content analysed: {complexity} complexity, {words} words, {chunks} chunks; {speed_choice} speed selected: {speed}",
    "the content is ready, and stream_start is sent",
    (
        *_STREAM,
        LogField("complexity", "low, medium or high"),
        LogField("words", "of the content"),
        LogField(
            "removed",
            "what sanitising took out, how many of which kind: element, subtree (an element with all that was in it), "
            "comment, event_handler, url, style, class, attribute or markup (all of it: it went out as text)",
        ),
        LogField("chunks", "of the plan"),
        LogField("speed_choice", "adaptive if the service chose the speed, requested if the client did"),
        LogField("speed", "the speed in force"),
        LogField("queued_ms", "how long it waited for its turn", _MILLISECONDS),
        LogField("processing_ms", "content work, with the wait for a thread", _MILLISECONDS),
    ),
)
FALLBACK_USED = LogEvent(
    "fallback_used",
    LogLevel.ERROR,
    "{step} failed, using fallback for the {content_type}",
    "content could not be cut, so it is streamed with hardly any cuts, and a fault_raised says why; or its HTML could "
    "not be made safe, so it is streamed as text",
    (
        *_STREAM,
        LogField("step", "Chunking or Sanitising"),
        LogField("content_type", "text, html or markdown"),
    ),
    burst=50,
)
FIRST_CHUNK_SENT = LogEvent(
    "first_chunk_sent",
    LogLevel.DEBUG,
    "First chunk after {ms} ms",
    "a stream's first chunk is sent",
    (_TRACE_ID, _SPAN_ID, _STREAM_ID, LogField("ms", "since the request left the queue", _MILLISECONDS)),
)
STREAM_RECOVERED = LogEvent(
    "stream_recovered",
    LogLevel.INFO,
    "Stream {result}: goes on at chunk {next_index} of {chunks}",
    "a stream that broke off goes on, on another connection",
    (
        *_STREAM,
        LogField("result", "recovered, or repeated if its request came again and it begins anew"),
        LogField("next_index", "of the chunk that comes next, from 0"),
        LogField("chunks", "of the plan"),
        LogField("takeovers", "how often it was taken over by now"),
        LogField("waited_ms", "since the client asked", _MILLISECONDS),
    ),
)
RECOVERY_REFUSED = LogEvent(
    "recovery_refused",
    LogLevel.INFO,
    "Recovery refused: {reason}",
    "a client asks for a stream that it cannot have; it may ask for the whole again",
    (
        _SESSION_ID,
        _CONNECTION_ID,
        LogField("reason", "unknown, session_over, position, running, version or unavailable"),
    ),
    burst=50,
)
RECOVERY_EXPLAINED = LogEvent(
    "recovery_explained",
    LogLevel.DEBUG,
    "The client asked for this stream",
    "a client asks for a stream that it cannot have: the id is the client's word",
    (_SESSION_ID, _CONNECTION_ID, LogField("quote", "the id")),
    burst=50,
)
STREAM_PAUSED = LogEvent("stream_paused", LogLevel.DEBUG, "Stream paused", "a client pauses its stream", _CONTROLLED)
STREAM_RESUMED = LogEvent(
    "stream_resumed", LogLevel.DEBUG, "Stream resumed", "a client resumes its stream", _CONTROLLED
)
STREAM_SKIPPED = LogEvent(
    "stream_skipped",
    LogLevel.DEBUG,
    "The rest of the stream is sent at once",
    "a client skips to the end",
    _CONTROLLED,
)
STREAM_ENDED = LogEvent(
    "stream_ended",
    LogLevel.INFO,
    "Stream {outcome}: {chunks} chunks, {bytes} bytes in {seconds:.1f} s",
    "an admitted request has come to its end",
    (
        *_STREAM,
        LogField(
            "outcome",
            "completed, skipped, cancelled, disconnected, rejected, error, timeout or shutdown; taken_over if another "
            "connection goes on with it",
        ),
        LogField("chunks", "that were sent on this connection"),
        LogField("bytes", "that were sent on this connection", _BYTES),
        LogField("seconds", "since stream_start, or stream_recovered", _SECONDS),
        LogField("resumable", "whether it is stored, so that another connection may go on with it"),
        LogField("code", "of the error that ended it"),
    ),
)
ERROR_ANSWERED = LogEvent(
    "error_answered",
    LogLevel.INFO,
    "Error answered: {code}",
    "a client is told of an error, whosever fault it was",
    (*_STREAM, LogField("code", "the protocol's error code")),
    burst=50,
)
ERROR_EXPLAINED = LogEvent(
    "error_explained",
    LogLevel.DEBUG,
    "The client was told as follows",
    "a client is told of an error: the sentence may quote a word of the client",
    (
        *_STREAM,
        LogField("code", "the protocol's error code"),
        LogField("quote", "the sentence"),
    ),
    burst=50,
)

# Faults

FAULT_RAISED = LogEvent(
    "fault_raised",
    LogLevel.ERROR,
    "Fault in {place}: error id {error_id}",
    "an exception that should not have been: ours to mend",
    (
        LogField("error_id", "names this fault; what the client was told to report, if it was"),
        LogField("place", "admission, content, connection, session_store, recovery, http or event_loop"),
        *_STREAM,
        LogField(
            "exception",
            "the traceback, without local variables and without such words of an exception as may quote content "
            "(at DEBUG with them), headers, query strings or addresses (never with them); not more than 50 in ten "
            "seconds, and of a long one the end",
        ),
    ),
)

SINK_FAILED = LogEvent(
    "sink_failed",
    LogLevel.ERROR,
    "{sink} failed on an event, which it has not told of",
    "metrics, traces, logs or Sentry met a bug of ours; streams do not notice",
    (
        LogField("sink", "which of them"),
        LogField("exception", "the traceback, as in fault_raised"),
    ),
    burst=3,
)

# HTTP

HTTP_ANSWERED = LogEvent(
    "http_answered",
    LogLevel.DEBUG,
    "{method} {route}: {status} in {ms} ms",
    "an HTTP route has answered",
    (
        LogField("method", "the request's"),
        LogField("route", "the path's pattern; - if none matched"),
        LogField("status", "the answer's"),
        LogField("ms", "how long it took", _MILLISECONDS),
    ),
    burst=50,
)

# The log itself

LIBRARY_MESSAGE = LogEvent(
    "library_message",
    LogLevel.WARNING,
    "{text}",  # in the library's own words
    "a library warns or tells of an error; one line a minute for each place in its code, ten minutes for exporters",
    (
        LogField("logger", "the library's logger"),
        LogField("exception", "the traceback, without local variables"),
    ),
)
LINES_SUPPRESSED = LogEvent(
    "lines_suppressed",
    LogLevel.WARNING,
    "{count} more lines of {suppressed} were not written",
    "there were too many of one kind",
    (
        LogField("count", "lines"),
        LogField("suppressed", "their event; for libraries the logger and the line of its code"),
    ),
)
LINES_LOST = LogEvent(
    "lines_lost",
    LogLevel.WARNING,
    "{count} lines were lost here: whoever reads this log did not keep up",
    "the log's reader is back after lines had to be dropped",
    (LogField("count", "lines"),),
)

LOG_EVENTS: tuple[LogEvent, ...] = tuple(value for value in tuple(globals().values()) if isinstance(value, LogEvent))

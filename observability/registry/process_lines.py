"""The log events of the process: start, stop, dependencies, faults, HTTP routes, and the log itself."""

from observability.registry.log_types import (
    MILLISECONDS,
    SECONDS,
    SESSION_ID,
    STREAM_FIELDS,
    SUBJECT,
    LogEvent,
    LogField,
    LogLevel,
    one_of,
)
from service.events import DeathReason, Dependency, FaultSource, KilledBecause, StoreLimit
from service.protocol.messages import ContentType

_DEPENDENCY = LogField("dependency", one_of(Dependency))
_TRACEBACK = LogField(
    "exception",
    "the traceback without local variables; the text of an exception only where it cannot quote content. At most 50 in "
    "ten seconds; a long one is shortened to its end",
)

SERVICE_STARTED = LogEvent(
    "service_started",
    LogLevel.INFO,
    "Streaming Content API {version} started",
    "a process has read its settings",
    (
        LogField("version", "the version of the service"),
        LogField("settings", "all effective settings by their variables; secrets are masked"),
    ),
)
EVERY_ORIGIN_ALLOWED = LogEvent(
    "every_origin_allowed",
    LogLevel.INFO,
    "Web pages of every origin may connect; set ALLOWED_ORIGINS to refuse others",
    "the service starts, and ALLOWED_ORIGINS is *",
)
CONTENT_LOGGED = LogEvent(
    "content_logged",
    LogLevel.WARNING,
    "LOG_CONTENT is on: at LOG_LEVEL=DEBUG this log contains the content of clients. Set LOG_CONTENT=off in production",
    "the service starts, and LOG_CONTENT is on",
)
EVERY_CLIENT_ADMITTED = LogEvent(
    "every_client_admitted",
    LogLevel.WARNING,
    "NO AUTHENTICATION: every client that reaches this address may use it, and a session belongs to everyone who has "
    "its id. Set AUTH_MODE to jwt or key, or HOST to a loopback address",
    "the service starts, AUTH_MODE is none, and HOST is not a loopback address; written at every LOG_LEVEL",
    always=True,
)
SETTING_UNKNOWN = LogEvent(
    "setting_unknown",
    LogLevel.WARNING,
    "{name} is set, but it is no setting and changes nothing. Compare its spelling with docs/configuration.md",
    "the service starts, and a variable of the environment or of .env begins with AUTH or QUOTA and is no setting; "
    "written at every LOG_LEVEL",
    (LogField("name", "the variable"),),
    always=True,
)
METRICS_PUBLIC = LogEvent(
    "metrics_public",
    LogLevel.INFO,
    "Every client that reaches this address can read /metrics; set METRICS_TOKEN or METRICS_PORT to prevent it",
    "the service starts, HOST is not a loopback address, AUTH_MODE is none, and neither METRICS_TOKEN nor METRICS_PORT "
    "is set",
)
SERVICE_LISTENING = LogEvent(
    "service_listening",
    LogLevel.INFO,
    "Listening on {host}:{port} for {purpose}",
    "a socket accepts connections; written at every LOG_LEVEL, as PORT=0 lets the system choose the port",
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
    "Worker {worker} died ({reason}) and was replaced: process {pid}, exit code {exit_code}, lost {connections} "
    "connections and {requests} requests",
    "a process starts in place of a worker that ended without a request to stop",
    (
        LogField("worker", "its number, from 0"),
        LogField("pid", "of the dead process"),
        LogField("exit_code", "its exit code; negative: the number of the signal that killed it"),
        LogField("reason", f"{one_of(DeathReason)}; the supervisor kills a worker that is hung"),
        LogField("connections", "that were open"),
        LogField("requests", "that were queued, in preparation or being streamed"),
        LogField("stack", "where the event loop of a hung worker was, the innermost call first; absent if unknown"),
    ),
)
STORE_IN_MEMORY = LogEvent(
    "store_in_memory",
    LogLevel.ERROR,
    "The {store} is in memory only, because its file cannot be used: {reason}. A restart loses it, and each worker has "
    "its own. Make DATA_DIR writable or move a damaged file, then restart",
    "the service starts, and DATA_DIR cannot be written, or a file in it cannot be read",
    (
        LogField("store", one_of((Dependency.SESSION_STORE, Dependency.ACCESS_STORE, Dependency.USAGE_STORE))),
        LogField("reason", "the problem with the file"),
    ),
)
STORE_LIMIT_REACHED = LogEvent(
    "store_limit_reached",
    LogLevel.WARNING,
    "The session store keeps no more {limit} of session {session_id}: its streams cannot be recovered. Check who uses "
    "the store before raising its limit",
    "a session uses more than its share of STORE_MAX_BYTES (bytes), or STORE_MAX_SESSIONS sessions have requests "
    "(sessions); the client is served all the same",
    (LogField("limit", one_of(StoreLimit)), SESSION_ID),
    burst=3,
)
DEPENDENCY_UNAVAILABLE = LogEvent(
    "dependency_unavailable",
    LogLevel.ERROR,
    "The {dependency} is unavailable: {reason}. Impact: {impact}",
    "a process cannot reach a dependency and continues in degraded mode; once per outage",
    (
        _DEPENDENCY,
        LogField("reason", "the exception, without content, tokens or passwords"),
        LogField("impact", "the consequence while the outage lasts"),
    ),
    burst=20,
)
DEPENDENCY_RECOVERED = LogEvent(
    "dependency_recovered",
    LogLevel.INFO,
    "The {dependency} is available again",
    "a dependency responds again; written at every LOG_LEVEL, because dependency_unavailable was",
    (_DEPENDENCY,),
    burst=20,
    always=True,
)
CONTENT_WORK_KILLED = LogEvent(
    "content_work_killed",
    LogLevel.WARNING,
    "Preparation ended with its process: {reason}, type={content_type}",
    "the process for large content exceeded a limit or crashed; the next content_too_costly or processing_failed has "
    "the ids of the request",
    (LogField("reason", one_of(KilledBecause)), LogField("content_type", one_of(ContentType))),
    burst=10,
)
USAGE_DROPPED = LogEvent(
    "usage_dropped",
    LogLevel.ERROR,
    "{rows} usage rows were dropped: neither the queue nor the file in DATA_DIR could take them",
    "usage arrives faster than it can be written, or the file cannot be written",
    (LogField("rows", "that are in no store"),),
    burst=3,
)
DRAIN_STARTED = LogEvent(
    "drain_started",
    LogLevel.INFO,
    "Shutdown started; open connections: {connections}",
    "the first SIGTERM, SIGINT or SIGHUP",
    (LogField("connections", "that are open"),),
)
DRAIN_ENDED = LogEvent(
    "drain_ended",
    LogLevel.INFO,
    "Drained in {seconds:.1f} s; interrupted connections: {interrupted}",
    "no connection is left, or DRAIN_SECONDS have passed",
    (
        LogField("seconds", "since drain_started", SECONDS),
        LogField("interrupted", "connections that were closed before their stream ended"),
    ),
)
EVENT_LOOP_STALLED = LogEvent(
    "event_loop_stalled",
    LogLevel.WARNING,
    "The event loop ran nothing for {ms} ms, which delayed all streams of this process: {frame}",
    "the event loop did not come round for more than 100 ms; at the end of the stall, and once a second while it lasts",
    (
        LogField("ms", "the stall until now", MILLISECONDS),
        LogField("lasts", "whether it still lasts"),
        LogField("frame", "the innermost frame of the service; - if the whole process stood still"),
    ),
    burst=10,
)
FAULT_RAISED = LogEvent(
    "fault_raised",
    LogLevel.ERROR,
    "Fault in {source}: error id {error_id}",
    "an exception that is an error of the service",
    (
        LogField("error_id", "identifies the fault; the same id as in the message to the client, if there was one"),
        LogField("source", one_of(FaultSource)),
        *STREAM_FIELDS,
        SUBJECT,
        _TRACEBACK,
    ),
)
SINK_FAILED = LogEvent(
    "sink_failed",
    LogLevel.ERROR,
    "{sink} failed to record an event",
    "a sink of telemetry raised an exception; streams are not affected",
    (LogField("sink", "the class of the sink"), _TRACEBACK),
    burst=3,
)
HTTP_REQUEST_SERVED = LogEvent(
    "http_request_served",
    LogLevel.DEBUG,
    "{method} {route}: {status} in {ms} ms",
    "an HTTP response was sent",
    (
        LogField("method", "of the request"),
        LogField("route", "the pattern of the path; - if no route matched"),
        LogField("status", "of the response"),
        LogField("ms", "from the request to the response", MILLISECONDS),
    ),
    burst=50,
)
LIBRARY_MESSAGE = LogEvent(
    "library_message",
    LogLevel.WARNING,
    "{text}",  # the message of the library, unchanged
    "a library logs a warning or an error; one a minute for each line of its code, in ten minutes for exporters",
    (LogField("logger", "the logger of the library"), _TRACEBACK),
)
LINES_SUPPRESSED = LogEvent(
    "lines_suppressed",
    LogLevel.WARNING,
    "{count} more lines of {suppressed} were not written",
    "one kind of line exceeded its limit",
    (
        LogField("count", "lines"),
        LogField("suppressed", "their event; for libraries the logger and the line of code"),
    ),
)
LINES_LOST = LogEvent(
    "lines_lost",
    LogLevel.WARNING,
    "{count} lines were lost here: the reader of this log did not keep up",
    "the log is read again after lines were dropped",
    (LogField("count", "lines"),),
)

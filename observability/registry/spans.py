"""All spans with their attributes, events and links. No span has anything that is not declared here.

Names follow the semantic conventions of OpenTelemetry where these have one. No span contains content, tokens or the
address of a client.
"""

from opentelemetry.trace import SpanKind

from observability.registry.log_types import one_of
from observability.registry.metric_types import RecoveryKind
from observability.registry.span_types import Attribute, AttributeType, Span, SpanEvent
from service.events import (
    AttemptOutcome,
    DataSystem,
    FaultSource,
    LiveOutcome,
    Operation,
    Outcome,
    ReadingEnd,
    ReadingWay,
)
from service.protocol.messages import Complexity, ContentType, Speed

_SECONDS = "s"
_BYTES = "UTF-8 bytes"

SESSION_ID = Attribute("session.id", AttributeType.STRING, "the session")
CONNECTION_ID = Attribute("connection.id", AttributeType.STRING, "the connection; absent if it was refused")
CONNECT_OUTCOME = Attribute(
    "connection.outcome",
    AttributeType.STRING,
    one_of(AttemptOutcome),
)
ENDUSER_ID = Attribute(
    "enduser.id", AttributeType.STRING, "the subject of the token; absent without authentication, and before it"
)
STREAM_ID = Attribute("stream.id", AttributeType.STRING, "the stream")
REQUEST_NUMBER = Attribute("stream.number", AttributeType.INTEGER, "number of the request within its session, from 1")
CONTENT_TYPE = Attribute("stream.content_type", AttributeType.STRING, one_of(ContentType))
CONTENT_BYTES = Attribute("stream.content_bytes", AttributeType.INTEGER, "size of the content", _BYTES)
OUTCOME = Attribute(
    "stream.outcome",
    AttributeType.STRING,
    f"{one_of(Outcome)}; taken_over: the stream continues on another connection",
)
ERROR_CODE = Attribute("stream.error_code", AttributeType.STRING, "the error code of the protocol, after an error")
COMPLEXITY = Attribute("stream.complexity", AttributeType.STRING, one_of(Complexity))
WORDS = Attribute("stream.words", AttributeType.INTEGER, "of the content")
REMOVED = Attribute(
    "stream.removed",
    AttributeType.INTEGER,
    "number of parts that sanitising removed, if any",
)
SPEED = Attribute("stream.speed", AttributeType.STRING, one_of(Speed))
ADAPTIVE = Attribute("stream.adaptive", AttributeType.FLAG, "whether the service chose the speed")
CHUNKS_PLANNED = Attribute("stream.chunks_planned", AttributeType.INTEGER, "chunks of the plan")
CHUNKS_SENT = Attribute("stream.chunks_sent", AttributeType.INTEGER, "chunks that were sent on this connection")
BYTES_SENT = Attribute("stream.bytes_sent", AttributeType.INTEGER, "size of the text of these chunks", _BYTES)
TIME_TO_FIRST_CHUNK = Attribute(
    "stream.time_to_first_chunk",
    AttributeType.NUMBER,
    "since the arrival of the request, without queue and pauses",
    _SECONDS,
)
PAUSED_TIME = Attribute("stream.paused_time", AttributeType.NUMBER, "total duration of pauses", _SECONDS)
RECOVERY = Attribute(
    "stream.recovery",
    AttributeType.STRING,
    f"{one_of(RecoveryKind)}: by a recover message, or by a repeated request; absent on the first connection",
)
NEXT_INDEX = Attribute("stream.next_index", AttributeType.INTEGER, "first index on this connection, from 0")
TAKEOVERS = Attribute("stream.takeovers", AttributeType.INTEGER, "the epoch of the stream")
BLOCKED_TIME = Attribute("stream.blocked_time", AttributeType.NUMBER, "duration of the backpressure", _SECONDS)
EXCEPTION_TYPE = Attribute("exception.type", AttributeType.STRING, "the class of the exception; its text is omitted")
HTTP_METHOD = Attribute("http.request.method", AttributeType.STRING, "the method; _OTHER for an unknown one")
HTTP_ROUTE = Attribute("http.route", AttributeType.STRING, "the pattern of the path; absent if no route matched")
HTTP_STATUS = Attribute("http.response.status_code", AttributeType.INTEGER, "the status of the response")
ERROR_TYPE = Attribute(
    "error.type",
    AttributeType.STRING,
    "after an error: the class of the exception that was its first cause, otherwise the error code of the protocol; of "
    "an HTTP route the status",
)
NETWORK_PROTOCOL = Attribute("network.protocol.name", AttributeType.STRING, "websocket")
NETWORK_TRANSPORT = Attribute("network.transport", AttributeType.STRING, "tcp")
DB_SYSTEM = Attribute("db.system.name", AttributeType.STRING, one_of(DataSystem))
DB_OPERATION = Attribute("db.operation.name", AttributeType.STRING, one_of(Operation))
DB_NAMESPACE = Attribute("db.namespace", AttributeType.STRING, "the number or name of the database; absent for SQLite")
SERVER_ADDRESS = Attribute("server.address", AttributeType.STRING, "the host of the server; absent for SQLite")
SERVER_PORT = Attribute("server.port", AttributeType.INTEGER, "the port of the server; absent for SQLite")
ERROR_ID = Attribute("error.id", AttributeType.STRING, "identifies the fault, as in the log")
ERROR_SOURCE = Attribute("error.source", AttributeType.STRING, one_of((FaultSource.CONTENT, FaultSource.CONNECTION)))
LIVE_OUTCOME = Attribute("stream.live.outcome", AttributeType.STRING, one_of(LiveOutcome))
LIVE_SILENT_TIME = Attribute(
    "stream.live.silent_time", AttributeType.NUMBER, "for which the producer was not heard of", _SECONDS
)
READING_WAY = Attribute(
    "stream.live.way", AttributeType.STRING, f"{one_of(ReadingWay)}: unasked, with a watch, or over HTTP"
)
READING_END = Attribute("stream.live.end", AttributeType.STRING, f"{one_of(ReadingEnd)}: how it ended for the reader")
REPLACEMENTS = Attribute("stream.live.replacements", AttributeType.INTEGER, "chunks that replaced what was sent before")
LONGEST_GAP = Attribute("stream.live.longest_gap", AttributeType.NUMBER, "between two chunks", _SECONDS)
LONGEST_WAIT = Attribute(
    "stream.live.longest_wait",
    AttributeType.NUMBER,
    "from the arrival of source at the service to the chunk with it",
    _SECONDS,
)
RESPONSE_FIRST_CHUNK = Attribute(
    "gen_ai.response.time_to_first_chunk",
    AttributeType.NUMBER,
    "from the beginning of the reader to its first chunk; absent if there was none",
    _SECONDS,
)

FIRST_CHUNK = SpanEvent("first_chunk", "the first chunk was sent")
RECOVERED = SpanEvent("recovered", "the stream continued on this connection", (NEXT_INDEX,))
PAUSED = SpanEvent("paused", "the client paused the stream")
RESUMED = SpanEvent("resumed", "the client resumed it")
SKIPPED = SpanEvent("skipped", "the client skipped to the end")
BACKPRESSURE_APPLIED = SpanEvent("backpressure_applied", "the kernel did not accept all data")
BACKPRESSURE_RELEASED = SpanEvent(
    "backpressure_released", "all data was accepted, or the connection closed", (BLOCKED_TIME,)
)
LAST_CHUNK = SpanEvent("last_chunk", "the last chunk was sent")
EXCEPTION = SpanEvent("exception", "a fault of the service", (EXCEPTION_TYPE, ERROR_ID, ERROR_SOURCE))
PRODUCER_STALLED = SpanEvent("producer_stalled", "the producer was not heard of for 5 s")
PRODUCER_CONTINUED = SpanEvent("producer_continued", "it was heard of again", (LIVE_SILENT_TIME,))
PRODUCER_LOST = SpanEvent("producer_lost", "its lease was over")
ADOPTED = SpanEvent("adopted", "another producer continued the stream", (LIVE_SILENT_TIME,))

HTTP = Span(
    "{method} {route}",
    SpanKind.SERVER,
    "a request to an HTTP route other than /metrics, /health and /ready, from the instrumentation of OpenTelemetry; "
    "without a matching route the name is the method alone",
    attributes=(HTTP_METHOD, HTTP_ROUTE, HTTP_STATUS, ERROR_TYPE),
)
CONNECT = Span(
    "ws.connect",
    SpanKind.SERVER,
    "a handshake, up to its response; an error if the session could not be opened. Always exported if a stream links "
    "to it",
    attributes=(
        SESSION_ID,
        CONNECTION_ID,
        ENDUSER_ID,
        CONNECT_OUTCOME,
        NETWORK_PROTOCOL,
        NETWORK_TRANSPORT,
        ERROR_TYPE,
    ),
    links="the span of the client, if the request has a valid `traceparent`",
)
STREAM = Span(
    "stream",
    SpanKind.SERVER,
    "a request, from its arrival to its end on this connection; a child of the span of the client if the request names "
    "one; an error if it ended by a fault of the service. A recovered stream has one such span for each connection, "
    "from the recovery on, as children of the first",
    attributes=(
        SESSION_ID,
        CONNECTION_ID,
        ENDUSER_ID,
        STREAM_ID,
        REQUEST_NUMBER,
        CONTENT_TYPE,
        CONTENT_BYTES,
        OUTCOME,
        ERROR_CODE,
        ERROR_TYPE,
        COMPLEXITY,
        WORDS,
        REMOVED,
        SPEED,
        ADAPTIVE,
        CHUNKS_PLANNED,
        CHUNKS_SENT,
        BYTES_SENT,
        TIME_TO_FIRST_CHUNK,
        PAUSED_TIME,
        RECOVERY,
        NEXT_INDEX,
        TAKEOVERS,
    ),
    events=(
        FIRST_CHUNK,
        RECOVERED,
        PAUSED,
        RESUMED,
        SKIPPED,
        BACKPRESSURE_APPLIED,
        BACKPRESSURE_RELEASED,
        LAST_CHUNK,
        EXCEPTION,
    ),
    links="the ws.connect span of the connection",
)
VALIDATE = Span("validate", SpanKind.INTERNAL, "from the arrival of a request to the call of the session store")
RATE_LIMIT = Span("rate_limit", SpanKind.INTERNAL, "admission by the session store")
QUEUE = Span("queue", SpanKind.INTERNAL, "the wait for earlier requests; only if there was one")
CONVERT = Span("convert", SpanKind.INTERNAL, "conversion of Markdown to HTML")
SANITISE = Span("sanitise", SpanKind.INTERNAL, "sanitising of HTML")
ANALYSE = Span("analyse", SpanKind.INTERNAL, "analysis of the complexity")
CHUNK = Span("chunk", SpanKind.INTERNAL, "splitting into chunks")
CONTENT_WAIT = Span("content_wait", SpanKind.INTERNAL, "the wait for a content worker; only if there was one")
STORE = Span("store", SpanKind.INTERNAL, "storing the stream, before it is announced; only if it may be stored")
RECOVER = Span("recover", SpanKind.INTERNAL, "from the recovery request until the stream continued")
DELIVER = Span("deliver", SpanKind.INTERNAL, "from stream_start, or stream_recovered, to the end")
PUBLISH = Span(
    "publish",
    SpanKind.SERVER,
    "a live stream, from its creation to its end, in whichever process it ends; a child of the span of the producer if "
    "its creation has a traceparent; an error if its producer ended it with one, or was lost. Its events are those "
    "that this process saw",
    attributes=(
        SESSION_ID,
        ENDUSER_ID,
        STREAM_ID,
        CONTENT_TYPE,
        CONTENT_BYTES,
        SPEED,
        LIVE_OUTCOME,
        TAKEOVERS,
    ),
    events=(PRODUCER_STALLED, PRODUCER_CONTINUED, PRODUCER_LOST, ADOPTED),
)
READ = Span(
    "read",
    SpanKind.SERVER,
    "a reader of a live stream, from its stream_start to its end; a child of the span publish of the stream",
    attributes=(
        SESSION_ID,
        CONNECTION_ID,
        STREAM_ID,
        CONTENT_TYPE,
        READING_WAY,
        READING_END,
        CHUNKS_SENT,
        BYTES_SENT,
        REPLACEMENTS,
        RESPONSE_FIRST_CHUNK,
        LONGEST_GAP,
        LONGEST_WAIT,
        PAUSED_TIME,
    ),
    links="the ws.connect span of the connection; absent for a reader over HTTP",
)

CALL = Span(
    "{operation} {namespace}",
    SpanKind.CLIENT,
    "a call of a data system, as a child of the stream or the handshake that waited for it; without a namespace the "
    "name is the operation alone. Of other calls, those of PostgreSQL are traces of their own, and those of Redis and "
    "SQLite, which repeat every second, only if they failed",
    attributes=(DB_SYSTEM, DB_OPERATION, DB_NAMESPACE, SERVER_ADDRESS, SERVER_PORT, ERROR_TYPE),
)

SPANS: tuple[Span, ...] = (
    HTTP,
    CONNECT,
    STREAM,
    VALIDATE,
    RATE_LIMIT,
    QUEUE,
    CONTENT_WAIT,
    CONVERT,
    SANITISE,
    ANALYSE,
    CHUNK,
    STORE,
    RECOVER,
    DELIVER,
    PUBLISH,
    READ,
    CALL,
)

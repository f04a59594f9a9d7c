"""Every span, declared once: its attributes, its events and what it links to. No span says anything that is not here.

Names follow OpenTelemetry's semantic conventions where they have one. Content, tokens and addresses are in none.
"""

from enum import StrEnum

from msgspec import Struct
from opentelemetry.trace import SpanKind


class AttributeType(StrEnum):
    """OTLP's types, as far as they are used."""

    STRING = "string"
    INTEGER = "int"
    NUMBER = "double"
    FLAG = "bool"


class Attribute(Struct, frozen=True):
    name: str
    type: AttributeType
    meaning: str
    unit: str = ""


class SpanEvent(Struct, frozen=True):
    name: str
    when: str
    attributes: tuple[Attribute, ...] = ()


class Span(Struct, frozen=True):
    name: str
    kind: SpanKind
    covers: str
    """From when to when, and of what."""
    attributes: tuple[Attribute, ...] = ()
    events: tuple[SpanEvent, ...] = ()
    links: str = ""
    """What it links to."""


_SECONDS = "s"
_BYTES = "UTF-8 bytes"

SESSION_ID = Attribute("session.id", AttributeType.STRING, "the session")
CONNECTION_ID = Attribute("connection.id", AttributeType.STRING, "the connection; none if it was refused")
CONNECT_OUTCOME = Attribute(
    "connection.outcome",
    AttributeType.STRING,
    "accepted, refused_session, refused_capacity, refused_origin, refused_draining or error",
)
STREAM_ID = Attribute("stream.id", AttributeType.STRING, "the stream")
REQUEST_NUMBER = Attribute("stream.number", AttributeType.INTEGER, "the how-many-eth request of its session")
CONTENT_TYPE = Attribute("stream.content_type", AttributeType.STRING, "text, html or markdown")
CONTENT_BYTES = Attribute("stream.content_bytes", AttributeType.INTEGER, "the request's content", _BYTES)
OUTCOME = Attribute(
    "stream.outcome",
    AttributeType.STRING,
    "completed, skipped, cancelled, disconnected, rejected, error, timeout or shutdown; taken_over if it goes on "
    "elsewhere",
)
ERROR_CODE = Attribute("stream.error_code", AttributeType.STRING, "the protocol's code of the error that ended it")
COMPLEXITY = Attribute("stream.complexity", AttributeType.STRING, "low, medium or high")
WORDS = Attribute("stream.words", AttributeType.INTEGER, "of the content")
REMOVED = Attribute(
    "stream.removed", AttributeType.INTEGER, "elements, attributes and comments that sanitising took out, if any"
)
SPEED = Attribute("stream.speed", AttributeType.STRING, "the speed in force")
ADAPTIVE = Attribute("stream.adaptive", AttributeType.FLAG, "whether the service chose the speed")
CHUNKS_PLANNED = Attribute("stream.chunks_planned", AttributeType.INTEGER, "chunks of the plan")
CHUNKS_SENT = Attribute("stream.chunks_sent", AttributeType.INTEGER, "chunks that were sent; fewer after a skip")
BYTES_SENT = Attribute("stream.bytes_sent", AttributeType.INTEGER, "text of these chunks", _BYTES)
TIME_TO_FIRST_CHUNK = Attribute(
    "stream.time_to_first_chunk", AttributeType.NUMBER, "since the request left the queue", _SECONDS
)
PAUSED_TIME = Attribute("stream.paused_time", AttributeType.NUMBER, "how long it was paused in all", _SECONDS)
RECOVERY = Attribute(
    "stream.recovery",
    AttributeType.STRING,
    "recovered if the client asked for it, repeated if its request came again; none on its first connection",
)
NEXT_INDEX = Attribute("stream.next_index", AttributeType.INTEGER, "the chunk with which it went on, from 0")
TAKEOVERS = Attribute("stream.takeovers", AttributeType.INTEGER, "how often it was taken over by then")
BLOCKED_TIME = Attribute("stream.blocked_time", AttributeType.NUMBER, "how long the socket was full", _SECONDS)
EXCEPTION_TYPE = Attribute("exception.type", AttributeType.STRING, "the exception's class; its words might be content")
HTTP_METHOD = Attribute("http.request.method", AttributeType.STRING, "the request's; _OTHER for an unknown one")
HTTP_ROUTE = Attribute("http.route", AttributeType.STRING, "the path's pattern; none if none matched")
HTTP_STATUS = Attribute("http.response.status_code", AttributeType.INTEGER, "the answer's")
ERROR_ID = Attribute("error.id", AttributeType.STRING, "names the fault, as in the log")
PLACE = Attribute("error.place", AttributeType.STRING, "content or connection")

FIRST_CHUNK = SpanEvent("first_chunk", "the first chunk was sent")
RECOVERED = SpanEvent("recovered", "the stream went on here", (NEXT_INDEX,))
PAUSED = SpanEvent("paused", "the client paused the stream")
RESUMED = SpanEvent("resumed", "the client resumed it")
SKIPPED = SpanEvent("skipped", "the client asked for all that was left at once")
BACKPRESSURE_APPLIED = SpanEvent("backpressure_applied", "the client's socket was full")
BACKPRESSURE_RELEASED = SpanEvent("backpressure_released", "the socket had taken all, or was gone", (BLOCKED_TIME,))
LAST_CHUNK = SpanEvent("last_chunk", "the last chunk was sent")
EXCEPTION = SpanEvent("exception", "something broke on our side", (EXCEPTION_TYPE, ERROR_ID, PLACE))

HTTP = Span(
    "{method} {route}",
    SpanKind.SERVER,
    "a request to an HTTP route, but for /metrics, /health and /ready; without a route its name is the method alone. "
    "OpenTelemetry's instrumentation makes it",
    attributes=(HTTP_METHOD, HTTP_ROUTE, HTTP_STATUS),
)
CONNECT = Span(
    "ws.connect",
    SpanKind.SERVER,
    "a handshake, up to the answer; an error if the session could not be opened. It is kept if a stream links to it",
    attributes=(SESSION_ID, CONNECTION_ID, CONNECT_OUTCOME),
)
STREAM = Span(
    "stream",
    SpanKind.SERVER,
    "a request, from its arrival to its end on that connection; a child of the client's span if the request named one, "
    "and an error if it ended by a fault of ours. If another connection goes on with it there is one more, from the "
    "asking on: a child of the first",
    attributes=(
        SESSION_ID,
        CONNECTION_ID,
        STREAM_ID,
        REQUEST_NUMBER,
        CONTENT_TYPE,
        CONTENT_BYTES,
        OUTCOME,
        ERROR_CODE,
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
    links="the ws.connect span of its connection",
)
VALIDATE = Span("validate", SpanKind.INTERNAL, "from a request's arrival to the question to the session store")
RATE_LIMIT = Span("rate_limit", SpanKind.INTERNAL, "how long the session store took to count it")
QUEUE = Span("queue", SpanKind.INTERNAL, "how long it waited for the request before it; only if it did")
CONVERT = Span("convert", SpanKind.INTERNAL, "Markdown to HTML")
SANITISE = Span("sanitise", SpanKind.INTERNAL, "making the content safe")
ANALYSE = Span("analyse", SpanKind.INTERNAL, "judging its complexity")
CHUNK = Span("chunk", SpanKind.INTERNAL, "cutting it")
RECOVER = Span("recover", SpanKind.INTERNAL, "from the client's asking until the stream went on")
DELIVER = Span("deliver", SpanKind.INTERNAL, "from stream_start, or stream_recovered, to the end")

SPANS: tuple[Span, ...] = (
    HTTP,
    CONNECT,
    STREAM,
    VALIDATE,
    RATE_LIMIT,
    QUEUE,
    CONVERT,
    SANITISE,
    ANALYSE,
    CHUNK,
    RECOVER,
    DELIVER,
)

"""The messages of the protocol, both ways. docs/protocol.md says when each is sent.

A field that is ``UNSET`` does not appear in the JSON.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self, get_args

from msgspec import UNSET, Struct, UnsetType

from service.protocol.errors import ErrorCode, StreamingError
from service.protocol.fields import Index, IndexOrNone, StreamId, Timestamp, Token
from service.protocol.trace import TraceContext


class ContentType(StrEnum):
    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"


class Speed(StrEnum):
    SLOW = "slow"
    NORMAL = "normal"
    FAST = "fast"
    SUPERFAST = "superfast"
    ADAPTIVE = "adaptive"
    """Takes one of the others from the content."""


class ChunkBy(StrEnum):
    WORD = "word"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    CHARACTER = "character"


class HtmlMode(StrEnum):
    FRAGMENT = "fragment"
    """Each chunk is whole by itself; cuts only where no element is open."""
    INCREMENTAL = "incremental"
    """Cuts anywhere; each chunk says what would close the text so far."""


class ControlAction(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    CANCEL = "cancel"


class Complexity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class RefusalReason(StrEnum):
    """Why a stream is not recovered; the words of the protocol."""

    UNKNOWN = "unknown"
    """No such stream, or its time is over, or the token does not open it: which of these is not told."""
    SESSION_OVER = "session_over"
    POSITION = "position"
    """There is no such index, or nobody can say what followed it."""
    RUNNING = "running"
    """It is running, or waiting, on the very connection that asks."""
    VERSION = "version"
    """It was stored by a version whose records this one cannot read."""
    UNAVAILABLE = "unavailable"
    """The store is away, or content is not stored."""


# Client → server, as protocol.decode() returns them.


class StreamRequest(Struct, frozen=True, tag_field="type", tag="stream_request"):
    """Content to stream. Well formed; its size and emptiness are the session's to judge."""

    content: str
    content_type: ContentType = ContentType.TEXT
    speed: Speed = Speed.NORMAL
    chunk_by: ChunkBy = ChunkBy.WORD
    html_mode: HtmlMode = HtmlMode.FRAGMENT
    request_id: str | UnsetType = UNSET
    trace: TraceContext | None = None
    token: str | None = None
    """Of the connection on which this request came before: together with ``request_id`` it is then the same stream."""


class Recover(Struct, frozen=True, tag_field="type", tag="recover"):
    """Go on with a stream that broke off, or has ended, on another connection."""

    stream_id: StreamId
    last_index: IndexOrNone
    """The last chunk that the client has; -1 for none."""
    token: Token
    """The ``resume_token`` of the connection that the stream was started on, or recovered onto."""


class Ack(Struct, frozen=True, tag_field="type", tag="ack"):
    """The client has all chunks of a stream up to ``index``."""

    stream_id: StreamId
    index: Index


class StreamControl(Struct, frozen=True, tag_field="type", tag="stream_control"):
    action: ControlAction


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    pass


class Heartbeat(Struct, frozen=True, tag_field="type", tag="heartbeat"):
    pass


ClientMessage = StreamRequest | StreamControl | Recover | Ack | Ping | Heartbeat


class ClientMessageType(StrEnum):
    """The ``type`` of each of them on the wire."""

    STREAM_REQUEST = "stream_request"
    STREAM_CONTROL = "stream_control"
    RECOVER = "recover"
    ACK = "ack"
    PING = "ping"
    HEARTBEAT = "heartbeat"

    @classmethod
    def of(cls, message: ClientMessage) -> Self:
        return cls(str(message.__struct_config__.tag))


# Server → client.


class SessionLimits(Struct, frozen=True):
    """The limits in force. Sizes in bytes (content) and characters (chunk), times in seconds."""

    max_requests: int
    max_content_size: int
    max_session_duration: int | float
    idle_timeout: int | float
    chunk_timeout: int | float
    max_chunk_size: int


class Connected(Struct, frozen=True, tag_field="type", tag="connected"):
    session_id: str
    timestamp: Timestamp
    limits: SessionLimits
    version: str
    requests_left: int
    session_expires_at: Timestamp
    resume_token: str | UnsetType = UNSET
    """What opens the streams of this connection to another; missing where content is not stored."""


class StreamMetadata(Struct, frozen=True):
    """What the content turned out to be; sizes in characters."""

    complexity: Complexity
    word_count: int
    has_html: bool
    speed_used: Speed
    processing_time_ms: float
    avg_chunk_size: float
    max_chunk_size: int
    chunk_count: int
    estimated_duration_ms: int


class StreamStart(Struct, frozen=True, tag_field="type", tag="stream_start"):
    total_chunks: int
    content_type: ContentType
    timestamp: Timestamp
    stream_id: str
    trace_id: str
    resumable: bool
    """Whether the stream can be recovered, whatever becomes of this connection and this process."""
    metadata: StreamMetadata
    request_id: str | UnsetType = UNSET


class StreamRecovered(Struct, frozen=True, tag_field="type", tag="stream_recovered"):
    """The answer to ``recover``; without ``recovered`` there is a reason, and nothing else of the stream."""

    stream_id: str
    recovered: bool
    timestamp: Timestamp
    reason: RefusalReason | UnsetType = UNSET
    next_index: int | UnsetType = UNSET
    """Of the chunk that follows; the number of chunks if none does."""
    paused: bool | UnsetType = UNSET
    """Whether it waits for ``resume``."""
    total_chunks: int | UnsetType = UNSET
    """Of the plan."""
    trace_id: str | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


class Chunk(Struct, frozen=True, gc=False, tag_field="type", tag="chunk"):
    data: str
    index: int
    timestamp: Timestamp
    close: str | UnsetType = UNSET
    """In incremental mode: the end tags that close what is open after this chunk."""


class CompletionMetadata(Struct, frozen=True):
    duration_ms: int
    bytes: int
    """UTF-8 bytes of all chunks' data."""
    skipped: bool


class StreamComplete(Struct, frozen=True, tag_field="type", tag="stream_complete"):
    total_chunks: int
    session_id: str
    timestamp: Timestamp
    stream_id: str
    metadata: CompletionMetadata
    request_id: str | UnsetType = UNSET


class StreamPaused(Struct, frozen=True, tag_field="type", tag="stream_paused"):
    timestamp: Timestamp


class StreamResumed(Struct, frozen=True, tag_field="type", tag="stream_resumed"):
    timestamp: Timestamp


class StreamSkipped(Struct, frozen=True, tag_field="type", tag="stream_skipped"):
    timestamp: Timestamp


class StreamCancelled(Struct, frozen=True, tag_field="type", tag="stream_cancelled"):
    timestamp: Timestamp


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    timestamp: Timestamp


class HeartbeatAck(Struct, frozen=True, tag_field="type", tag="heartbeat_ack"):
    timestamp: Timestamp
    session_id: str


class ErrorMessage(Struct, frozen=True, tag_field="type", tag="error"):
    code: ErrorCode
    message: str
    fatal: bool
    retryable: bool
    request_id: str | UnsetType = UNSET
    stream_id: str | UnsetType = UNSET

    @classmethod
    def of(cls, error: StreamingError, request_id: str | UnsetType = UNSET, stream_id: str | UnsetType = UNSET) -> Self:
        return cls(error.code, str(error), error.fatal, error.retryable, request_id, stream_id)


ServerMessage = (
    Connected
    | StreamStart
    | StreamRecovered
    | Chunk
    | StreamComplete
    | StreamPaused
    | StreamResumed
    | StreamSkipped
    | StreamCancelled
    | Pong
    | HeartbeatAck
    | ErrorMessage
)

SERVER_MESSAGE_TYPES: Mapping[type[ServerMessage], str] = {
    kind: str(kind.__struct_config__.tag) for kind in get_args(ServerMessage)
}
"""The ``type`` of each of them on the wire."""

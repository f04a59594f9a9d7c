"""The messages of clients and the names in them, with the descriptions that the documents publish.

The docstring of a message, the ``doc`` of a field and the description of a name are the published text. A field that
is ``UNSET`` does not appear in the JSON.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from msgspec import UNSET, Struct, UnsetType

from service.protocol.fields import (
    AccessToken,
    DescribedEnum,
    Index,
    IndexOrNone,
    ReportedCount,
    ReportedMilliseconds,
    RequestId,
    StreamId,
    Token,
    doc,
)
from service.protocol.trace import TraceHeaders


class ContentType(DescribedEnum):
    TEXT = "text", "plain text, streamed unchanged"
    HTML = "html", "HTML; elements and attributes that are not allowed are removed"
    MARKDOWN = "markdown", "GitHub Flavored Markdown, streamed as HTML"


class Speed(DescribedEnum):
    SLOW = "slow", "300 ms between two chunks"
    NORMAL = "normal", "100 ms between two chunks"
    FAST = "fast", "50 ms between two chunks"
    SUPERFAST = "superfast", "30 ms between two chunks"
    ADAPTIVE = (
        "adaptive",
        "one of the others, chosen by the complexity of the content; for a live stream, as it arrives",
    )


GAP_SECONDS: Mapping[Speed, float] = {Speed.SLOW: 0.3, Speed.NORMAL: 0.1, Speed.FAST: 0.05, Speed.SUPERFAST: 0.03}
"""The gap between two chunks at each speed but the adaptive one."""


class ChunkBy(DescribedEnum):
    WORD = "word", "split between words"
    SENTENCE = "sentence", "split between sentences"
    PARAGRAPH = "paragraph", "split between paragraphs"
    CHARACTER = "character", "split between grapheme clusters"


class HtmlMode(DescribedEnum):
    FRAGMENT = "fragment", "each chunk is complete HTML by itself: append it"
    INCREMENTAL = "incremental", "chunks split elements too: show all data received, followed by the last `close`"


class ControlAction(DescribedEnum):
    PAUSE = "pause", "send no chunk until `resume`; answered by `stream_paused`"
    RESUME = "resume", "end a pause; answered by `stream_resumed`"
    SKIP = "skip", "send the rest at once; answered by `stream_skipped`, and by `stream_resumed` after a pause"
    CANCEL = "cancel", "end the stream, a live one for all; answered by `stream_cancelled`"
    LEAVE = "leave", "end the reading of a live stream, which goes on for others; answered by `stream_left`"


class Complexity(DescribedEnum):
    LOW = "low", "`adaptive` is `superfast`"
    MEDIUM = "medium", "`adaptive` is `fast`"
    HIGH = "high", "`adaptive` is `normal`"


class RefusalReason(DescribedEnum):
    """Why a stream is not recovered."""

    UNKNOWN = "unknown", "the stream does not exist, has expired, or does not belong to the token"
    SESSION_OVER = "session_over", "the session of the stream has ended"
    POSITION = "position", "no chunk has the index `last_index`, or its successor cannot be determined"
    RUNNING = "running", "the stream runs or waits on this connection"
    VERSION = "version", "another version of the service stored the stream, in a format that this one cannot read"
    UNAVAILABLE = "unavailable", "the store is unavailable, or content is not stored; a later attempt may succeed"


class StreamRequest(Struct, frozen=True, tag_field="type", tag="stream_request"):
    """Content to stream."""

    content: Annotated[
        str,
        doc("Blank content is `EMPTY_CONTENT`; over `max_content_size` bytes of UTF-8 are `CONTENT_TOO_LARGE`."),
    ]
    content_type: Annotated[ContentType, doc("HTML is sanitised; Markdown is converted to HTML.")] = ContentType.TEXT
    speed: Annotated[Speed, doc("The pace of the stream.")] = Speed.NORMAL
    chunk_by: Annotated[ChunkBy, doc("The unit by which the content is split.")] = ChunkBy.WORD
    html_mode: Annotated[HtmlMode, doc("How HTML is split. It has no effect on text.")] = HtmlMode.FRAGMENT
    request_id: RequestId | UnsetType = UNSET
    trace: Annotated[TraceHeaders | UnsetType, doc("The trace of the client, which the stream joins.")] = UNSET
    token: Annotated[
        Token | UnsetType,
        doc("The `resume_token` of the connection that first sent this `request_id`: it is then the same request."),
    ] = UNSET


class StreamControl(Struct, frozen=True, tag_field="type", tag="stream_control"):
    """A control of the stream that runs or starts next."""

    action: Annotated[ControlAction, doc("The operation on the stream.")]


class Recover(Struct, frozen=True, tag_field="type", tag="recover"):
    """Continue a stream on this connection that was interrupted, or has ended, on another one."""

    stream_id: StreamId
    last_index: Annotated[IndexOrNone, doc("The index of the last chunk received; -1 for none.")]
    token: Annotated[Token, doc("The `resume_token` of a connection on which the stream was started or recovered.")]


class Watch(Struct, frozen=True, tag_field="type", tag="watch"):
    """Read a live stream of the session from a position on. It takes its turn like a request, and costs none.

    It replaces an earlier `watch` of the same stream, and a live stream that was sent without one.
    """

    stream_id: StreamId
    settled: Annotated[
        Index,
        doc("The last `settled` received of this stream, in the same `html_mode`: the client has what is before."),
    ] = 0
    html_mode: Annotated[
        HtmlMode | UnsetType,
        doc("How HTML is sent. Without it, as in the last request or `watch` of the connection, else `fragment`."),
    ] = UNSET
    chunk_by: Annotated[ChunkBy | UnsetType, doc("Without it, that of the producer.")] = UNSET
    speed: Annotated[Speed | UnsetType, doc("The pace of this reader. Without it, that of the producer.")] = UNSET
    request_id: RequestId | UnsetType = UNSET


class Ack(Struct, frozen=True, tag_field="type", tag="ack"):
    """Confirms all chunks up to an index. Optional: after the last index the service deletes the stored stream."""

    stream_id: StreamId
    index: Annotated[Index, doc("The index of the last chunk received.")]


class ClientReport(Struct, frozen=True, tag_field="type", tag="client_report"):
    """What a client measured of a stream that has just ended on this connection. Optional, and once for a stream."""

    stream_id: StreamId
    first_chunk_ms: Annotated[
        ReportedMilliseconds | UnsetType,
        doc("Milliseconds to the first chunk from the request, or from the end of the stream before it, less pauses."),
    ] = UNSET
    longest_gap_ms: Annotated[
        ReportedMilliseconds | UnsetType,
        doc("The longest time between two chunks in milliseconds, less pauses; lost connections included."),
    ] = UNSET
    breaks: Annotated[ReportedCount, doc("The number of times that the connection was lost during the stream.")] = 0


class Auth(Struct, frozen=True, tag_field="type", tag="auth"):
    """The token of a client that sends it neither in a header nor as a subprotocol: its first message."""

    token: Annotated[AccessToken, doc("A JSON Web Token or an API key.")]


class AuthRefresh(Struct, frozen=True, tag_field="type", tag="auth_refresh"):
    """A new token of the same user, in place of the one that ends. The connection and its streams go on."""

    token: Annotated[AccessToken, doc("Of the same issuer, subject and space, and valid for the session.")]


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """Request a `pong`. Like every message, it restarts the idle time."""


class Heartbeat(Struct, frozen=True, tag_field="type", tag="heartbeat"):
    """Request a `heartbeat_ack`, which contains the session id."""


ClientMessage = (
    StreamRequest | StreamControl | Recover | Watch | Ack | ClientReport | Auth | AuthRefresh | Ping | Heartbeat
)


class ClientMessageType(StrEnum):
    """The ``type`` of each message of a client on the wire."""

    STREAM_REQUEST = "stream_request"
    STREAM_CONTROL = "stream_control"
    RECOVER = "recover"
    WATCH = "watch"
    ACK = "ack"
    CLIENT_REPORT = "client_report"
    AUTH = "auth"
    AUTH_REFRESH = "auth_refresh"
    PING = "ping"
    HEARTBEAT = "heartbeat"

    @classmethod
    def of(cls, message: ClientMessage) -> Self:
        return cls(str(message.__struct_config__.tag))

"""The messages of the service, with the descriptions that the documents publish; see ``service.protocol.messages``."""

from collections.abc import Mapping
from typing import Annotated, Self, get_args

from msgspec import UNSET, Struct, UnsetType, field

from service.protocol.errors import ErrorCode, StreamingError
from service.protocol.fields import Expiry, RequestId, SessionId, StreamId, Timestamp, TraceId, doc
from service.protocol.messages import Complexity, ContentType, RefusalReason, Speed
from service.protocol.quota_kind import QuotaKind


class SessionLimits(Struct, frozen=True):
    """The limits in force."""

    max_requests: Annotated[int, doc("Requests of a session.")]
    max_content_size: Annotated[int, doc("Bytes of UTF-8 in the content of a request.")]
    max_session_duration: Annotated[int | float, doc("Seconds from the first connection of a session.")]
    idle_timeout: Annotated[int | float, doc("Seconds without a message while no stream runs.")]
    chunk_timeout: Annotated[int | float, doc("Seconds without progress in what the client receives.")]
    max_chunk_size: Annotated[int, doc("Characters of a chunk; HTML that cannot be split may be longer.")]
    resume_ttl: Annotated[int | float, doc("Seconds after its interruption in which a stream can be recovered.")]


class Connected(Struct, frozen=True, tag_field="type", tag="connected"):
    """Sent once and first: the session, its limits and what is left of them."""

    session_id: SessionId
    timestamp: Timestamp
    limits: Annotated[SessionLimits, doc("The limits in force.")]
    version: Annotated[str, doc("The version of the service.")]
    requests_left: Annotated[int, doc("The number of requests that the session may still send.")]
    session_expires_at: Annotated[Timestamp, doc("The deadline of the session.")]
    resume_token: Annotated[
        str | UnsetType,
        doc("A secret to recover the streams of this connection on another; absent where content is not stored."),
    ] = UNSET
    client_reports: Annotated[bool | UnsetType, doc("True if the service evaluates `client_report`; else absent.")] = (
        UNSET
    )
    auth_expires_at: Expiry | UnsetType = UNSET


class StreamMetadata(Struct, frozen=True):
    """Statistics of the prepared content."""

    complexity: Annotated[Complexity, doc("From tags and words; it determines the `adaptive` speed.")]
    word_count: Annotated[int, doc("Words of the visible text.")]
    has_html: Annotated[bool, doc("Whether the prepared content is HTML that contains elements.")]
    speed_used: Annotated[Speed, doc("The speed of the stream: the requested one, or that of `adaptive`.")]
    processing_time_ms: Annotated[float, doc("Milliseconds of the preparation.")]
    avg_chunk_size: Annotated[float, doc("The mean length of the planned chunks, in characters.")]
    max_chunk_size: Annotated[int, doc("The length of the longest planned chunk, in characters.")]
    chunk_count: Annotated[int, doc("Equal to `total_chunks`.")]
    estimated_duration_ms: Annotated[int, doc("Milliseconds from the first chunk to the last, without pause or skip.")]


_PlannedChunks = Annotated[int, doc("The number of planned chunks; a skip reduces it. 0 for a live stream.")]
_Live = Annotated[bool, doc("True for a live stream, whose content is still being written; else absent.")]


class StreamStart(Struct, frozen=True, tag_field="type", tag="stream_start"):
    """The content of the request is prepared, and its chunks follow; or a live stream begins.

    A live stream may begin without a request. All numbers in its `metadata` are 0.
    """

    total_chunks: _PlannedChunks
    content_type: Annotated[ContentType, doc("The format, as in the request.")]
    timestamp: Timestamp
    stream_id: StreamId
    trace_id: TraceId
    resumable: Annotated[bool, doc("Whether the stream is stored, so that another connection can recover it.")]
    metadata: Annotated[StreamMetadata, doc("Statistics of the prepared content.")]
    request_id: RequestId | UnsetType = UNSET
    live: _Live | UnsetType = UNSET
    settled: Annotated[
        int | UnsetType,
        doc(
            "Of a live stream: the first chunk follows after this number of UTF-16 code units of what the client has. "
            "Drop what is after them."
        ),
    ] = UNSET


class StreamRecovered(Struct, frozen=True, tag_field="type", tag="stream_recovered"):
    """The answer to `recover`: the position at which the stream continues, or the reason why it does not."""

    stream_id: StreamId
    recovered: Annotated[bool, doc("Whether the stream continues; if it does not, `reason` is present.")]
    timestamp: Timestamp
    reason: Annotated[RefusalReason | UnsetType, doc("Why the stream is not recovered.")] = UNSET
    next_index: Annotated[int | UnsetType, doc("The index of the next chunk, or the number of chunks.")] = UNSET
    paused: Annotated[bool | UnsetType, doc("Whether the stream is paused until `resume`.")] = UNSET
    total_chunks: _PlannedChunks | UnsetType = UNSET
    trace_id: TraceId | UnsetType = UNSET
    request_id: RequestId | UnsetType = UNSET


class Chunk(Struct, frozen=True, gc=False, tag_field="type", tag="chunk"):
    """One piece of the prepared content. The data of all chunks in order is the whole of it."""

    data: Annotated[str, doc("The piece: text, or sanitised HTML.")]
    index: Annotated[int, doc("The position in the stream: from 0, without a gap.")]
    timestamp: Timestamp
    close: Annotated[
        str | UnsetType,
        doc("In `html_mode` `incremental`: the end tags of the elements that are open after this chunk."),
    ] = UNSET
    settled: Annotated[
        int | UnsetType,
        doc("Of a live stream: what is before this number of UTF-16 code units never changes."),
    ] = UNSET
    start: Annotated[
        int | UnsetType,
        doc(
            "Of a live stream in `html_mode` `incremental`: the data replaces all after this number of UTF-16 code "
            "units. Without it, the data is appended."
        ),
    ] = field(name="from", default=UNSET)


class CompletionMetadata(Struct, frozen=True):
    """Statistics of a complete stream."""

    duration_ms: Annotated[int, doc("Milliseconds since `stream_start` or `stream_recovered`.")]
    bytes: Annotated[int, doc("Bytes of UTF-8 in the data of all chunks.")]
    skipped: Annotated[bool, doc("Whether the stream was skipped.")]


class StreamComplete(Struct, frozen=True, tag_field="type", tag="stream_complete"):
    """All chunks of the stream were sent."""

    total_chunks: Annotated[int, doc("The number of chunks: the last index + 1.")]
    session_id: SessionId
    timestamp: Timestamp
    stream_id: StreamId
    metadata: Annotated[CompletionMetadata, doc("Statistics of the stream.")]
    request_id: RequestId | UnsetType = UNSET
    live: _Live | UnsetType = UNSET


class StreamPaused(Struct, frozen=True, tag_field="type", tag="stream_paused"):
    """No chunk follows until `stream_resumed`."""

    timestamp: Timestamp


class StreamResumed(Struct, frozen=True, tag_field="type", tag="stream_resumed"):
    """The stream continues at its pace."""

    timestamp: Timestamp


class StreamSkipped(Struct, frozen=True, tag_field="type", tag="stream_skipped"):
    """The rest follows at once, merged into as few chunks as the limit of a chunk allows."""

    timestamp: Timestamp


class StreamCancelled(Struct, frozen=True, tag_field="type", tag="stream_cancelled"):
    """The stream has ended, and the next waiting request starts."""

    timestamp: Timestamp
    stream_id: Annotated[StreamId | UnsetType, doc("Of a live stream, which any reader can cancel.")] = UNSET


class StreamLeft(Struct, frozen=True, tag_field="type", tag="stream_left"):
    """The reading of a live stream has ended, and the next waiting request starts. `watch` continues it."""

    timestamp: Timestamp
    stream_id: StreamId


class StreamStalled(Struct, frozen=True, tag_field="type", tag="stream_stalled"):
    """The producer of the live stream is silent. More may follow at any time."""

    timestamp: Timestamp
    stream_id: StreamId
    seconds: Annotated[int, doc("The number of seconds for which it has been silent.")]


class StreamInterrupted(Struct, frozen=True, tag_field="type", tag="stream_interrupted"):
    """The producer of the live stream is lost. The stream continues if another one adopts it in time."""

    timestamp: Timestamp
    stream_id: StreamId
    until: Annotated[Timestamp, doc("When the stream ends with `PRODUCER_FAILED` if no producer adopts it.")]


class StreamContinued(Struct, frozen=True, tag_field="type", tag="stream_continued"):
    """The live stream has a producer again, after `stream_stalled` or `stream_interrupted`."""

    timestamp: Timestamp
    stream_id: StreamId


class AuthExpiring(Struct, frozen=True, tag_field="type", tag="auth_expiring"):
    """The token expires soon: send `auth_refresh`. Without it the connection closes."""

    timestamp: Timestamp
    expires_at: Expiry
    seconds_left: Annotated[int, doc("Whole seconds until then.")]


class AuthRefreshed(Struct, frozen=True, tag_field="type", tag="auth_refreshed"):
    """The token of an `auth_refresh` holds from now on."""

    timestamp: Timestamp
    expires_at: Expiry | UnsetType = UNSET


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to `ping`, sent at once, also during a stream."""

    timestamp: Timestamp


class HeartbeatAck(Struct, frozen=True, tag_field="type", tag="heartbeat_ack"):
    """The answer to `heartbeat`."""

    timestamp: Timestamp
    session_id: SessionId


class ErrorMessage(Struct, frozen=True, tag_field="type", tag="error"):
    """An error. It has no other effect, unless it is fatal."""

    code: Annotated[ErrorCode, doc("The code, for programs.")]
    message: Annotated[str, doc("A sentence with the remedy, for people. Its wording may change.")]
    fatal: Annotated[bool, doc("Whether the service closes the connection after it.")]
    retryable: Annotated[bool, doc("Whether the same message may succeed later.")]
    request_id: RequestId | UnsetType = UNSET
    stream_id: StreamId | UnsetType = UNSET
    retry_after_ms: Annotated[
        int | UnsetType,
        doc("The milliseconds after which the same message may succeed; only of some retryable errors."),
    ] = UNSET
    scope: Annotated[QuotaKind | UnsetType, doc("The quota of the user or the address that is used up.")] = UNSET

    @classmethod
    def of(cls, error: StreamingError, request_id: str | UnsetType = UNSET, stream_id: str | UnsetType = UNSET) -> Self:
        seconds = error.retry_after_seconds
        return cls(
            code=error.code,
            message=str(error),
            fatal=error.fatal,
            retryable=error.retryable,
            request_id=request_id,
            stream_id=stream_id,
            retry_after_ms=UNSET if seconds is None else round(seconds * 1000),
            scope=error.quota or UNSET,
        )


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
    | StreamLeft
    | StreamStalled
    | StreamInterrupted
    | StreamContinued
    | AuthExpiring
    | AuthRefreshed
    | Pong
    | HeartbeatAck
    | ErrorMessage
)

SERVER_MESSAGE_TYPES: Mapping[type[ServerMessage], str] = {
    kind: str(kind.__struct_config__.tag) for kind in get_args(ServerMessage)
}
"""The ``type`` of each message of the service on the wire."""

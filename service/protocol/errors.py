"""The errors that a client receives: code, whether the connection closes, whether a retry can help.

``StreamingError``
├── ``ClientMistake``: the client can correct it; counted, never reported
│   ├── ``InvalidMessage`` ``UnknownMessageType`` ``InvalidContentType`` ``InvalidChunkStrategy``
│   ├── ``InvalidSpeed`` ``InvalidHtmlMode`` ``InvalidControlAction`` ``NoActiveStream``
│   ├── ``ContentTooLarge`` ``EmptyContent`` ``PreparedTooLarge`` ``ContentTooCostly``
│   └── ``RefreshRefused`` ``ScopeMissing`` ``UnknownStream``
├── ``LimitReached``: the client must wait or reconnect
│   ├── ``RateLimitExceeded`` ``QueueFull`` ``ServerBusy`` ``OverCapacity``
│   ├── ``SessionTimeout`` ``IdleTimeout`` ``SlowClient`` ``StreamTakenOver``
│   ├── ``InputLimitExceeded`` ``MessageTimeout`` ``QuotaReached`` ``ConnectionQuotaReached``
│   └── ``Unauthenticated`` ``TokenExpired`` ``TokenRevoked`` ``Forbidden`` ``AuthUnavailable``
├── ``ProducerFailed``: the producer of a live stream is lost or has failed
└── ``ServiceFault``: a fault of the service; reported to its operators
    └── ``ChunkingFailed`` ``ProcessingFailed`` ``InternalError``

The docstring of a class with a code is the text that the documents publish.
"""

from collections.abc import Iterator
from typing import ClassVar

from msgspec import UNSET, UnsetType

from service.protocol.error_code import ErrorCode as ErrorCode  # noqa: PLC0414 - part of this module
from service.protocol.quota_kind import QuotaKind


class StreamingError(Exception):
    """The base of all errors. ``str(error)`` is a sentence for people that states the remedy."""

    code: ClassVar[ErrorCode]
    fatal: ClassVar[bool] = False
    """Whether the connection closes after it."""
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later."""
    reportable: ClassVar[bool] = False
    """Whether the error tracker receives it."""
    retry_after_seconds: float | None = None
    """When the same request may succeed, if that can be estimated."""
    quota: QuotaKind | None = None
    """The quota that is used up, if it is one."""


class ClientMistake(StreamingError):
    """The message or the content is wrong; without a change it fails again."""

    message_type: str = ""
    """The type of the wrong message, if it is one of the protocol."""
    request_id: str | UnsetType = UNSET
    """The label of the wrong request, if it could be decoded."""


class InvalidMessage(ClientMistake):
    """The frame does not contain a message of the protocol.

    It is binary, not JSON, not an object or nested too deeply, or a field has the wrong type or is out of bounds. Also:
    a `request_id` is repeated with other content, or while its stream runs or waits on this connection; an `ack` names
    a chunk that was not sent.
    """

    code = ErrorCode.INVALID_MESSAGE


class UnknownMessageType(ClientMistake):
    """The `type` is unknown or missing."""

    code = ErrorCode.UNKNOWN_MESSAGE_TYPE


class InvalidContentType(ClientMistake):
    """The `content_type` is unknown."""

    code = ErrorCode.INVALID_CONTENT_TYPE


class InvalidChunkStrategy(ClientMistake):
    """The `chunk_by` is unknown."""

    code = ErrorCode.INVALID_CHUNK_STRATEGY


class InvalidSpeed(ClientMistake):
    """The `speed` is unknown."""

    code = ErrorCode.INVALID_SPEED


class InvalidHtmlMode(ClientMistake):
    """The `html_mode` is unknown."""

    code = ErrorCode.INVALID_HTML_MODE


class InvalidControlAction(ClientMistake):
    """The `action` is unknown or missing."""

    code = ErrorCode.INVALID_CONTROL_ACTION


class NoActiveStream(ClientMistake):
    """A control without a stream, or an `ack` of a stream that this connection did not complete."""

    code = ErrorCode.NO_ACTIVE_STREAM


class ContentTooLarge(ClientMistake):
    """The content is longer than `MAX_CONTENT_SIZE`."""

    code = ErrorCode.CONTENT_TOO_LARGE


class EmptyContent(ClientMistake):
    """The content is empty or only white space, or is empty after sanitising."""

    code = ErrorCode.EMPTY_CONTENT


class PreparedTooLarge(ClientMistake):
    """The content grew past `PROCESSOR_MAX_CONTENT_SIZE` during its conversion."""

    code = ErrorCode.CHUNKING_ERROR


class ContentTooCostly(ClientMistake):
    """The content takes more than `CONTENT_CPU_LIMIT` or `CONTENT_MEMORY_LIMIT` to prepare."""

    code = ErrorCode.PROCESSING_ERROR


class RefreshRefused(ClientMistake):
    """The token in an `auth_refresh` is not valid, or is of another user. The connection keeps its token."""

    code = ErrorCode.UNAUTHENTICATED


class ScopeMissing(ClientMistake):
    """The token does not allow this message. The connection stays open."""

    code = ErrorCode.FORBIDDEN


class UnknownStream(ClientMistake):
    """The session has no such live stream: it does not exist, or has ended over `RESUME_TTL` ago."""

    code = ErrorCode.UNKNOWN_STREAM


class LimitReached(StreamingError):
    """A limit of the session, the connection or the process."""


class RateLimitExceeded(LimitReached):
    """The session has used all its requests."""

    code = ErrorCode.RATE_LIMIT_EXCEEDED


class QueueFull(LimitReached):
    """The queue of this connection has no place for another request."""

    code = ErrorCode.QUEUE_FULL
    retryable = True


class ServerBusy(LimitReached):
    """The server has too much content to prepare, or cannot read the live stream. Repeat it after `retry_after_ms`."""

    code = ErrorCode.SERVER_BUSY
    retryable = True

    def __init__(self, sentence: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class OverCapacity(LimitReached):
    """The server has no free connection, or no memory for what this one sends."""

    code = ErrorCode.OVER_CAPACITY
    fatal = True
    retryable = True


class SessionTimeout(LimitReached):
    """The session has ended."""

    code = ErrorCode.SESSION_TIMEOUT
    fatal = True
    retryable = True


class IdleTimeout(LimitReached):
    """The connection was idle for `IDLE_TIMEOUT`."""

    code = ErrorCode.IDLE_TIMEOUT
    fatal = True
    retryable = True


class SlowClient(LimitReached):
    """The client received no data for `CHUNK_TIMEOUT`. It rarely receives this message."""

    code = ErrorCode.STREAM_ERROR
    fatal = True
    retryable = True


class StreamTakenOver(LimitReached):
    """Another connection has recovered the stream of this one."""

    code = ErrorCode.STREAM_TAKEN_OVER
    fatal = True


class InputLimitExceeded(LimitReached):
    """The client sent more frames than `MAX_FRAME_RATE`, or more bytes than `MAX_BYTE_RATE`, allows."""

    code = ErrorCode.INPUT_LIMIT_EXCEEDED
    fatal = True


class MessageTimeout(LimitReached):
    """A message was not finished: nothing of it arrived for `MESSAGE_STALL_TIMEOUT`, or it took `MESSAGE_TIMEOUT`."""

    code = ErrorCode.MESSAGE_TIMEOUT
    fatal = True
    retryable = True


class QuotaReached(LimitReached):
    """The user or the address has used up a quota, which `scope` names. Repeat the request after `retry_after_ms`."""

    code = ErrorCode.RATE_LIMIT_EXCEEDED
    retryable = True

    def __init__(self, sentence: str, quota: QuotaKind, retry_after_seconds: float) -> None:
        super().__init__(sentence)
        self.quota = quota
        self.retry_after_seconds = retry_after_seconds


class ConnectionQuotaReached(QuotaReached):
    """The user or the address has opened too many connections or sessions. Reconnect after `retry_after_ms`."""

    code = ErrorCode.RATE_LIMIT_EXCEEDED
    fatal = True


class Unauthenticated(LimitReached):
    """The service needs a token and has received none in time, or one that is not valid."""

    code = ErrorCode.UNAUTHENTICATED
    fatal = True


class TokenExpired(LimitReached):
    """The token of the connection has expired: connect with a new one."""

    code = ErrorCode.TOKEN_EXPIRED
    fatal = True
    retryable = True


class TokenRevoked(LimitReached):
    """The token was revoked: the user has to sign in again."""

    code = ErrorCode.TOKEN_REVOKED
    fatal = True


class Forbidden(LimitReached):
    """The token does not allow to enter the session, or another secret reserves it."""

    code = ErrorCode.FORBIDDEN
    fatal = True


class AuthUnavailable(LimitReached):
    """The token cannot be checked at the moment. Reconnect in some seconds."""

    code = ErrorCode.AUTH_UNAVAILABLE
    fatal = True
    retryable = True


class ProducerFailed(StreamingError):
    """The producer of the live stream ended it after an error, or was lost. All that it has written was sent before."""

    code = ErrorCode.PRODUCER_FAILED


class ServiceFault(StreamingError):
    """A fault of the service. The client may try again."""

    retryable = True
    reportable = True


class ChunkingFailed(ServiceFault):
    """The content could not be split. A fault of the service, which reports it and streams the content unsplit."""

    code = ErrorCode.CHUNKING_ERROR


class ProcessingFailed(ServiceFault):
    """The content could not be processed: a fault of the service."""

    code = ErrorCode.PROCESSING_ERROR


class InternalError(ServiceFault):
    """A fault of the service. The message contains the id under which it was recorded, and no text of the exception."""

    code = ErrorCode.INTERNAL_ERROR
    fatal = True


def error_classes(base: type[StreamingError] = StreamingError) -> Iterator[type[StreamingError]]:
    """The classes of this module that have a code, in the order of their definition within a branch."""
    for kind in base.__subclasses__():
        if "code" in vars(kind) and kind.__module__ == __name__:
            yield kind
        yield from error_classes(kind)

"""Everything that can go wrong in a way that a client is told of.

``StreamingError``
├── ``ClientMistake``: the client can mend it; counted, never reported
│   ├── ``InvalidMessage`` ``UnknownMessageType`` ``InvalidContentType`` ``InvalidChunkStrategy``
│   ├── ``InvalidSpeed`` ``InvalidHtmlMode`` ``InvalidControlAction`` ``NoActiveStream``
│   └── ``ContentTooLarge`` ``EmptyContent`` ``PreparedTooLarge``
├── ``LimitReached``: the client must wait or come back
│   ├── ``RateLimitExceeded`` ``QueueFull`` ``OverCapacity``
│   └── ``SessionTimeout`` ``IdleTimeout`` ``SlowClient`` ``StreamTakenOver``
└── ``ServiceFault``: ours; reported to the people who run the service
    └── ``ChunkingFailed`` ``ProcessingFailed`` ``InternalError``

``code`` is the protocol's; ``fatal`` says that the socket closes after it; ``retryable`` that the same request may
work later; ``reportable`` that it belongs in the error tracker.
"""

from enum import StrEnum
from typing import ClassVar

from msgspec import UNSET, UnsetType


class ErrorCode(StrEnum):
    """The codes of the protocol."""

    RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED"
    SESSION_TIMEOUT = "SESSION_TIMEOUT"
    IDLE_TIMEOUT = "IDLE_TIMEOUT"
    CONTENT_TOO_LARGE = "CONTENT_TOO_LARGE"
    INVALID_CONTENT_TYPE = "INVALID_CONTENT_TYPE"
    INVALID_CHUNK_STRATEGY = "INVALID_CHUNK_STRATEGY"
    INVALID_CONTROL_ACTION = "INVALID_CONTROL_ACTION"
    CHUNKING_ERROR = "CHUNKING_ERROR"
    PROCESSING_ERROR = "PROCESSING_ERROR"
    STREAM_ERROR = "STREAM_ERROR"
    EMPTY_CONTENT = "EMPTY_CONTENT"
    UNKNOWN_MESSAGE_TYPE = "UNKNOWN_MESSAGE_TYPE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    INVALID_MESSAGE = "INVALID_MESSAGE"
    INVALID_SPEED = "INVALID_SPEED"
    INVALID_HTML_MODE = "INVALID_HTML_MODE"
    QUEUE_FULL = "QUEUE_FULL"
    NO_ACTIVE_STREAM = "NO_ACTIVE_STREAM"
    OVER_CAPACITY = "OVER_CAPACITY"
    STREAM_TAKEN_OVER = "STREAM_TAKEN_OVER"


class StreamingError(Exception):
    """The root. ``str(error)`` is a sentence for a person that says what to do."""

    code: ClassVar[ErrorCode]
    fatal: ClassVar[bool] = False
    retryable: ClassVar[bool] = False
    reportable: ClassVar[bool] = False


class ClientMistake(StreamingError):
    """The message or the content is wrong; sending it again unchanged will fail again."""

    message_type: str = ""
    """Of the message that is wrong, if it is one of the protocol's."""
    request_id: str | UnsetType = UNSET
    """The label of the request that was wrong, where it could be read."""


class InvalidMessage(ClientMistake):
    code = ErrorCode.INVALID_MESSAGE


class UnknownMessageType(ClientMistake):
    code = ErrorCode.UNKNOWN_MESSAGE_TYPE


class InvalidContentType(ClientMistake):
    code = ErrorCode.INVALID_CONTENT_TYPE


class InvalidChunkStrategy(ClientMistake):
    code = ErrorCode.INVALID_CHUNK_STRATEGY


class InvalidSpeed(ClientMistake):
    code = ErrorCode.INVALID_SPEED


class InvalidHtmlMode(ClientMistake):
    code = ErrorCode.INVALID_HTML_MODE


class InvalidControlAction(ClientMistake):
    code = ErrorCode.INVALID_CONTROL_ACTION


class NoActiveStream(ClientMistake):
    code = ErrorCode.NO_ACTIVE_STREAM


class ContentTooLarge(ClientMistake):
    code = ErrorCode.CONTENT_TOO_LARGE


class EmptyContent(ClientMistake):
    code = ErrorCode.EMPTY_CONTENT


class PreparedTooLarge(ClientMistake):
    """The content grew past its limit while it was converted."""

    code = ErrorCode.CHUNKING_ERROR


class LimitReached(StreamingError):
    """A limit of the session, the connection or the process."""


class RateLimitExceeded(LimitReached):
    code = ErrorCode.RATE_LIMIT_EXCEEDED


class QueueFull(LimitReached):
    code = ErrorCode.QUEUE_FULL
    retryable = True


class OverCapacity(LimitReached):
    code = ErrorCode.OVER_CAPACITY
    fatal = True
    retryable = True


class SessionTimeout(LimitReached):
    code = ErrorCode.SESSION_TIMEOUT
    fatal = True
    retryable = True


class IdleTimeout(LimitReached):
    code = ErrorCode.IDLE_TIMEOUT
    fatal = True
    retryable = True


class SlowClient(LimitReached):
    """The client took no data for too long. Best effort: it will rarely read this."""

    code = ErrorCode.STREAM_ERROR
    fatal = True
    retryable = True


class StreamTakenOver(LimitReached):
    """Another connection has recovered the stream that runs on this one: of two, the last wins."""

    code = ErrorCode.STREAM_TAKEN_OVER
    fatal = True


class ServiceFault(StreamingError):
    """Ours. The client may try again."""

    retryable = True
    reportable = True


class ChunkingFailed(ServiceFault):
    code = ErrorCode.CHUNKING_ERROR


class ProcessingFailed(ServiceFault):
    code = ErrorCode.PROCESSING_ERROR


class InternalError(ServiceFault):
    """A bug. The sentence carries the id under which it was recorded, never the exception's text."""

    code = ErrorCode.INTERNAL_ERROR
    fatal = True

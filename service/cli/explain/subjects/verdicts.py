"""What an outcome and an error code mean for the stream, who can act, and where it is described."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from service.events import CloseReason, Outcome
from service.protocol.errors import ErrorCode


class Fault(StrEnum):
    """Who can act."""

    NOT = "nothing is wrong"
    CLIENT = "the client"
    LIMIT = "a limit of the service"
    SERVICE = "a fault of the service"
    NETWORK = "the network, or the client's device"
    OPERATION = "operation: a restart or a deploy"


class Verdict(Struct, frozen=True):
    what: str
    """The end of a sentence that begins with the subject: was completed."""
    fault: Fault
    remedy: str = ""
    runbook: str = ""
    """In docs/runbooks; empty if there is none."""


OUTCOMES: Final[Mapping[str, Verdict]] = {
    Outcome.COMPLETED: Verdict("was completed", Fault.NOT),
    Outcome.SKIPPED: Verdict("was completed; the client skipped to its end", Fault.NOT),
    Outcome.CANCELLED: Verdict("was cancelled by the client", Fault.NOT),
    Outcome.TAKEN_OVER: Verdict("continues on another connection, which recovered it", Fault.NOT),
    Outcome.DISCONNECTED: Verdict(
        "ended because its connection was lost", Fault.NETWORK, "The client reconnects and recovers it."
    ),
    Outcome.SLOW_CLIENT: Verdict(
        "was cut, because the client accepted no data for CHUNK_TIMEOUT",
        Fault.NETWORK,
        "The client reconnects and recovers it.",
    ),
    Outcome.REJECTED: Verdict("was rejected", Fault.LIMIT),
    Outcome.ERROR: Verdict("failed by a fault of the service", Fault.SERVICE, runbook="high-error-rate.md"),
    Outcome.TIMEOUT: Verdict(
        "ended because its session or its connection reached a time limit",
        Fault.LIMIT,
        "The client starts a new session.",
    ),
    Outcome.SHUTDOWN: Verdict(
        "was interrupted by a shutdown",
        Fault.OPERATION,
        "A longer DRAIN_SECONDS lets streams finish; clients recover the others.",
    ),
}

CODES: Final[Mapping[str, Verdict]] = {
    ErrorCode.RATE_LIMIT_EXCEEDED: Verdict(
        "the session has used MAX_REQUESTS_PER_SESSION",
        Fault.LIMIT,
        "A new session has a new limit.",
        "rate-limit-surge.md",
    ),
    ErrorCode.SESSION_TIMEOUT: Verdict(
        "the session reached MAX_SESSION_DURATION", Fault.LIMIT, "The client reconnects.", "session-timeout-surge.md"
    ),
    ErrorCode.IDLE_TIMEOUT: Verdict(
        "the connection was idle for IDLE_TIMEOUT", Fault.CLIENT, "The client sends ping, or reconnects."
    ),
    ErrorCode.CONTENT_TOO_LARGE: Verdict(
        "the content exceeds MAX_CONTENT_SIZE", Fault.CLIENT, "Send less.", "large-content.md"
    ),
    ErrorCode.INVALID_CONTENT_TYPE: Verdict("content_type is unknown", Fault.CLIENT, "Correct the client."),
    ErrorCode.INVALID_CHUNK_STRATEGY: Verdict("chunk_by is unknown", Fault.CLIENT, "Correct the client."),
    ErrorCode.INVALID_CONTROL_ACTION: Verdict("the action is unknown", Fault.CLIENT, "Correct the client."),
    ErrorCode.CHUNKING_ERROR: Verdict(
        "the content grew past PROCESSOR_MAX_CONTENT_SIZE as HTML, or could not be split",
        Fault.CLIENT,
        "Send less.",
        "large-content.md",
    ),
    ErrorCode.PROCESSING_ERROR: Verdict(
        "the content could not be prepared, or exceeds CONTENT_CPU_LIMIT or CONTENT_MEMORY_LIMIT",
        Fault.SERVICE,
        "Without a fault_raised line the content was too costly.",
        "high-error-rate.md",
    ),
    ErrorCode.STREAM_ERROR: Verdict(
        "the client accepted no data for CHUNK_TIMEOUT", Fault.NETWORK, "It reconnects and recovers the stream."
    ),
    ErrorCode.EMPTY_CONTENT: Verdict(
        "the content is empty, or is empty after sanitising", Fault.CLIENT, "Correct the client."
    ),
    ErrorCode.UNKNOWN_MESSAGE_TYPE: Verdict("the type of the message is unknown", Fault.CLIENT, "Correct the client."),
    ErrorCode.INTERNAL_ERROR: Verdict(
        "an exception that the service does not handle",
        Fault.SERVICE,
        "Search for the error id and report it.",
        "high-error-rate.md",
    ),
    ErrorCode.INVALID_MESSAGE: Verdict("a message is not one of the protocol", Fault.CLIENT, "Correct the client."),
    ErrorCode.INVALID_SPEED: Verdict("speed is unknown", Fault.CLIENT, "Correct the client."),
    ErrorCode.INVALID_HTML_MODE: Verdict("html_mode is unknown", Fault.CLIENT, "Correct the client."),
    ErrorCode.QUEUE_FULL: Verdict(
        "the queue of the connection has no place", Fault.CLIENT, "Wait for a stream to end."
    ),
    ErrorCode.NO_ACTIVE_STREAM: Verdict("a control or an ack without a stream", Fault.CLIENT, "Correct the client."),
    ErrorCode.OVER_CAPACITY: Verdict(
        "no connection, or no memory for input, was free", Fault.LIMIT, "The client retries.", "connection-failures.md"
    ),
    ErrorCode.STREAM_TAKEN_OVER: Verdict("another connection recovered the stream", Fault.NOT),
    ErrorCode.INPUT_LIMIT_EXCEEDED: Verdict(
        "the client sent more than MAX_FRAME_RATE or MAX_BYTE_RATE allows",
        Fault.CLIENT,
        "Correct the client.",
        "input-limit-surge.md",
    ),
    ErrorCode.MESSAGE_TIMEOUT: Verdict(
        "the client did not finish a message in time", Fault.NETWORK, "It may reconnect.", "input-limit-surge.md"
    ),
    ErrorCode.SERVER_BUSY: Verdict(
        "too much content was waiting to be prepared",
        Fault.LIMIT,
        "The client repeats it after retry_after_ms.",
        "long-content-queue.md",
    ),
    ErrorCode.UNAUTHENTICATED: Verdict("a token was missing or not valid", Fault.CLIENT, "The user signs in again."),
    ErrorCode.TOKEN_EXPIRED: Verdict("the token expired", Fault.CLIENT, "The client sends auth_refresh in time."),
    ErrorCode.TOKEN_REVOKED: Verdict("the token was revoked", Fault.NOT),
    ErrorCode.FORBIDDEN: Verdict(
        "the token, or the secret of the session, does not allow it", Fault.CLIENT, "Issue a token with its scope."
    ),
    ErrorCode.AUTH_UNAVAILABLE: Verdict("the token could not be checked", Fault.OPERATION, "The client reconnects."),
    ErrorCode.UNKNOWN_STREAM: Verdict(
        "there is no such live stream in the session, or RESUME_TTL was over", Fault.CLIENT, "Watch another stream."
    ),
    ErrorCode.PRODUCER_FAILED: Verdict(
        "the producer of the live stream failed, or was lost and none adopted the stream",
        Fault.CLIENT,
        "Look at the back end.",
        "live-producers-lost.md",
    ),
}

CLOSES: Final[Mapping[str, Verdict]] = {
    CloseReason.CLIENT: Verdict("the client closed it", Fault.CLIENT),
    CloseReason.IDLE_TIMEOUT: Verdict("it was idle for IDLE_TIMEOUT", Fault.CLIENT, "The client sends ping."),
    CloseReason.SESSION_TIMEOUT: Verdict(
        "the session reached MAX_SESSION_DURATION", Fault.LIMIT, "The client reconnects."
    ),
    CloseReason.SLOW_CLIENT: Verdict("the client accepted no data for CHUNK_TIMEOUT", Fault.NETWORK),
    CloseReason.ERROR: Verdict("an internal error", Fault.SERVICE, runbook="high-error-rate.md"),
    CloseReason.SHUTDOWN: Verdict("the process shut down", Fault.OPERATION),
    CloseReason.TAKEN_OVER: Verdict("another connection recovered its stream", Fault.NOT),
    CloseReason.INPUT_FRAMES: Verdict("it sent more than MAX_FRAME_RATE", Fault.CLIENT, runbook="input-limit-surge.md"),
    CloseReason.INPUT_BYTES: Verdict("it sent more than MAX_BYTE_RATE", Fault.CLIENT, runbook="input-limit-surge.md"),
    CloseReason.MESSAGE_TIMEOUT: Verdict(
        "a message was not finished in time", Fault.NETWORK, runbook="input-limit-surge.md"
    ),
    CloseReason.INPUT_MEMORY: Verdict(
        "INPUT_MEMORY was used up, most of it by this one", Fault.LIMIT, runbook="input-limit-surge.md"
    ),
    CloseReason.PROTOCOL_ERROR: Verdict("a frame violated the WebSocket protocol", Fault.CLIENT),
    CloseReason.TOKEN_EXPIRED: Verdict("its token expired", Fault.CLIENT, "The client sends auth_refresh in time."),
    CloseReason.TOKEN_REVOKED: Verdict("its token was revoked", Fault.NOT),
    CloseReason.KEEPALIVE_TIMEOUT: Verdict("the peer did not answer a ping", Fault.NETWORK),
    CloseReason.ABNORMAL: Verdict("the peer disappeared without a close frame", Fault.NETWORK),
}

"""Why a well-formed request is refused: before the store is called, or by its decision."""

from service.protocol.errors import (
    ContentTooLarge,
    EmptyContent,
    InvalidMessage,
    QueueFull,
    RateLimitExceeded,
    StreamingError,
)
from service.protocol.limits import QUEUE_LENGTH, Limits
from service.protocol.messages import StreamRequest
from service.session.records import Admission


def validate_request(
    request: StreamRequest, content_bytes: int, limits: Limits, *, queue_full: bool
) -> StreamingError | None:
    """Return the first reason to refuse the request before it is counted; ``None`` if there is none."""
    if content_bytes > limits.max_content_bytes:
        return ContentTooLarge(f"The content is over {limits.max_content_bytes} bytes of UTF-8. Send it in parts.")
    if not request.content or request.content.isspace():
        return EmptyContent("The content is empty. Send some text.")
    return queue_full_error() if queue_full else None


def queue_full_error() -> QueueFull:
    return QueueFull(f"{QUEUE_LENGTH} requests are waiting on this connection. Wait for a stream to end.")


def check_admission(admission: Admission, limits: Limits, *, active_here: bool) -> StreamingError | None:
    """Return why the request ends here; ``None`` if it is admitted.

    ``active_here``: the stream that the request repeats is current or waits on this connection.
    """
    if admission.conflicts:
        return InvalidMessage("This request_id was used before with other content. Send that content or another id.")
    if active_here:
        return InvalidMessage("The stream of this request_id is active on this connection. Wait for its end.")
    if not admission.admitted:
        return RateLimitExceeded(
            f"This session has used its {limits.max_requests} requests. "
            "Continue when it has ended (connected.session_expires_at), or use another session id."
        )
    return None

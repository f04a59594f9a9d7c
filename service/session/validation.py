"""Why a well-formed request is refused: before the store is asked, or by its word."""

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


def refusal(request: StreamRequest, limits: Limits, *, queue_is_full: bool) -> StreamingError | None:
    """The first reason that there is before it is counted, or ``None``."""
    content = request.content
    limit = limits.max_content_bytes
    if len(content) > limit or (not content.isascii() and len(content.encode()) > limit):
        return ContentTooLarge(f"The content is over {limit} bytes of UTF-8. Send it in parts.")
    if not content or content.isspace():
        return EmptyContent("The content is empty. Send some text.")
    if queue_is_full:
        return queue_full()
    return None


def queue_full() -> QueueFull:
    return QueueFull(f"{QUEUE_LENGTH} requests are waiting on this connection. Wait for a stream to end.")


def refusal_by_store(admission: Admission, limits: Limits, *, is_under_way: bool) -> StreamingError | None:
    """Why the request may not go on; ``is_under_way`` says that what it repeats runs or waits on this connection."""
    if admission.conflicts:
        return InvalidMessage("This request_id came before with other content. Send that, or use another id.")
    if is_under_way:
        return InvalidMessage("The stream of this request_id is under way on this connection. Wait for its end.")
    if not admission.admitted:
        return RateLimitExceeded(
            f"This session has used its {limits.max_requests} requests. "
            "Go on when it is over (connected.session_expires_at), or under another session id."
        )
    return None

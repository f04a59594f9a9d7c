"""Why a well-formed request is refused before it is counted."""

from service.core.errors import ContentTooLarge, EmptyContent, QueueFull, StreamingError
from service.core.limits import QUEUE_LENGTH, Limits
from service.core.messages import StreamRequest


def refusal(request: StreamRequest, limits: Limits, *, line_is_full: bool) -> StreamingError | None:
    """The first reason that there is, or ``None``."""
    content = request.content
    limit = limits.max_content_bytes
    if len(content) > limit or (not content.isascii() and len(content.encode()) > limit):
        return ContentTooLarge(f"The content is over {limit} bytes of UTF-8. Send it in parts.")
    if not content or content.isspace():
        return EmptyContent("The content is empty. Send some text.")
    if line_is_full:
        return queue_full()
    return None


def queue_full() -> QueueFull:
    return QueueFull(f"{QUEUE_LENGTH} requests are waiting on this connection. Wait for a stream to end.")

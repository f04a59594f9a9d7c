"""The limits of a session and of content, in the units of the core; ``service.settings`` reads them."""

import msgspec

QUEUE_LENGTH = 10
"""The largest number of requests that wait behind the current one of a connection."""


_SMALLEST_MESSAGE_LIMIT = 2 * 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """The limits with their documented defaults."""

    max_requests: int = 100
    """Admitted requests of a session."""
    max_session_seconds: float = 3600
    idle_timeout_seconds: float = 300
    max_content_bytes: int = 100_000
    """UTF-8 bytes in the content of a request."""
    max_prepared_characters: int = 1_000_000
    """Characters after conversion and sanitising."""
    max_chunk_characters: int = 1000
    """A hard limit for text; an HTML element that cannot be split may be longer."""
    chunk_timeout_seconds: float = 5
    """The longest time without progress in what the client receives."""

    @property
    def max_message_bytes(self) -> int:
        """The largest payload of a WebSocket message.

        JSON may write each byte of the content in six, and content that is too large is answered with an error and not
        with a close.
        """
        return max(_SMALLEST_MESSAGE_LIMIT, 6 * self.max_content_bytes + 65_536)

    @property
    def warn_at_requests(self) -> int:
        """The number of requests of a session at which a warning is logged: 80 % of the limit, rounded up."""
        return -(-self.max_requests * 4 // 5)

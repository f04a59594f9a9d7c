"""The limits of a session and of content, as the core needs them (settings.py reads them from the environment)."""

import msgspec

QUEUE_LENGTH = 10
"""Requests that may wait behind the one in progress on a connection."""


class Limits(msgspec.Struct, frozen=True):
    """Each limit with its unit; the defaults are the guide's."""

    max_requests: int = 100
    """Admitted requests a session."""
    max_session_seconds: float = 3600
    idle_timeout_seconds: float = 300
    max_content_bytes: int = 100_000
    """UTF-8 bytes of a request's content."""
    max_prepared_characters: int = 1_000_000
    """Characters after conversion and sanitising."""
    max_chunk_characters: int = 1000
    """Hard for text; an HTML element that cannot be cut may be longer."""
    chunk_timeout_seconds: float = 5
    """How long a client may take no data."""

    @property
    def warn_at_requests(self) -> int:
        """The count at which a session is warned of in the log: 80 % of its requests, rounded up."""
        return -(-self.max_requests * 4 // 5)

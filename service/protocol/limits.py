"""The limits of a session and of content, in the units of the core; ``service.settings`` reads them."""

from enum import StrEnum

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
    resume_seconds: float = 300
    """How long an interrupted or ended stream can be recovered."""

    @property
    def kept_message_bytes(self) -> int:
        """A larger WebSocket message is not kept: JSON writes a byte of the content in at most six."""
        return 6 * self.max_content_bytes + 65_536

    @property
    def max_message_bytes(self) -> int:
        """The largest payload of a WebSocket message. Up to here, a large one is answered with an error."""
        return max(_SMALLEST_MESSAGE_LIMIT, self.kept_message_bytes)

    @property
    def warn_at_requests(self) -> int:
        """The number of requests of a session at which a warning is logged: 80 % of the limit, rounded up."""
        return -(-self.max_requests * 4 // 5)


class InputLimit(StrEnum):
    """A limit of what a connection may send, whose excess ends it."""

    FRAMES = "frames"
    BYTES = "bytes"
    MESSAGE = "message"
    """The time for a message."""
    MEMORY = "memory"
    """What all connections of the process hold."""


class Rate(msgspec.Struct, frozen=True):
    """At most ``per_second`` in the long run, and ``burst`` at once."""

    per_second: float
    burst: float


BURST_SECONDS = 10
"""A burst is what the rate allows in this time."""


MESSAGE_FRAMES = 4
"""A message counts as this number of frames, because decoding and answering it costs more."""


class InputLimits(msgspec.Struct, frozen=True):
    """What one connection may send, and hold in the memory of the process."""

    max_message_bytes: int
    kept_message_bytes: int
    frames: Rate
    bytes: Rate
    message_stall_seconds: float
    """The longest time without progress in a message that has begun."""
    message_seconds: float
    """The longest time for a message."""
    process_bytes: int
    """Of unfinished messages and waiting requests, for all connections of a process."""

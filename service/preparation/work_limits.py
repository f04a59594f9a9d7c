"""How much content work may wait, for how long, and what one piece of it may use."""

from msgspec import Struct


class WorkLimits(Struct, frozen=True):
    """The limits of content work with their documented defaults."""

    max_queue_bytes: int = 16_777_216
    """Content that waits for one worker, in UTF-8 bytes."""
    max_wait_seconds: float = 5.0
    """The longest time for which a request waits for its turn."""
    cpu_seconds: float = 5.0
    """Processor time of one large request."""
    memory_bytes: int = 134_217_728
    """Private memory of the process for large requests."""


DEFAULT_WORK_LIMITS = WorkLimits()

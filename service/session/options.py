"""What a deployment decides about its sessions, apart from their limits."""

from msgspec import Struct


class SessionOptions(Struct, frozen=True):
    """The same for all connections of a process."""

    records_content: bool = False
    """Each chunk has an event, so no step has a run."""
    client_reports: bool = False
    """Reports of clients have an event; if not, they are ignored."""
    resume_seconds: float | None = None
    """The time in which the lost producer of a live stream can be replaced; ``None`` without live streams."""


DEFAULT_OPTIONS = SessionOptions()

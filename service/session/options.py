"""What a deployment decides about its sessions, apart from their limits."""

from msgspec import Struct


class SessionOptions(Struct, frozen=True):
    """The same for all connections of a process."""

    records_content: bool = False
    """Each chunk has an event, so no step has a run."""
    client_reports: bool = False
    """Reports of clients have an event; if not, they are ignored."""


DEFAULT_OPTIONS = SessionOptions()

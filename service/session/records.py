"""What a store keeps, so that another process can go on where one stopped."""

from enum import StrEnum

from msgspec import Struct

from service.protocol.messages import ContentType
from service.protocol.trace import Trace

Digest = bytes
"""SHA-256 of a resume token: all that is ever stored of it."""


class Claim(Struct, frozen=True):
    """What makes a request the same request, however often it comes."""

    request_id: str
    fingerprint: bytes
    """SHA-256 of the content and the options."""
    owner: Digest
    """Of the connection that it has come on: the claim is stored under this."""
    presented: Digest | None
    """Of the token that came with it, if one did: a claim under this is the same request."""


class StreamRecord(Struct, frozen=True):
    """A stream that can be recovered. Only ``plan`` holds content."""

    stream_id: str
    session_id: str
    session_epoch: str
    """Of the snapshot that it was started under: a session that has come after it under the same id has another."""
    owners: tuple[Digest, ...]
    """Of the tokens that open it: of the connection that it was started on, and of each that it was recovered onto."""
    content_type: ContentType
    request_id: str | None
    trace: Trace
    plan: bytes
    """The packed plan, as ``core.content.packed`` makes it."""
    processing_seconds: float
    epoch: int = 0
    """How often it was taken over: who streams under an older one has lost it."""
    skip_at: int | None = None
    """The index at which it was skipped; stored before the first merged chunk goes out."""
    skip_settled: bool = False
    """Stored too before that one goes out. If not, what came after ``skip_at`` may have been cut either way."""
    paused: bool = False
    counted: bool = False
    """Whether its end was counted already, by a process that saw its connection break."""


class StreamStatus(StrEnum):
    """What may be noted of a stream while it runs. The first two tell the pace only."""

    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    """It has ended, and was counted; its time to live begins."""
    ACKNOWLEDGED = "acknowledged"
    """The client has all of it that it wants: nothing need be kept."""

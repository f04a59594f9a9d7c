"""What a session store takes and returns. Fields that hold a digest hold the SHA-256 of a token or a secret."""

from enum import StrEnum
from typing import Self

from msgspec import Struct

from service.access.session_key import live_key
from service.protocol.messages import ContentType
from service.protocol.trace import Trace

Digest = bytes
"""SHA-256 of a resume token, or of the secret of a session. These themselves are never stored."""


class SessionSnapshot(Struct, frozen=True):
    """A session as the store returned it last."""

    session_key: str
    """As ``service.access.session_key`` makes it: the id of the session in its space."""
    incarnation: str
    """Distinguishes the session from an earlier one with the same key."""
    requests_used: int
    seconds_left: float
    shared: bool = True
    """Whether the shared store has it. If false, only this process has it, until the connection joins the store."""
    secret: Digest | None = None
    """Of the connection that created the session; others need it. ``None`` if it had none."""
    created: bool = False
    """Whether the call that returned it has created the session."""

    @property
    def live_key(self) -> str:
        """As ``service.access.session_key`` makes it: of the live streams of the session."""
        return live_key(self.session_key, self.secret)


class SessionReserved(Struct, frozen=True):
    """The session exists, and another secret than the one presented belongs to it, or none."""


class Admission(Struct, frozen=True):
    """The decision of a store on one request. The request is counted if it is admitted and repeats no other."""

    admitted: bool
    requests_used: int
    repeats: str | None = None
    """The stream for which the same claim was made before. Such a request is admitted and not counted."""
    conflicts: bool = False
    """Not admitted: the ``request_id`` was claimed before with another fingerprint."""

    @classmethod
    def without_store(cls, snapshot: SessionSnapshot, max_requests: int) -> Self:
        """Count the request for the connection of the snapshot alone: another secret reserves its session by now."""
        admitted = snapshot.requests_used < max_requests
        return cls(admitted, snapshot.requests_used + admitted)


class Claim(Struct, frozen=True):
    """Identifies a request, so that a repetition is recognised."""

    request_id: str
    fingerprint: bytes
    """SHA-256 of the content and the options."""
    owner: Digest
    """Of the connection that received the request: the claim is stored under this digest."""
    presented: Digest | None
    """Of the token in the request, if it has one: a claim stored under this digest is the same request."""


class StreamRecord(Struct, frozen=True):
    """A stream that can be recovered. Only ``plan`` holds content."""

    stream_id: str
    session_key: str
    session_incarnation: str
    """Of the session in which the stream was requested."""
    owners: tuple[Digest, ...]
    """The digests of the tokens that may recover the stream."""
    content_type: ContentType
    request_id: str | None
    trace: Trace
    plan: bytes
    """The plan as ``service.content`` packs it."""
    processing_seconds: float
    epoch: int = 0
    """The number of times that the stream was acquired by another connection."""
    skip_at: int | None = None
    """The index at which the stream was skipped; stored before the first merged chunk is sent."""
    skip_settled: bool = False
    """Whether chunks from ``skip_at`` on are merged. If false, they may have been sent merged or not."""
    paused: bool = False
    counted: bool = False
    """Whether a process has recorded the end of the stream, so that another end is not counted again."""


class StreamStatus(StrEnum):
    """A change of a stored stream."""

    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    """The stream ended and was counted; its time to live starts."""
    ACKNOWLEDGED = "acknowledged"
    """The client needs nothing more of the stream: the store deletes it."""

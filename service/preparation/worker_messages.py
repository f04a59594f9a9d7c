"""What a content process receives and sends.

Replies are strict MessagePack, so that content that takes over the process gains nothing in the service.
"""

from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

from service.content import ContentRules, StageTime
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest


class Setup(Struct, frozen=True):
    """What the process needs once. It comes from the service itself, so it may be pickled."""

    limits: Limits
    rules: ContentRules
    cpu_seconds: float
    """Processor time of one request; the process is killed by SIGPROF when it is used up."""
    memory_bytes: int
    """Private memory of the process; an allocation beyond it fails."""


class Failure(Struct, frozen=True, array_like=True):
    """An error of the protocol."""

    error: str
    """The name of its class."""
    sentence: str
    cause: str | None
    """The type and the frames of the unexpected exception behind it."""


class Prepared(Struct, frozen=True, array_like=True, tag=True):
    plan: bytes
    """Packed."""
    failure: Failure | None
    """Of the plan."""
    stages: tuple[StageTime, ...]
    cpu_seconds: float
    leaves: bool
    """Whether the process ends after this reply, because it needs much memory."""


class Failed(Struct, frozen=True, array_like=True, tag=True):
    failure: Failure | None
    """``None`` if the memory of the process did not suffice."""
    stages: tuple[StageTime, ...]
    cpu_seconds: float
    leaves: bool


Reply = Prepared | Failed

REQUEST_ENCODER, REQUEST_DECODER = Encoder(), Decoder(StreamRequest)
REPLY_ENCODER: Encoder = Encoder()
REPLY_DECODER: Decoder[Reply] = Decoder(Reply)

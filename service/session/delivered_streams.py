"""What a connection has sent to its end, until the client says that it has it."""

from msgspec import Struct

_KEPT = 100
"""As many as a session makes requests, by default."""


class DeliveredStream(Struct, frozen=True):
    """A stream that was sent to its end."""

    chunks: int
    epoch: int | None
    """In the store; ``None`` if it is not there."""


class DeliveredStreams:
    """The last streams that a connection has completed."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: dict[str, DeliveredStream] = {}

    def add(self, stream_id: str, sent: DeliveredStream) -> None:
        self._sent[stream_id] = sent
        if len(self._sent) > _KEPT:
            del self._sent[next(iter(self._sent))]

    def find(self, stream_id: str) -> DeliveredStream | None:
        return self._sent.get(stream_id)

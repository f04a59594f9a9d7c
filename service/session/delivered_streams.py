"""The streams that a connection has delivered, and their acknowledgement."""

from msgspec import Struct

from service.protocol.errors import InvalidMessage, NoActiveStream, StreamingError
from service.protocol.messages import Ack
from service.session.effects import UpdateStatus
from service.session.records import StreamStatus
from service.session.stream_state import StreamState

_MAX_STREAMS = 100
"""The default number of requests of a session."""


class DeliveredStream(Struct, frozen=True):
    chunks: int
    """Sent so far."""
    epoch: int | None
    """In the store; ``None`` if the stream is not stored or not complete."""


class DeliveredStreams:
    """The last streams whose last chunk was sent on this connection."""

    __slots__ = ("_streams",)

    def __init__(self) -> None:
        self._streams: dict[str, DeliveredStream] = {}

    def add(self, stream: StreamState) -> None:
        epoch = stream.epoch if stream.resumable else None
        self._streams[stream.stream_id] = DeliveredStream(_chunks(stream), epoch)
        if len(self._streams) > _MAX_STREAMS:
            del self._streams[next(iter(self._streams))]

    def acknowledge(self, ack: Ack, current: StreamState | None) -> UpdateStatus | StreamingError | None:
        """Return the change of the store for the ``ack`` of a last chunk, the error for a wrong one, or ``None``."""
        if current is not None and current.started and current.stream_id == ack.stream_id:
            stream: DeliveredStream | None = DeliveredStream(_chunks(current), epoch=None)
        else:
            stream = self._streams.get(ack.stream_id)
        if stream is None:
            return NoActiveStream("This connection has no such stream. Send no ack for it.")
        if ack.index >= stream.chunks:
            return InvalidMessage(f"index {ack.index} was not sent. Send the index of a chunk that you have received.")
        if ack.index == stream.chunks - 1 and stream.epoch is not None:
            return UpdateStatus(ack.stream_id, stream.epoch, StreamStatus.ACKNOWLEDGED)
        return None


def _chunks(stream: StreamState) -> int:
    """Return the number of chunks that were sent of a stream that has started."""
    if stream.watch is not None and stream.watch.reader is not None:
        return stream.watch.reader.delivery.index
    return stream.active_delivery.index

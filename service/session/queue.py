"""The streams that a connection has requested, in order."""

from collections.abc import Iterator
from sys import getsizeof

from service.protocol.instant import Instant
from service.protocol.limits import QUEUE_LENGTH
from service.protocol.messages import Recover, StreamRequest, Watch
from service.session.stream_state import StreamState
from service.session.watch import WatchState


class RequestQueue:
    """First in, first out: the first stream is current, and at most ``QUEUE_LENGTH`` others wait."""

    __slots__ = ("_next_ticket", "_streams")

    def __init__(self) -> None:
        self._streams: list[StreamState] = []
        self._next_ticket = 1

    @property
    def current(self) -> StreamState | None:
        """The stream that is being prepared, recovered or delivered: controls act on it."""
        return self._streams[0] if self._streams else None

    @property
    def full(self) -> bool:
        return len(self._streams) > QUEUE_LENGTH

    @property
    def held_bytes(self) -> int:
        """The memory of the content of all requests that have not started."""
        requests = (stream.message for stream in self._streams if isinstance(stream.message, StreamRequest))
        return sum(getsizeof(request.content) for request in requests)

    def add(
        self,
        message: StreamRequest | Recover | Watch,
        now: Instant,
        content_bytes: int = 0,
        *,
        watch: WatchState | None = None,
    ) -> StreamState:
        """Add a stream at the end; ``watch`` is its state if it is live."""
        stream = StreamState(self._next_ticket, message, content_bytes, now, watch)
        self._next_ticket += 1
        self._streams.append(stream)
        return stream

    def replace(self, stream: StreamState, message: Watch, now: Instant, watch: WatchState) -> StreamState:
        """Put another reading of a live stream in its place."""
        index = self._streams.index(stream)
        self._streams[index] = self.add(message, now, watch=watch)
        return self._streams.pop()

    def find(self, ticket: int) -> StreamState | None:
        """Return the stream; ``None`` if it was removed."""
        return next((stream for stream in self._streams if stream.ticket == ticket), None)

    def contains(self, stream_id: str) -> bool:
        """Whether the stream, or a repetition of its request, is current or waits. Live streams do not count."""
        streams = (stream for stream in self._streams if stream.watch is None)
        return any(stream_id in {stream.stream_id, stream.repeats} for stream in streams)

    def find_watch(self, stream_id: str) -> StreamState | None:
        """Return the live stream, if it is current or waits."""
        streams = (stream for stream in self._streams if stream.watch is not None)
        return next((stream for stream in streams if stream.stream_id == stream_id), None)

    def remove(self, stream: StreamState) -> None:
        self._streams.remove(stream)

    def __iter__(self) -> Iterator[StreamState]:
        return iter(tuple(self._streams))

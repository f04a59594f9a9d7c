"""One stream as this client has received it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import uuid4

from streaming_content.errors import RecoveryRefused, ServerError, StreamCancelled, StreamingError

Message = dict[str, Any]
"""One JSON object of the protocol, in either direction."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of the content."""

    index: int
    data: str
    close: str | None
    """In incremental mode, the end tags of the elements that are open after this chunk."""
    arrived_at: float
    """On the clock of the connection, in seconds."""


class StreamConnection(Protocol):
    """What a stream needs of a connection."""

    async def wait_until(self, condition: Callable[[], bool]) -> None: ...
    async def exchange(self, answer: str, type_: str, **fields: object) -> Message: ...
    async def acknowledge(self, stream: "Stream") -> None: ...


class Stream:
    """The state of one request, over all connections that have carried it.

    Iterate it for its chunks, or await ``read()`` for the whole content. Other messages that arrive on the connection
    until then are handled as well, so several streams of a connection can be read in any order, and by several tasks.
    Moments are seconds on the clock of the connection.
    """

    def __init__(self, content: str, **fields: object) -> None:
        """``fields`` are those of ``stream_request``; a ``request_id`` is generated unless one is given."""
        self.request: Message = {"content": content, "request_id": uuid4().hex, **fields}
        self.token: str | None = None
        """The resume token that opens this stream on another connection."""
        self.requested_at = 0.0
        self.start: Message = {}
        """``stream_start``; empty until it arrives."""
        self.chunks: list[Chunk] = []
        self.end: Message = {}
        """The terminal message: ``stream_complete``, ``stream_cancelled``, ``error``, or a ``stream_recovered`` that
        refuses; empty until it arrives."""
        self.ended_at = 0.0
        self.starts = 0
        """The number of ``stream_start`` messages: a repeated request begins again at index 0."""
        self.connection: StreamConnection | None = None
        """The connection that the stream was requested or recovered on last."""

    # State

    @property
    def request_id(self) -> str:
        return str(self.request["request_id"])

    @property
    def stream_id(self) -> str | None:
        """``None`` until the stream has started."""
        return self.start.get("stream_id")

    @property
    def metadata(self) -> Message:
        """The ``metadata`` of ``stream_start``; empty until it arrives."""
        return self.start.get("metadata") or {}

    @property
    def speed(self) -> str:
        """The speed used; empty until the stream has started."""
        return str(self.metadata.get("speed_used", ""))

    @property
    def resumable(self) -> bool:
        """Whether the service has stored the stream, so that it can be recovered."""
        return bool(self.start.get("resumable"))

    @property
    def last_index(self) -> int:
        """The index of the chunk that arrived last; -1 if there is none."""
        return self.chunks[-1].index if self.chunks else -1

    @property
    def data(self) -> str:
        """The data of all chunks so far, joined."""
        return "".join(chunk.data for chunk in self.chunks)

    @property
    def markup(self) -> str:
        """The data so far with the end tags that it needs: well-formed HTML at any moment in incremental mode."""
        return self.data + ((self.chunks[-1].close or "") if self.chunks else "")

    @property
    def arrivals(self) -> list[float]:
        """When each chunk arrived."""
        return [chunk.arrived_at for chunk in self.chunks]

    def take(self, message: Message, at: float) -> None:
        """Record a message of this stream that arrived at ``at``; ignore messages of other types."""
        match message["type"]:
            case "stream_start":
                self.start = message
                self.starts += 1
                self.chunks = []
            case "chunk":
                self.chunks.append(Chunk(message["index"], message["data"], message.get("close"), at))
            case "stream_complete" | "stream_cancelled" | "error":
                self.end, self.ended_at = message, at
            case "stream_recovered" if not message["recovered"]:
                self.end, self.ended_at = message, at
            case _:
                pass

    def discard(self) -> None:
        """Forget the chunks, so that the stream can be recovered from index 0."""
        self.chunks = []
        self.end = {}

    @property
    def failure(self) -> StreamingError | None:
        """Why the content is not complete; ``None`` for a stream that is complete or has not ended."""
        match self.end.get("type"):
            case "error":
                return ServerError(self.end)
            case "stream_recovered":
                return RecoveryRefused(self.end)
            case "stream_cancelled":
                return StreamCancelled()
            case _:
                return None

    # Reading

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        """Yield each chunk as it arrives, and those that have arrived already; end when the stream is complete.

        A stream that starts again (see ``Connection.resume``) yields from index 0 again. Raises ``ServerError``,
        ``RecoveryRefused`` or ``StreamCancelled`` if the stream ends in another way, and ``ConnectionClosed``.
        """
        starts, position = self.starts, 0
        while True:
            if self.starts != starts:
                starts, position = self.starts, 0
            if position < len(self.chunks):
                position += 1
                yield self.chunks[position - 1]
            elif self.end:
                break
            else:
                await self._wait(starts, position)
        if self.failure:
            raise self.failure

    async def _wait(self, starts: int, position: int) -> None:
        await self._connected.wait_until(lambda: bool(self.end) or len(self.chunks) > position or self.starts != starts)

    async def wait_started(self) -> Self:
        """Return when ``stream_start`` has arrived. Raises what iteration raises if the stream ends without it."""
        return await self._wait_for(lambda: bool(self.start))

    async def wait_chunks(self, count: int) -> Self:
        """Return when ``count`` chunks have arrived, or the stream is complete. Raises what iteration raises."""
        return await self._wait_for(lambda: len(self.chunks) >= count)

    async def wait_ended(self) -> Self:
        """Return when the stream has ended, in whichever way: see ``failure``."""
        await self._connected.wait_until(lambda: bool(self.end))
        return self

    async def read(self) -> str:
        """Return the whole content. Raises what iteration raises."""
        await self._wait_for(lambda: False)
        return self.data

    async def _wait_for(self, condition: Callable[[], bool]) -> Self:
        await self._connected.wait_until(lambda: bool(self.end) or condition())
        if self.failure and not condition():
            raise self.failure
        return self

    # Controls. Each acts on the first request in line, which is this one while it is active.

    async def pause(self) -> None:
        """Hold back chunks until ``resume``. Returns when the service confirms it; raises ``ServerError``."""
        await self._control("pause", "stream_paused")

    async def resume(self) -> None:
        """End a pause. Returns when the service confirms it; raises ``ServerError``."""
        await self._control("resume", "stream_resumed")

    async def skip(self) -> None:
        """Request the remaining content at once. Returns when the service confirms it; raises ``ServerError``."""
        await self._control("skip", "stream_skipped")

    async def cancel(self) -> None:
        """End the stream. Returns when the service confirms it; raises ``ServerError``."""
        await self._control("cancel", "stream_cancelled")

    async def acknowledge(self) -> None:
        """Report that all chunks have arrived, so that the service deletes the stream."""
        await self._connected.acknowledge(self)

    async def _control(self, action: str, answer: str) -> None:
        await self._connected.exchange(answer, "stream_control", action=action)

    @property
    def _connected(self) -> StreamConnection:
        if self.connection is None:
            raise RuntimeError("The stream has not been requested on a connection.")
        return self.connection

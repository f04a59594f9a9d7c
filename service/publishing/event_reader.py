"""One reader of a live stream by server-sent events."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence

from msgspec import UNSET

from service.access.principal import Principal
from service.events import ReadingEnd
from service.protocol.codec import encode
from service.protocol.instant import Instant
from service.protocol.server_messages import SERVER_MESSAGE_TYPES, Chunk, ServerMessage, StreamStart
from service.session.live_reader import LiveReader
from service.websocket.effect_handler import Services

HEARTBEAT_SECONDS = 15.0
"""After this time without a message a comment is sent, so that nothing on the way takes the connection for dead."""
_HEARTBEAT = b":\n\n"


class EventReader:
    """The messages of a socket, as events: ``id`` is what the reader must remember to come back.

    A member of the hub: it has no session that could end, and its place is lost at no cost, so it is always idle.
    """

    idle = True
    leased_stream = None

    def __init__(
        self,
        reader: LiveReader,
        changed: asyncio.Event,
        principal: Principal | None,
        address: str,
        services: Services,
    ) -> None:
        """``changed`` is set when the reading has changed. ``address`` is that of the client."""
        self.reader = reader
        self.principal = principal
        self.address = address
        self._changed = changed
        self._clock = services.clock
        self._meter = services.live_meter
        self._recorder = services.recorder
        self._closed = False
        self._retry: bytes | None = None
        self._settled = reader.reading.start

    async def events(self) -> AsyncIterator[bytes]:
        """Yield what is to be sent, until the stream ends or the reader is closed. To be iterated once."""
        reader, now = self.reader, self._clock()
        ends_at = self._token_ends_at(now)
        self._recorder.record(reader.attached())
        yield self._encode([reader.start(now)])
        beats_at = now.seconds + HEARTBEAT_SECONDS
        while not self._closed and reader.end is None and now.seconds < ends_at:
            self._changed.clear()
            first = reader.delivery.index
            output = reader.read(now)
            if output.messages:
                yield self._encode(output.messages)
                beats_at = self._clock().seconds + HEARTBEAT_SECONDS
            if output.chunks:
                self._meter.chunks_sent(output.chunks)
                if first == 0 and (event := reader.first_chunk()) is not None:
                    self._recorder.record(event)
            if reader.end is None:
                await self._wait(min(reader.due_at, beats_at, ends_at))
            now = self._clock()
            if now.seconds >= beats_at:
                yield _HEARTBEAT
                beats_at = now.seconds + HEARTBEAT_SECONDS
        if self._retry is not None:
            yield self._retry

    def close(self) -> None:
        """The client has gone, or must go: ``events`` ends."""
        self._closed = True
        self._changed.set()

    def ended(self) -> None:
        """Record the end."""
        now = self._clock()
        self._recorder.record(self.reader.detached(self.reader.end or ReadingEnd.DISCONNECTED, now))

    # For the hub

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """It has none."""

    def revoke(self) -> None:
        self.close()

    def drain(self, returns_at: float) -> None:
        """It is closed by ``shutdown``."""

    def shutdown(self, returns_at: float) -> None:
        wait = max(0.0, returns_at - self._clock().seconds)
        self._retry = b"retry: %d\n\n" % math.ceil(1000 * wait)
        self.close()

    async def _wait(self, until: float) -> None:
        """Return when the reading has changed, or at this time."""
        seconds = until - self._clock().seconds
        if seconds > 0 and not self._changed.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _token_ends_at(self, now: Instant) -> float:
        """When the token of the client ends, in monotonic seconds."""
        if self.principal is None or self.principal.expires_at is None:
            return math.inf
        return now.seconds + self.principal.expires_at - now.wall

    def _encode(self, messages: Sequence[ServerMessage]) -> bytes:
        return b"".join([self._event(message) for message in messages])

    def _event(self, message: ServerMessage) -> bytes:
        if isinstance(message, Chunk | StreamStart) and message.settled is not UNSET:
            self._settled = message.settled
        name = SERVER_MESSAGE_TYPES[type(message)].encode()
        return b"event: %b\nid: %d\ndata: %b\n\n" % (name, self._settled, encode(message))

"""One live stream as its producer has it: what is written, what is stored, and how it ended."""

import asyncio
from collections.abc import Callable

from streaming_content.errors import ProducerFenced, PublishFailed, StreamCancelled, StreamEnded, StreamingError
from streaming_content.source import Source
from streaming_content.stream import Message


class Publication:
    """A producer writes and waits on one side, a link sends on the other. All of it is on one event loop."""

    def __init__(self, stream_id: str, epoch: int, offset: int, clock: Callable[[], float]) -> None:
        """``offset`` is where the producer goes on in the source."""
        self.stream_id = stream_id
        self.epoch = epoch
        self.status: str | None = None
        """How the producer ends the stream; ``None`` while it writes."""
        self.error: StreamingError | None = None
        """Why nothing more can be written, unless the producer has ended the stream itself."""
        self.over = asyncio.Event()
        """Nothing more can be written: the end is stored, or there is an ``error``."""
        self._source = Source(offset)
        self._clock = clock
        self._progressed_at = clock()
        self._written = asyncio.Event()
        self._stored = asyncio.Event()

    @property
    def durable(self) -> int:
        """The bytes that the service has stored, as far as it is known."""
        return self._source.durable

    @property
    def pending(self) -> int:
        """The bytes that are written and not durable."""
        return self._source.pending

    @property
    def idle_seconds(self) -> float:
        """How long nothing was stored, with something to store."""
        return self._clock() - self._progressed_at

    # The producer

    def write(self, text: str) -> None:
        """Append text."""
        self._source.write(text)
        self._written.set()

    def end_as(self, status: str) -> None:
        """End the stream after what is written. The first call decides."""
        if self.status is None:
            self.status = status
            self._written.set()

    async def wait_durable(self, pending: int) -> None:
        """Return when at most ``pending`` bytes of what is written by now are not durable. Raises ``error``."""
        durable = self._source.length - pending
        while self._source.durable < durable:
            self.check()
            self._stored.clear()
            await self._stored.wait()
        self.check()

    def check(self) -> None:
        """Raise ``error`` if there is one."""
        if self.error is not None:
            raise self.error

    # The link

    async def wait_written(self, offset: int, seconds: float) -> bool:
        """Wait until there are more than ``offset`` bytes, or an end; return false after ``seconds`` without."""
        try:
            async with asyncio.timeout(seconds):
                while self._source.length <= offset and self.status is None:
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError:
            return False
        return True

    def part(self, offset: int) -> bytes:
        """Return what follows ``offset`` in whole characters; nothing if that is all so far."""
        return self._source.part(offset)

    def end(self, offset: int) -> Message | None:
        """Return the fields of the end, if all before it is sent."""
        if self.status is None or offset < self._source.length:
            return None
        digest = self._source.sha256
        return {"status": self.status, "offset": offset, **({} if digest is None else {"sha256": digest})}

    def stored(self, durable: int) -> None:
        """The service has this number of bytes. If it had more before, the producer ends: they are not kept here."""
        if durable < self._source.durable:
            self.fail(PublishFailed("The service has lost what it had stored of the stream."))
            return
        if durable > self._source.durable or not self._source.pending:
            self._progressed_at = self._clock()
        self._source.store(durable)
        self._stored.set()

    def ended(self, status: str, length: int) -> None:
        """The stream has ended at this number of bytes, in this call or before."""
        if status == self.status and (length == self._source.length or status != "complete"):
            self._source.store(length)
            self.over.set()
            self._stored.set()
        else:
            self.fail(StreamCancelled() if status == "cancelled" else StreamEnded(status))

    def fenced(self) -> None:
        """Another producer has adopted the stream."""
        self.fail(ProducerFenced())

    def fail(self, error: StreamingError) -> None:
        """Nothing more can be written. The first reason stays."""
        if not self.over.is_set():
            self.error = error
            self.over.set()
            self._stored.set()

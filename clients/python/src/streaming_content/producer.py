"""The producer of one live stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Final, Self

from streaming_content.errors import PublishFailed, StreamCancelled, StreamingError
from streaming_content.publication import Publication
from streaming_content.publish_link import PublishLink
from streaming_content.retries import Retries
from streaming_content.stream import Message

MAX_PENDING_BYTES: Final = 256 * 1024
"""Written and not durable: more than this makes ``write`` wait. That of the service."""
_ABANDON_SECONDS: Final = 5.0
"""How long the end of a block that was left by an exception may take."""

Begin = Callable[[], Awaitable[Message]]


class Producer:
    """Writes a live stream: ``async with publisher.stream("session") as out: await out.write("…")``.

    The block ends the stream: ``complete`` when everything is durable; ``error`` after an exception, and ``cancelled``
    if its task was cancelled. The producer survives lost connections and restarts of the service.
    """

    def __init__(self, begin: Begin, socket: PublishLink, calls: PublishLink, retries: Retries) -> None:
        """``begin`` creates or adopts the stream. Made by ``Publisher``."""
        self.offset = 0
        """Where this producer has begun, in bytes: 0, or the length of what the one before it has written."""
        self.tail = ""
        """After an adoption, the end of the text so far."""
        self._begin = begin
        self._links = socket, calls
        self._retries = retries
        self._publication: Publication | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def stream_id(self) -> str:
        """Empty before the block."""
        return "" if self._publication is None else self._publication.stream_id

    @property
    def epoch(self) -> int:
        """One more for each adoption."""
        return self._begun.epoch

    @property
    def cancelled(self) -> bool:
        """Whether a reader has cancelled the stream: stop the model. ``write`` raises ``StreamCancelled`` then."""
        return isinstance(self._begun.error, StreamCancelled)

    @property
    def durable(self) -> int:
        """The bytes of the source that are stored: no failure loses them."""
        return self._begun.durable

    async def write(self, text: str) -> None:
        """Append text, such as a token. Waits only while more than 256 KB are not durable.

        Raises ``StreamCancelled``, ``ProducerFenced``, ``StreamEnded``, ``PublishRefused``, ``PublishFailed`` and
        ``ConnectionClosed``, each of which ends the producer; ``ValueError`` for text that is not Unicode.
        """
        publication = self._begun
        publication.check()
        if publication.status is not None:
            raise RuntimeError("The stream is closed.")
        publication.write(text)
        if publication.pending > MAX_PENDING_BYTES:
            await publication.wait_durable(MAX_PENDING_BYTES)

    async def flush(self) -> None:
        """Return when everything that was written is durable. Raises what ``write`` raises."""
        await self._begun.wait_durable(0)

    async def close(self, status: str = "complete") -> None:
        """End the stream as ``complete``, ``error`` or ``cancelled``; return when that is durable.

        Raises what ``write`` raises.
        """
        self._begun.end_as(status)
        await self._begun.over.wait()
        self._begun.check()

    async def wait_ended(self) -> None:
        """Return when nothing more can be written; ``cancelled`` is one of the reasons."""
        await self._begun.over.wait()

    @asynccontextmanager
    async def stopping(self) -> AsyncIterator[None]:
        """A block that is left with ``StreamCancelled`` as soon as the stream is cancelled, also while it waits.

        Other errors that end the producer leave it in the same way.
        """
        publication, task = self._begun, asyncio.current_task()
        assert task is not None
        watch = asyncio.create_task(publication.over.wait())
        stopped, inside = False, True

        def stop(_: object) -> None:
            nonlocal stopped
            if inside and not watch.cancelled() and publication.error is not None:
                stopped = True
                task.cancel()

        watch.add_done_callback(stop)
        try:
            yield
            if stopped:
                await asyncio.sleep(0)  # here the task is cancelled
            publication.check()
        except asyncio.CancelledError:
            if not stopped or task.uncancel() > 0:  # cancelled by others too
                raise
            publication.check()
        finally:
            inside = False
            watch.cancel()

    async def __aenter__(self) -> Self:
        begun = await self._begin()
        # A character that the producer before has not finished is written again: the service trims what it has.
        self.offset = int(begun["offset"]) - len(bytes.fromhex(begun.get("rest", "")))
        self.tail = str(begun.get("tail", ""))
        clock = asyncio.get_running_loop().time
        self._publication = Publication(str(begun["stream_id"]), int(begun["epoch"]), self.offset, clock)
        self._task = asyncio.create_task(self._run(self._publication))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        try:
            if error is None:
                await self.close()
            elif self._begun.error is None:
                with suppress(StreamingError, TimeoutError):
                    async with asyncio.timeout(_ABANDON_SECONDS):
                        await self.close("error" if isinstance(error, Exception) else "cancelled")
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def _begun(self) -> Publication:
        if self._publication is None:
            raise RuntimeError("The stream begins with the block: async with publisher.stream(…) as out.")
        return self._publication

    async def _run(self, publication: Publication) -> None:
        """Keep a link open until the publication is over."""
        durable = publication.durable
        while not publication.over.is_set():
            try:
                await self._links[self._retries.uses_calls].run(publication)
            except StreamingError as error:
                if publication.durable > durable:
                    durable = publication.durable
                    self._retries.progress()
                try:
                    delay = self._retries.after(error, publication.idle_seconds)
                except StreamingError as final:
                    publication.fail(final)
                else:
                    await asyncio.sleep(delay)
            except Exception as error:  # noqa: BLE001 - the user of the producer must not wait for ever
                failed = PublishFailed(f"The producer failed: {error!r}")
                failed.__cause__ = error
                publication.fail(failed)

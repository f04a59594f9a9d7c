"""The producer of one live stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Final, Self

from streaming_content.backoff import BackOff
from streaming_content.errors import (
    ConnectFailed,
    ConnectionClosed,
    PublishFailed,
    PublishRefused,
    StreamCancelled,
    StreamingError,
)
from streaming_content.publish_link import CallLink, SocketLink, end_error
from streaming_content.source import Source
from streaming_content.stream import Message

_MAX_PENDING_BYTES: Final = 256 * 1024
"""Written and not durable: more than this makes ``write`` wait. That of the service."""
_MAX_SOCKET_FAILURES: Final = 3
"""After this number of sockets that did not open, the producer tries calls: a proxy may block sockets."""
_ABANDON_SECONDS: Final = 5.0

Begin = Callable[[], Awaitable[Message]]


class Producer:
    """Writes a live stream: ``async with publisher.stream("session") as out: await out.write("…")``.

    The block ends the stream: ``complete`` when everything is durable; ``error`` after an exception, and ``cancelled``
    if its task was cancelled. The producer survives lost connections and restarts of the service.
    """

    def __init__(self, begin: Begin, socket: SocketLink, calls: CallLink, retry_seconds: float) -> None:
        """``begin`` creates or adopts the stream. Made by ``Publisher``."""
        self.stream_id = ""
        """Empty until the block begins, as is ``epoch`` 0."""
        self.epoch = 0
        self.offset = 0
        """Where this producer has begun, in bytes: 0, or the length of what the one before it has written."""
        self.tail = ""
        """After an adoption, the end of the text so far."""
        self._begin = begin
        self._links = socket, calls
        self._uses_calls = False
        self._retry_seconds = retry_seconds
        self._source = Source()
        self._written = asyncio.Event()
        self._stored = asyncio.Event()
        self._status: str | None = None
        """Set by ``close``."""
        self._is_over = asyncio.Event()
        """Nothing more can be written: the end is stored, or ``_error`` is set."""
        self._error: StreamingError | None = None
        self._task: asyncio.Task[None] | None = None

    # For its user

    @property
    def cancelled(self) -> bool:
        """Whether a reader has cancelled the stream: stop the model. ``write`` raises ``StreamCancelled`` then."""
        return isinstance(self._error, StreamCancelled)

    @property
    def durable(self) -> int:
        """The bytes of the source that are stored: no failure loses them."""
        return self._source.durable

    async def write(self, text: str) -> None:
        """Append text, such as a token. Waits only while more than 256 KB are not durable.

        Raises ``StreamCancelled``, ``ProducerFenced``, ``StreamEnded``, ``PublishRefused`` and ``PublishFailed``, each
        of which ends the producer; ``ValueError`` for text that is not Unicode.
        """
        self._check()
        if self._status is not None:
            raise RuntimeError("The stream is closed.")
        self._source.write(text)
        self._written.set()
        if self._source.pending > _MAX_PENDING_BYTES:
            await self._until(lambda: self._source.pending <= _MAX_PENDING_BYTES)

    async def flush(self) -> None:
        """Return when everything that was written is durable. Raises what ``write`` raises."""
        length = self._source.length
        await self._until(lambda: self._source.durable >= length)

    async def close(self, status: str = "complete") -> None:
        """End the stream as ``complete``, ``error`` or ``cancelled``; return when that is durable.

        Raises what ``write`` raises.
        """
        if self._status is None:
            self._status = status
            self._written.set()
        await self._is_over.wait()
        self._check()

    async def wait_ended(self) -> None:
        """Return when nothing more can be written; ``cancelled`` tells one reason."""
        await self._is_over.wait()

    @asynccontextmanager
    async def stopping(self) -> AsyncIterator[None]:
        """A block that is left with ``StreamCancelled`` as soon as the stream is cancelled, also while it waits."""
        task = asyncio.current_task()
        assert task is not None
        watch = asyncio.create_task(self.wait_ended())
        stopped = False

        def stop(_: object) -> None:
            nonlocal stopped
            if not watch.cancelled() and self._error is not None:
                stopped = True
                task.cancel()

        watch.add_done_callback(stop)
        try:
            yield
        except asyncio.CancelledError:
            if not stopped:
                raise
            task.uncancel()
            self._check()
        finally:
            watch.cancel()

    async def __aenter__(self) -> Self:
        begun = await self._begin()
        self.stream_id, self.epoch = str(begun["stream_id"]), int(begun["epoch"])
        self.offset, self.tail = int(begun["offset"]), str(begun.get("tail", ""))
        self._source = Source(self.offset)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        try:
            if error is None:
                await self.close()
            elif self._error is None:
                with suppress(StreamingError, TimeoutError):
                    async with asyncio.timeout(_ABANDON_SECONDS):
                        await self.close("error" if isinstance(error, Exception) else "cancelled")
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # For a link

    async def wait(self, offset: int, seconds: float) -> bool:
        """As in ``Publication``."""
        try:
            async with asyncio.timeout(seconds):
                while self._source.length <= offset and self._status is None:
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError:
            return False
        return True

    def part(self, offset: int) -> bytes:
        """As in ``Publication``."""
        return self._source.part(offset)

    def end(self, offset: int) -> Message | None:
        """As in ``Publication``."""
        if self._status is None or offset < self._source.length:
            return None
        digest = self._source.sha256
        return {"status": self._status, "offset": offset, **({} if digest is None else {"sha256": digest})}

    def stored(self, durable: int) -> None:
        """As in ``Publication``."""
        self._source.store(durable)
        self._stored.set()

    def ended(self, status: str) -> None:
        """As in ``Publication``."""
        if status == self._status:
            self._is_over.set()
            self._stored.set()
        else:
            self._fail(end_error(status))

    # Internals

    async def _run(self) -> None:
        """Keep a link open until the end is stored."""
        loop = asyncio.get_running_loop()
        back_off = BackOff()
        failures, durable, progressed_at = 0, -1, loop.time()
        while not self._is_over.is_set():
            try:
                await self._links[self._uses_calls].run(self)
            except (ConnectFailed, ConnectionClosed, PublishRefused) as error:
                if self._source.durable > durable:
                    back_off.reset()
                    failures, durable, progressed_at = 0, self._source.durable, loop.time()
                failures += 1
                used_calls = self._uses_calls
                self._choose_link(error, failures)
                has_other_link = self._uses_calls and not used_calls
                if not _may_retry(error) and not has_other_link:
                    self._fail(error)
                elif loop.time() - progressed_at > self._retry_seconds:
                    failed = PublishFailed(f"The service could not be reached for {self._retry_seconds:g} s: {error}")
                    failed.__cause__ = error
                    self._fail(failed)
                else:
                    await asyncio.sleep(_delay(back_off, error))
            except StreamingError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - the user of the producer must not wait for ever
                failed = PublishFailed(f"The producer failed: {error!r}")
                failed.__cause__ = error
                self._fail(failed)

    def _choose_link(self, error: StreamingError, failures: int) -> None:
        """Use calls where sockets are blocked, and sockets again when calls fail too."""
        if isinstance(error, ConnectFailed) and not self._uses_calls:
            self._uses_calls = not error.may_reconnect or failures >= _MAX_SOCKET_FAILURES
        elif not isinstance(error, PublishRefused):
            self._uses_calls = False

    def _fail(self, error: StreamingError) -> None:
        self._error = error
        self._is_over.set()
        self._stored.set()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._check()
            self._stored.clear()
            await self._stored.wait()
        self._check()


def _may_retry(error: ConnectFailed | ConnectionClosed | PublishRefused) -> bool:
    if isinstance(error, PublishRefused):
        return error.may_retry or error.code == "gap"  # the next link begins with what the service has
    return error.may_reconnect


def _delay(back_off: BackOff, error: StreamingError) -> float:
    seconds = back_off.next(error)
    hint = error.retry_after_seconds if isinstance(error, PublishRefused) else None
    return seconds if hint is None else max(seconds, hint)

"""Publishing from code without asyncio."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self, TypeVar

from streaming_content.address import Address
from streaming_content.producer import Producer
from streaming_content.publisher import RETRY_SECONDS, Publisher
from streaming_content.token import Token

_Result = TypeVar("_Result")


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="publisher", daemon=True)
        self._lock = threading.Lock()
        self._is_open = False

    def start(self) -> None:
        self._thread.start()
        self._is_open = True

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Return the result of ``work``. Raises ``RuntimeError`` if the loop is not running."""
        with self._lock:
            if not self._is_open:
                work.close()
                raise RuntimeError("A SyncPublisher is used in a with block, and not after it.")
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    def stop(self) -> None:
        """Cancel what other threads wait for, and end the thread."""
        with self._lock:
            self._is_open = False
            cancelled = asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop)
        cancelled.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class SyncPublisher:
    """A ``Publisher`` for threads. Its streams share one event loop in a thread of its own; use it in a ``with``."""

    def __init__(
        self,
        url: str | Address,
        *,
        token: Token | None = None,
        tls: ssl.SSLContext | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """As that of ``Publisher``."""
        self._publisher = Publisher(url, token=token, tls=tls, retry_seconds=retry_seconds)
        self._loop = _LoopThread()

    def __enter__(self) -> Self:
        self._loop.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.stop()

    def stream(self, session_id: str, **options: Any) -> "SyncProducer":  # noqa: ANN401 - those of ``Publisher.stream``
        """As that of ``Publisher``, for a ``with``."""
        return SyncProducer(self._publisher.stream(session_id, **options), self._loop)

    def adopt(self, stream_id: str) -> "SyncProducer":
        """As that of ``Publisher``, for a ``with``."""
        return SyncProducer(self._publisher.adopt(stream_id), self._loop)


class SyncProducer(AbstractContextManager["SyncProducer"]):
    """A ``Producer`` for one thread. Its methods raise what those of ``Producer`` raise."""

    def __init__(self, producer: Producer, loop: _LoopThread) -> None:
        self._producer = producer
        self._loop = loop

    def __enter__(self) -> Self:
        self._wait(self._producer.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._producer.__aexit__(kind, error, trace))

    @property
    def stream_id(self) -> str:
        return self._producer.stream_id

    @property
    def offset(self) -> int:
        return self._producer.offset

    @property
    def tail(self) -> str:
        return self._producer.tail

    @property
    def durable(self) -> int:
        return self._producer.durable

    @property
    def cancelled(self) -> bool:
        return self._producer.cancelled

    def write(self, text: str) -> None:
        """Append text, such as a token."""
        self._wait(self._producer.write(text))

    def flush(self) -> None:
        """Return when everything that was written is durable."""
        self._wait(self._producer.flush())

    def close(self, status: str = "complete") -> None:
        """End the stream."""
        self._wait(self._producer.close(status))

    def _wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return self._loop.run(work)

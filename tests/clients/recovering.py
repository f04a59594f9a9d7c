"""A client that reconnects: it continues its stream on any instance that accepts it, and counts what it received.

The Python client sends and receives; the loop and the counts are the test's own, so that they do not depend on an
automatic recovery of the product.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from streaming_content import (
    Connection,
    ConnectionClosed,
    Message,
    ReceiveTimeout,
    Stream,
    StreamingError,
    connect,
)
from tests.waiting import LIMIT_SECONDS


class GaveUp(AssertionError):
    """The stream did not continue in time."""


class CountedStream(Stream):
    """A stream that counts what its client lost and received twice, over all its connections."""

    def __init__(self, **request: Any) -> None:  # noqa: ANN401 - the fields of a request
        super().__init__(**request)
        self.recoveries: list[Message] = []
        """Each ``stream_recovered``."""
        self.lost = 0
        """Chunks that did not arrive before a later one."""
        self.double = 0
        """Chunks that arrived again."""
        self.breaks = 0
        """Connections that ended before the stream did."""
        self.gaps: list[float] = []
        """For each break, the seconds from its notice to the next chunk or to the end."""
        self._broken_at: float | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the whole content."""
        return hashlib.sha256(self.data.encode()).hexdigest()

    def take(self, message: Message, at: float) -> None:
        """Count, then record."""
        match message["type"]:
            case "chunk":
                self.lost += message["index"] > len(self.chunks)
                self.double += message["index"] < len(self.chunks)
            case "stream_recovered":
                self.recoveries.append(message)
        super().take(message, at)
        if self._broken_at is not None and message["type"] in {"chunk", "stream_complete", "stream_cancelled"}:
            self.gaps.append(at - self._broken_at)
            self._broken_at = None

    def connection_broke(self, at: float) -> None:
        self.breaks += 1
        if self._broken_at is None:
            self._broken_at = at


class RecoveringClient:
    """The client of one session, with one stream at a time. Use it as a context."""

    def __init__(self, address: str, session_id: str) -> None:
        """``address`` is ``host:port``."""
        self._url = f"ws://{address}"
        self._session_id = session_id
        self._connection: Connection | None = None
        self._connected: Message = {}
        self.close_code: int | None = None
        """Of the connection that ended last."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    @property
    def connection(self) -> Connection:
        """The open connection."""
        assert self._connection is not None
        return self._connection

    @property
    def requests_left(self) -> int:
        """As of the last connect."""
        return int(self._connected["requests_left"])

    @property
    def token(self) -> str:
        """Of the connection that is open, or was open last."""
        return str(self._connected["resume_token"])

    async def stream(self, **request: object) -> CountedStream:
        """Request a stream and receive all of it, however often the connection breaks."""
        stream = CountedStream(**request)
        await self.follow(stream)
        return stream

    async def follow(self, stream: CountedStream, until_chunks: int | None = None) -> None:
        """Receive the stream from its current position to its end, or until ``until_chunks`` chunks have arrived.

        Acknowledge a complete stream. Raises ``GaveUp``.
        """
        while not stream.end and (until_chunks is None or len(stream.chunks) < until_chunks):
            try:
                await self.join()
                if stream.connection is not self._connection:
                    await self._resume(stream)
                message = await self.receive()
                if message["type"] == "stream_start":
                    stream.token = self.connection.resume_token  # that of an attempt that did not arrive opens nothing
                elif stream.end.get("reason") == "position" and stream.chunks:
                    stream.discard()
                    await self.connection.recover(stream)
            except ConnectionClosed as closed:
                self._forget(closed.code)
                if closed.error is None or closed.error.retryable:
                    stream.connection_broke(time.perf_counter())
                else:
                    stream.end = closed.error.message
        if stream.end.get("type") == "stream_complete":
            await self.acknowledge(stream)

    async def skip(self) -> None:
        """Send ``skip``; do nothing if the connection is closed."""
        with suppress(ConnectionClosed):
            await self.connection.control("skip")

    async def acknowledge(self, stream: Stream) -> None:
        """Send ``ack``; do nothing if the connection is closed."""
        with suppress(ConnectionClosed):
            await self.connection.acknowledge(stream)

    async def join(self) -> Message:
        """Connect if there is no connection, and retry with growing delays. Raises ``GaveUp``."""
        deadline = time.perf_counter() + LIMIT_SECONDS
        delays = _delays()
        while self._connection is None:
            try:
                self._connection = await connect(
                    self._url,
                    self._session_id,
                    timeout=LIMIT_SECONDS,
                    open_timeout=LIMIT_SECONDS,  # of many clients in one process, some are late by themselves
                    ping_interval=None,
                )
                self._connected = self._connection.connected
            except StreamingError as error:
                if time.perf_counter() > deadline:
                    raise GaveUp(f"{self._url}: {error}") from error
                await asyncio.sleep(next(delays))
        return self._connected

    async def leave(self) -> None:
        """Close the connection with a closing handshake."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def drop(self) -> None:
        """Close the connection without a closing handshake."""
        if self._connection is not None:
            await self._connection.abort()
            self._connection = None

    async def send(self, type_: str, **fields: object) -> None:
        """Raises ``ConnectionClosed``."""
        await self.connection.send(type_, **fields)

    async def receive(self) -> Message:
        """Raises ``ConnectionClosed``, and ``GaveUp`` if no message arrives."""
        try:
            return await self.connection.receive()
        except ReceiveTimeout as error:
            raise GaveUp(f"{self._url}: {error}") from error

    async def receive_type(self, type_: str) -> Message:
        """The next message of a type; others before it are ignored."""
        while (message := await self.receive())["type"] != type_:
            pass
        return message

    async def rest(self, first: int) -> str:
        """The data of all chunks from index ``first`` on, which must have no gap up to ``stream_complete``."""
        parts: list[str] = []
        while (message := await self.receive())["type"] != "stream_complete":
            assert message["type"] != "error", message
            if message["type"] == "chunk":
                assert message["index"] == first + len(parts)
                parts.append(message["data"])
        assert message["total_chunks"] == first + len(parts)
        return "".join(parts)

    async def closed(self) -> tuple[list[Message], int]:
        """All messages until the service closes the connection, and its close code."""
        messages = [message async for message in self.connection]
        assert self.connection.close_code is not None
        self._forget(self.connection.close_code)
        assert self.close_code is not None
        return messages, self.close_code

    async def recover(self, stream_id: str | None, last_index: int, token: str | None) -> Message:
        """The answer to ``recover``."""
        await self.send("recover", stream_id=stream_id, last_index=last_index, token=token)
        return await self.receive_type("stream_recovered")

    async def _resume(self, stream: CountedStream) -> None:
        if stream.connection is not None and stream.token is None:
            raise GaveUp("The stream has no token.")
        if stream.stream_id is None:
            await self.connection.start(stream)
        else:
            await self.connection.recover(stream)

    def _forget(self, close_code: int) -> None:
        self.close_code = close_code
        self._connection = None


def _delays() -> Iterator[float]:
    """Seconds: from 10 ms, doubled each time up to one second, each a random value between its half and its whole."""
    delay = 0.01
    while True:
        yield random.uniform(delay / 2, delay)
        delay = min(1.0, delay * 2)

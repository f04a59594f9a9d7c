"""One connection to a session of the service."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed as SocketClosed

from streaming_content.active_streams import ActiveStreams
from streaming_content.errors import (
    ConnectionClosed,
    ProtocolViolation,
    ReceiveTimeout,
    ServerError,
    StreamingError,
)
from streaming_content.json_object import json_object
from streaming_content.live_stream import LiveStream
from streaming_content.stream import Message, Stream
from streaming_content.token import TokenRenewal, TokenSource

Clock = Callable[[], float]

_NO_CLOSE_FRAME: Final = 1006


class _Expectation:
    """A message that a task waits for: of this type, or an error in its place."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.message: Message = {}


class Connection:
    """One open WebSocket. ``connect`` opens it.

    Messages are read when something waits for them, and each is recorded in the stream that it belongs to, whichever
    method reads it. Methods that wait may be called by several tasks at once.
    """

    def __init__(
        self,
        socket: ClientConnection,
        session_id: str,
        *,
        timeout: float | None,
        clock: Clock,
        tokens: TokenSource | None = None,
    ) -> None:
        self.session_id = session_id
        self.timeout = timeout
        """How many seconds a method waits for the next message; ``None`` for no limit."""
        self.connected: Message = {}
        """The first message of the service; empty until it arrives."""
        self.close_code: int | None = None
        """The close code of the service, 1006 without a close frame; ``None`` until the close is noticed."""
        self.error: ServerError | None = None
        """The fatal error that the service sent before it closes the connection."""
        self._socket = socket
        self._clock = clock
        self._renewal = None if tokens is None else TokenRenewal(tokens, self._send_token)
        self._reading = asyncio.Lock()
        self._streams = ActiveStreams(self)
        self._expectations: list[_Expectation] = []

    @property
    def transport(self) -> asyncio.Transport:
        """The transport of the socket, for code that needs raw bytes."""
        return self._socket.transport

    @property
    def limits(self) -> Message:
        """The limits of the service, by name."""
        return self.connected.get("limits") or {}

    @property
    def resume_token(self) -> str | None:
        """Opens the streams of this connection to another one; ``None`` if the service does not store content."""
        return self.connected.get("resume_token")

    @property
    def token_error(self) -> StreamingError | None:
        """Why the token was not replaced before its end: there was no other, or the service refused it."""
        return None if self._renewal is None else self._renewal.error

    # Streams

    async def request(self, content: str, **fields: object) -> Stream:
        """Send a ``stream_request`` with these fields and return its stream. Raises ``ConnectionClosed``."""
        stream = Stream(content, **fields)
        await self.start(stream)
        return stream

    async def stream(self, content: str, **fields: object) -> Stream:
        """Request a stream and return it when it is complete. Raises what iteration of a stream raises."""
        stream = await self.request(content, **fields)
        await stream.read()
        return stream

    async def start(self, stream: Stream) -> None:
        """Send the request of a stream; on a repetition with the token of the first attempt."""
        fields = stream.request if stream.token is None else {**stream.request, "token": stream.token}
        stream.token = stream.token or self.resume_token
        self._streams.attach(stream)
        stream.requested_at = self._clock()
        await self.send("stream_request", **fields)

    async def recover(self, stream: Stream) -> None:
        """Send ``recover``: continue the stream behind the last chunk that has arrived.

        Chunks follow in the stream, or it ends with ``RecoveryRefused``.
        """
        if stream.stream_id is None or stream.token is None:
            raise ValueError("A stream without an id or a token cannot be recovered.")
        self._streams.attach(stream)
        await self.send("recover", stream_id=stream.stream_id, last_index=stream.last_index, token=stream.token)

    async def resume(self, stream: Stream) -> None:
        """Continue a stream of a connection that has ended: recover it, or repeat a request that cannot be recovered.

        After ``RecoveryRefused``, ``start`` repeats the request. A live stream is watched again.
        """
        if isinstance(stream, LiveStream):
            await self._watch(stream)
            return
        await (self.recover(stream) if stream.resumable and stream.token else self.start(stream))

    async def watch(self, stream_id: str, settled: int = 0, **fields: object) -> LiveStream:
        """Send a ``watch`` with these fields and return its stream. ``settled`` is what the reader has already."""
        stream = LiveStream(stream_id, settled, **fields)
        await self._watch(stream)
        return stream

    async def next_live(self) -> LiveStream:
        """Return the next live stream that begins in the session without a ``watch``, or has begun."""
        await self.wait_until(lambda: bool(self._streams.begun))
        return self._streams.begun.pop(0)

    async def acknowledge(self, stream: Stream) -> None:
        """Report that all chunks of the stream have arrived."""
        await self.send("ack", stream_id=stream.stream_id, index=stream.last_index)

    async def control(self, action: str) -> None:
        """Send ``pause``, ``resume``, ``skip``, ``cancel`` or ``leave`` without waiting for the answer."""
        await self.send("stream_control", action=action)

    async def ping(self) -> float:
        """Return the seconds until the service answered a ``ping``."""
        began = self._clock()
        await self.exchange("pong", "ping")
        return self._clock() - began

    async def heartbeat(self) -> Message:
        """Send ``heartbeat`` and return the answer."""
        return await self.exchange("heartbeat_ack", "heartbeat")

    # Messages

    async def send(self, type_: str, **fields: object) -> None:
        """Send one message. Raises ``ConnectionClosed``, and ``ValueError`` for text with a lone surrogate."""
        await self._send(json.dumps({"type": type_, **fields}, ensure_ascii=False).encode(), text=True)

    async def send_frame(self, data: str | bytes) -> None:
        """Send a frame as it is: text for ``str``, binary for ``bytes``."""
        await self._send(data, text=None)

    async def receive(self, timeout: float | None = None) -> Message:  # noqa: ASYNC109 - overrides the connection's
        """Return the next message of any type.

        ``timeout`` is in seconds; by default it is that of the connection. Raises ``ReceiveTimeout``,
        ``ConnectionClosed`` or ``ProtocolViolation``.
        """
        async with self._reading:
            return await self._receive(self.timeout if timeout is None else timeout)

    async def exchange(self, answer: str, type_: str, **fields: object) -> Message:
        """Send a message and return its answer, the next message of the type ``answer``.

        Raises ``ServerError`` for an ``error`` before it that is not of a stream.
        """
        with self._expect(answer) as expectation:
            await self.send(type_, **fields)
            return await self._answer(expectation)

    async def receive_type(self, type_: str) -> Message:
        """Return the next message of a type. Raises what ``exchange`` raises."""
        with self._expect(type_) as expectation:
            return await self._answer(expectation)

    async def receive_until(self, type_: str) -> list[Message]:
        """Return all messages up to the first of a type, errors included."""
        messages = [await self.receive()]
        while messages[-1]["type"] != type_:
            messages.append(await self.receive())
        return messages

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Yield all messages until the connection is closed; ``close_code`` then has the code."""
        try:
            while True:
                yield await self.receive()
        except ConnectionClosed:
            return

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Receive messages until the condition holds, which is evaluated after each of them."""
        while not condition():
            async with self._reading:
                if not condition():
                    await self._receive(self.timeout)

    # The end

    async def close(self) -> None:
        """Close the connection with a closing handshake."""
        self._stop()
        await self._socket.close()

    async def abort(self) -> None:
        """Close the connection without a closing handshake."""
        self._stop()
        self.transport.abort()
        await self._socket.wait_closed()

    # Internals

    async def _watch(self, stream: LiveStream) -> None:
        stream.request.setdefault("request_id", uuid4().hex)
        self._streams.attach(stream)
        stream.requested_at = self._clock()
        await self.send("watch", **stream.watch_message())

    async def _send(self, data: str | bytes, *, text: bool | None) -> None:
        try:
            await self._socket.send(data, text=text)
        except SocketClosed as closed:
            raise self._closed(closed) from closed

    @contextmanager
    def _expect(self, type_: str) -> Iterator["_Expectation"]:
        """Reserve the next message of a type, so that no other task takes it."""
        expectation = _Expectation(type_)
        self._expectations.append(expectation)
        try:
            yield expectation
        finally:
            self._expectations.remove(expectation)

    async def _answer(self, expectation: "_Expectation") -> Message:
        await self.wait_until(lambda: bool(expectation.message))
        if expectation.message["type"] != expectation.type:
            raise ServerError(expectation.message)
        return expectation.message

    async def _receive(self, seconds: float | None) -> Message:
        try:
            async with asyncio.timeout(seconds):
                frame = await self._socket.recv()
        except TimeoutError:
            assert seconds is not None
            raise ReceiveTimeout(seconds) from None
        except SocketClosed as closed:
            raise self._closed(closed) from closed
        at = self._clock()
        message = _decode(frame)
        stream = self._streams.of(message)
        if stream is not None:
            try:
                stream.take(message, at)
            except (KeyError, TypeError) as error:
                raise ProtocolViolation(f"The server sent a {message['type']} without {error}.") from error
            if stream.end:
                self._streams.end(stream)
        if message["type"] == "connected":
            self.connected = message
        if message["type"] == "error" and message.get("fatal"):
            self.error = ServerError(message)
        if self._renewal is None or not self._renewal.take(message):
            self._answer_expectation(message, of_stream=stream is not None)
        return message

    def _answer_expectation(self, message: Message, *, of_stream: bool) -> None:
        for expectation in self._expectations:
            if not expectation.message and (
                message["type"] == expectation.type or (message["type"] == "error" and not of_stream)
            ):
                expectation.message = message
                break

    async def _send_token(self, token: str) -> None:
        await self.send("auth_refresh", token=token)

    def _stop(self) -> None:
        if self._renewal is not None:
            self._renewal.stop()

    def _closed(self, closed: SocketClosed) -> ConnectionClosed:
        self._stop()
        self.close_code = closed.rcvd.code if closed.rcvd else _NO_CLOSE_FRAME
        return ConnectionClosed(self.close_code, closed.rcvd.reason if closed.rcvd else "", self.error)


def _decode(frame: str | bytes) -> Message:
    message = json_object(frame)
    if not isinstance(message.get("type"), str):
        raise ProtocolViolation(f"The server sent a frame that is not a message: {frame[:60]!r}.")
    return message

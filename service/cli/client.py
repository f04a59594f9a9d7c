"""A client of the service: where it is, one conversation with it, one stream as it comes in."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from service.cli.address import Address, CannotConnect, refusal

Message = dict[str, Any]
"""One JSON object, either way."""

ANSWER_SECONDS = 10.0
"""How long an answer may take that is due at once."""

_LARGEST_FRAME_BYTES = 16 * 2**20

_CLOSE_MEANINGS = {
    1000: "normal",
    1006: "without a word",
    1009: "a frame was too large",
    1011: "internal error of the server",
    1012: "the server restarts; try again soon",
    4010: "the session is over",
    4101: "the server is full; try again soon",
    4102: "this client took its data too slowly",
    4103: "another connection has recovered the stream",
    4111: "idle for too long",
}


class ServerError(Exception):
    """The server answered with an ``error`` message. ``str()`` is its code and sentence."""

    def __init__(self, message: Message) -> None:
        self.code = str(message.get("code"))
        self.message = message
        super().__init__(f"{self.code}: {message.get('message')}")


class ConversationBroken(Exception):
    """The conversation cannot go on: closed, silent for too long, or not in the protocol. ``str()`` is a sentence."""

    def __init__(self, sentence: str, close_code: int | None = None) -> None:
        self.close_code = close_code
        super().__init__(sentence)


class Silence(ConversationBroken):
    """Nothing came in the time that was given for it."""


@dataclass
class Reception:
    """One stream as it comes in. Moments are monotonic seconds, as ``time.perf_counter`` gives them."""

    requested_at: float = field(default_factory=time.perf_counter)
    start: Message = field(default_factory=dict)
    """``stream_start``; empty until it is there."""
    chunks: list[Message] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    """When each chunk came."""
    end: Message = field(default_factory=dict)
    """The terminal message: ``stream_complete``, ``stream_cancelled`` or ``error``; empty until it is there."""
    ended_at: float = 0.0

    def take(self, message: Message, at: float) -> None:
        """Sort in what came; messages that are not of the stream change nothing."""
        match message["type"]:
            case "stream_start":
                self.start = message
            case "chunk":
                self.chunks.append(message)
                self.arrivals.append(at)
            case "stream_complete" | "stream_cancelled" | "error":
                self.end = message
                self.ended_at = at
            case _:
                pass

    @property
    def data(self) -> str:
        """All that came, joined."""
        return "".join(chunk["data"] for chunk in self.chunks)

    @property
    def metadata(self) -> Message:
        """Of ``stream_start``; empty where there is none."""
        return self.start.get("metadata") or {}

    @property
    def speed(self) -> str:
        return str(self.metadata.get("speed_used", ""))


class Conversation:
    """One open socket. ``connected`` is the server's first message."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.connected: Message = {}

    @property
    def limits(self) -> Message:
        """The limits in force."""
        return self.connected["limits"]  # type: ignore[no-any-return]  # JSON has no types

    async def send(self, type_: str, **fields: object) -> None:
        await self.send_frame(json.dumps({"type": type_, **fields}))

    async def send_frame(self, data: str | bytes) -> None:
        """A frame as it is, whatever it holds: text for ``str``, binary for ``bytes``."""
        try:
            await self._socket.send(data)
        except ConnectionClosed as closed:
            raise _hung_up(closed) from closed

    async def receive(self, within_seconds: float | None = ANSWER_SECONDS) -> tuple[Message, float]:
        """The next message and when it came; ``None`` waits for as long as the socket lives."""
        try:
            async with asyncio.timeout(within_seconds):
                frame = await self._socket.recv()
        except TimeoutError:
            raise Silence(f"Nothing came from the server for {within_seconds:g} s.") from None
        except ConnectionClosed as closed:
            raise _hung_up(closed) from closed
        at = time.perf_counter()
        try:
            message = json.loads(frame)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ConversationBroken(f"The server sent something that is not of the protocol: {frame[:60]!r}.")
        return message, at

    async def receive_type(self, type_: str, into: Reception | None = None) -> tuple[Message, float]:
        """The next message of a type; those before it go ``into`` the reception or are passed over.

        Raises ``ServerError`` for an ``error`` before it.
        """
        while True:
            message, at = await self.receive()
            if into is not None:
                into.take(message, at)
            if message["type"] == type_:
                return message, at
            if message["type"] == "error":
                raise ServerError(message)

    async def request(self, reception: Reception, content: str, **fields: object) -> None:
        """Send a ``stream_request``; the reception counts its time from now."""
        reception.requested_at = time.perf_counter()
        await self.send("stream_request", content=content, **fields)

    async def follow(self, reception: Reception) -> Reception:
        """Take all up to the stream's end; raises ``ServerError`` if that is an error."""
        while not reception.end:
            reception.take(*await self.receive())
        if reception.end["type"] == "error":
            raise ServerError(reception.end)
        return reception

    async def stream(self, content: str, **fields: object) -> Reception:
        """Request a stream and follow it to its end."""
        reception = Reception()
        await self.request(reception, content, **fields)
        return await self.follow(reception)

    async def ping(self, into: Reception | None = None) -> float:
        """The seconds to the ``pong``; what comes before it goes ``into`` the reception."""
        began = time.perf_counter()
        await self.send("ping")
        _, at = await self.receive_type("pong", into)
        return at - began

    async def control(self, action: str) -> None:
        await self.send("stream_control", action=action)


@asynccontextmanager
async def converse(address: Address, session_id: str) -> AsyncIterator[Conversation]:
    """An open conversation, greeted; closed on the way out.

    Raises ``CannotConnect``, and ``ServerError`` if the server lets the client in only to say why not.
    """
    async with await _open(address, session_id) as socket:
        conversation = Conversation(socket)
        conversation.connected, _ = await conversation.receive_type("connected")
        yield conversation


async def _open(address: Address, session_id: str) -> ClientConnection:
    try:
        return await connect(
            address.socket_url(session_id),
            compression=None,  # the figures are the service's, not zlib's
            proxy=None,
            open_timeout=ANSWER_SECONDS,
            close_timeout=2,
            max_size=_LARGEST_FRAME_BYTES,
        )
    except InvalidStatus as answer:
        response = answer.response
        sentence = refusal(response.status_code, response.body, response.headers.get("Retry-After"))
        raise CannotConnect(sentence, response.status_code) from answer
    except (OSError, ssl.SSLError) as error:
        raise CannotConnect.because(address, error) from error
    except (InvalidHandshake, InvalidMessage) as error:
        raise CannotConnect(f"{address} does not speak WebSocket ({error}). Check --url.") from error


def _hung_up(closed: ConnectionClosed) -> ConversationBroken:
    code = closed.rcvd.code if closed.rcvd else 1006
    meaning = _CLOSE_MEANINGS.get(code) or (closed.rcvd.reason if closed.rcvd else "") or "no reason given"
    return ConversationBroken(f"The server closed the connection ({code}: {meaning}).", code)

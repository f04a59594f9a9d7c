"""A client that comes back: it goes on with its stream wherever somebody answers, and keeps account of what it got."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.waiting import LIMIT_SECONDS

Message = dict[str, Any]

"""How long it tries to come back, and waits for a message, before it gives up."""

_LARGEST_FRAME_BYTES = 16 * 2**20


class GaveUp(AssertionError):
    """The stream did not go on, though it was given the time."""


@dataclass
class Reception:
    """One stream as the client has it, over all its connections."""

    request: Message
    """As it was sent first, with its ``request_id``."""
    starts: list[Message] = field(default_factory=list)
    recoveries: list[Message] = field(default_factory=list)
    """Each ``stream_recovered``."""
    parts: list[str] = field(default_factory=list)
    """The data of the chunks, by their index."""
    lost: int = 0
    """Chunks that never came though a later one did."""
    double: int = 0
    """Chunks that came again."""
    breaks: int = 0
    """Connections that ended before the stream did."""
    gaps: list[float] = field(default_factory=list)
    """For each break, the seconds from its notice to the next chunk or to the end."""
    end: Message = field(default_factory=dict)
    """The terminal message, or the refusal to go on; empty until it is there."""
    token: str | None = None
    """Of the connection that it was first asked for on; once it has begun, of the one that it was begun on."""
    asked: bool = False
    asked_on: object = None
    """The connection that it was asked for on last."""
    errors: list[Message] = field(default_factory=list)
    _broken_at: float | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the whole content."""
        return hashlib.sha256("".join(self.parts).encode()).hexdigest()

    @property
    def stream_id(self) -> str | None:
        return self.starts[0]["stream_id"] if self.starts else None

    @property
    def last_index(self) -> int:
        return len(self.parts) - 1

    def take(self, message: Message, at: float) -> None:
        """Sort in what came. An error ends the stream, unless it says to come back."""
        match message["type"]:
            case "stream_start":
                self.starts.append(message)
            case "stream_recovered":
                self.recoveries.append(message)
                if not message["recovered"]:
                    self.end = message
            case "chunk":
                self._mend(at)
                self.lost += message["index"] > len(self.parts)
                self.double += message["index"] < len(self.parts)
                self.parts.append(message["data"])
            case "stream_complete" | "stream_cancelled":
                self._mend(at)
                self.end = message
            case "error":
                self.errors.append(message)
                if not (message["fatal"] and message["retryable"]):
                    self.end = message
            case _:
                pass

    def begin_again(self) -> None:
        """Nobody can say what follows on what is here: drop it, and have all of it once more."""
        self.parts.clear()
        self.end = {}
        self.asked_on = None

    def broke(self, at: float) -> None:
        if self._broken_at is None:
            self._broken_at = at

    def _mend(self, at: float) -> None:
        if self._broken_at is not None:
            self.gaps.append(at - self._broken_at)
            self._broken_at = None


class Client:
    """One session's client; one stream at a time. Use it as a context."""

    def __init__(self, address: str, session_id: str) -> None:
        """``address`` is ``host:port``."""
        self.url = f"ws://{address}/ws/stream/{session_id}"
        self.connected: Message = {}
        self.close_code: int | None = None
        """Of the connection that ended last."""
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    @property
    def requests_left(self) -> int:
        """As the last greeting told it."""
        return int(self.connected["requests_left"])

    @property
    def token(self) -> str:
        """Of the connection that stands, or stood last."""
        return str(self.connected["resume_token"])

    async def stream(self, **request: object) -> Reception:
        """Ask for a stream, and have all of it, however often the connection breaks."""
        reception = self.asked(**request)
        await self.follow(reception)
        return reception

    def asked(self, **request: object) -> Reception:
        """A stream that is still to be asked for."""
        return Reception({"request_id": uuid4().hex, **request})

    async def follow(self, reception: Reception, until_chunks: int | None = None) -> None:
        """Have the stream, from where it is, to its end; or until there are so many chunks of it.

        Then say that all of it is here. Raises ``GaveUp``.
        """
        while not reception.end and (until_chunks is None or len(reception.parts) < until_chunks):
            try:
                await self.join()
                if reception.asked_on is not self._socket:
                    await self._ask_for(reception)
                message = await self.receive()
                reception.take(message, time.perf_counter())
                if message["type"] == "stream_start":
                    reception.token = self.connected.get("resume_token")  # what came to nothing before opens nothing
                elif message.get("reason") == "position" and reception.parts:
                    reception.begin_again()
            except ConnectionClosed as closed:
                reception.broke(time.perf_counter())
                self._broken(closed)
        if reception.end.get("type") == "stream_complete":
            await self.acknowledge(reception)

    async def skip(self) -> None:
        """Ask for the rest at once; nobody, if the connection is gone."""
        with suppress(ConnectionClosed):
            await self.send("stream_control", action="skip")

    async def acknowledge(self, reception: Reception) -> None:
        """Say that all of it is here; to nobody, if the connection is gone."""
        with suppress(ConnectionClosed):
            await self.send("ack", stream_id=reception.stream_id, index=reception.last_index)

    async def join(self) -> Message:
        """Be connected: at once if it can be, else again and again, with longer and longer waits. Raises ``GaveUp``."""
        deadline = time.perf_counter() + LIMIT_SECONDS
        waits = _waits()
        while self._socket is None:
            try:
                self._socket = await connect(
                    self.url, compression=None, proxy=None, ping_interval=None, max_size=_LARGEST_FRAME_BYTES
                )
                self.connected = await self.receive_type("connected")
            except (OSError, InvalidHandshake, ConnectionClosed) as error:
                self._socket = None
                if time.perf_counter() > deadline:
                    raise GaveUp(f"{self.url}: {error}") from error
                await asyncio.sleep(next(waits))
        return self.connected

    async def leave(self) -> None:
        """Close the connection as a client does that has all it wants."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def drop(self) -> None:
        """Be gone without a word, as a train in a tunnel is."""
        if self._socket is not None:
            self._socket.transport.abort()
            await self._socket.wait_closed()
            self._socket = None

    async def send(self, type_: str, **fields: object) -> None:
        """Raises ``ConnectionClosed``."""
        assert self._socket is not None
        await self._socket.send(json.dumps({"type": type_, **fields}))

    async def receive(self) -> Message:
        """Raises ``ConnectionClosed``, and ``GaveUp`` if nothing comes."""
        assert self._socket is not None
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                message: Message = json.loads(await self._socket.recv())
        except TimeoutError:
            raise GaveUp(f"{self.url}: silent for {LIMIT_SECONDS} s") from None
        return message

    async def receive_type(self, type_: str) -> Message:
        """The next of that type; others before it are passed over."""
        while (message := await self.receive())["type"] != type_:
            pass
        return message

    async def rest(self, first: int) -> str:
        """The data of all chunks from the index ``first`` on, which come without a gap up to ``stream_complete``."""
        parts: list[str] = []
        while (message := await self.receive())["type"] != "stream_complete":
            assert message["type"] != "error", message
            if message["type"] == "chunk":
                assert message["index"] == first + len(parts)
                parts.append(message["data"])
        assert message["total_chunks"] == first + len(parts)
        return "".join(parts)

    async def closed(self) -> tuple[list[Message], int]:
        """All that comes until the service closes, and its code."""
        messages: list[Message] = []
        try:
            while True:
                messages.append(await self.receive())
        except ConnectionClosed as closed:
            self._broken(closed)
        assert self.close_code is not None
        return messages, self.close_code

    async def recover(self, stream_id: str | None, last_index: int, token: str | None) -> Message:
        """The answer to ``recover``."""
        await self.send("recover", stream_id=stream_id, last_index=last_index, token=token)
        return await self.receive_type("stream_recovered")

    async def _ask_for(self, reception: Reception) -> None:
        """The same again with the token of the first time, or what follows, once the stream has an id."""
        request, token = reception.request, reception.token
        reception.breaks += reception.asked_on is not None
        reception.asked_on = self._socket
        if not reception.asked:
            reception.asked = True
            reception.token = self.connected.get("resume_token")
            await self.send("stream_request", **request)
        elif token is None:
            raise GaveUp("There is no token to go on with.")
        elif reception.stream_id is None:
            await self.send("stream_request", **request, token=token)
        else:
            await self.send("recover", stream_id=reception.stream_id, last_index=reception.last_index, token=token)

    def _broken(self, closed: ConnectionClosed) -> None:
        self.close_code = 1006 if closed.rcvd is None else closed.rcvd.code
        self._socket = None


def _waits() -> Iterator[float]:
    """Seconds: from 10 ms, doubled each time up to one second, each somewhere between its half and its whole."""
    wait = 0.01
    while True:
        yield random.uniform(wait / 2, wait)
        wait = min(1.0, wait * 2)

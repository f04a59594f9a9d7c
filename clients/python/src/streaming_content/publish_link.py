"""How the source of a producer reaches the service: over a socket, or by calls where sockets are blocked."""

import asyncio
import json
import ssl
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed as SocketClosed
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus

from streaming_content.address import Address
from streaming_content.errors import (
    ConnectFailed,
    ConnectionClosed,
    ProducerFenced,
    PublishRefused,
    StreamCancelled,
    StreamEnded,
)
from streaming_content.publish_calls import PublishCalls
from streaming_content.stream import Message
from streaming_content.token import TokenSource, with_token

BATCH_SECONDS = 0.02
"""Tokens wait at most this long for others."""
TOUCH_SECONDS = 3.0
"""Without anything to append, the lease is renewed this often: readers see a stall after 5 seconds of silence."""
_NO_CLOSE_FRAME = 1006


class Publication(Protocol):
    """What a link sends, and where its progress goes."""

    stream_id: str
    epoch: int

    @property
    def durable(self) -> int:
        """The bytes that the service has stored, as far as it is known."""

    async def wait(self, offset: int, seconds: float) -> bool:
        """Wait until there is more than ``offset`` bytes, or an end; return false after ``seconds`` without."""

    def part(self, offset: int) -> bytes:
        """Return what follows ``offset``; nothing if that is all so far."""

    def end(self, offset: int) -> Message | None:
        """Return the fields of the end, if all before it is sent."""

    def stored(self, durable: int) -> None:
        """The service has this number of bytes."""

    def ended(self, status: str) -> None:
        """The service has stored the end."""


def end_error(status: str) -> StreamCancelled | StreamEnded:
    """The error of a producer whose stream has ended without it."""
    return StreamCancelled() if status == "cancelled" else StreamEnded(status)


class SocketLink:
    """One publish socket. ``run`` returns when the end is stored.

    Raises ``ConnectFailed`` and ``ConnectionClosed``, after which another link goes on; and what ends the producer:
    ``StreamCancelled``, ``ProducerFenced``, ``StreamEnded``, ``PublishRefused``.
    """

    def __init__(self, address: Address, tokens: TokenSource | None, options: dict[str, Any]) -> None:
        self._address = address
        self._tokens = tokens
        self._options = options

    async def run(self, publication: Publication) -> None:
        socket = await self._open(publication)
        try:
            durable = await self._receive(socket, publication)  # the first ack
            sender = asyncio.create_task(self._send(socket, publication, durable))
            try:
                while await self._receive(socket, publication) >= 0:
                    pass
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
        except SocketClosed as closed:
            code = closed.rcvd.code if closed.rcvd else _NO_CLOSE_FRAME
            raise ConnectionClosed(code, closed.rcvd.reason if closed.rcvd else "") from closed
        finally:
            await socket.close()

    async def _send(self, socket: ClientConnection, publication: Publication, offset: int) -> None:
        loop = asyncio.get_running_loop()
        sent_at = 0.0
        while True:
            if not await publication.wait(offset, TOUCH_SECONDS):
                await socket.send(json.dumps({"type": "touch"}))
                continue
            if (early := sent_at + BATCH_SECONDS - loop.time()) > 0:
                await asyncio.sleep(early)
            sent_at = loop.time()
            while data := publication.part(offset):
                text = data.decode()
                await socket.send(json.dumps({"type": "append", "offset": offset, "data": text}, ensure_ascii=False))
                offset += len(data)
            if (end := publication.end(offset)) is not None:
                await socket.send(json.dumps({"type": "close", **end}))
                return

    async def _receive(self, socket: ClientConnection, publication: Publication) -> int:
        """Take one message; return the durable bytes, or -1 after the end."""
        message: Message = json.loads(await socket.recv())
        match message["type"]:
            case "ack":
                publication.stored(message["durable"])
                return int(message["durable"])
            case "closed":
                publication.ended(message["status"])
                return -1
            case "cancelled":
                raise StreamCancelled
            case "fenced":
                raise ProducerFenced
            case "error":
                raise error_of(PublishRefused(0, message))
            case _:
                return 0

    async def _open(self, publication: Publication) -> ClientConnection:
        options = self._options if self._tokens is None else with_token(self._options, await self._tokens.get())
        try:
            return await open_socket(self._address.publish_url(publication.stream_id, publication.epoch), **options)
        except InvalidStatus as answer:
            response = answer.response
            failed = ConnectFailed.from_response(
                response.status_code, response.body or b"", response.headers.get("Retry-After")
            )
            raise (
                error_of(refusal) if (refusal := _refusal(response.status_code, response.body)) else failed
            ) from answer
        except (OSError, ssl.SSLError) as error:
            raise ConnectFailed.from_os_error(self._address, error) from error
        except (InvalidHandshake, InvalidMessage, SocketClosed) as error:
            raise ConnectFailed(f"{self._address} does not speak WebSocket ({error}).") from error


class CallLink:
    """The same by HTTP calls, one after the other."""

    def __init__(self, calls: PublishCalls) -> None:
        self._calls = calls

    async def run(self, publication: Publication) -> None:
        stream_id, epoch = publication.stream_id, publication.epoch
        offset = -1
        try:
            while True:
                if offset >= 0 and not await publication.wait(offset, TOUCH_SECONDS):
                    await self._calls.append(stream_id, epoch, offset, b"")
                    continue
                if offset < 0:
                    offset = await self._begin(publication)
                await asyncio.sleep(BATCH_SECONDS)
                while data := publication.part(offset):
                    answer = await self._calls.append(stream_id, epoch, offset, data)
                    offset = int(answer["durable"])
                    publication.stored(offset)
                if (end := publication.end(offset)) is not None:
                    answer = await self._calls.close(stream_id, epoch, end)
                    publication.ended(str(answer["status"]))
                    return
        except PublishRefused as refused:
            raise error_of(refused) from refused

    async def _begin(self, publication: Publication) -> int:
        """Return where the source is."""
        answer = await self._calls.append(publication.stream_id, publication.epoch, publication.durable, b"")
        publication.stored(int(answer["durable"]))
        return int(answer["durable"])


def error_of(refused: PublishRefused) -> PublishRefused | ProducerFenced | StreamCancelled | StreamEnded:
    """The error that a refusal means for the producer."""
    if refused.code == "fenced":
        return ProducerFenced()
    if refused.code == "ended":
        return end_error(str(refused.error.get("status")))
    return refused


def _refusal(status: int, body: bytes | bytearray) -> PublishRefused | None:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return None
    return PublishRefused(status, error) if isinstance(error, dict) else None

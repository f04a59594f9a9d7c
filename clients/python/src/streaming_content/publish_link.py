"""How the source of a producer reaches the service: over a socket, or by calls where sockets are blocked."""

import asyncio
import json
import ssl
from contextlib import suppress
from typing import Any, Final, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed as SocketClosed
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus

from streaming_content.address import Address
from streaming_content.errors import ConnectFailed, ConnectionClosed, PublishRefused
from streaming_content.publication import Publication
from streaming_content.publish_calls import PublishCalls, refusal_in
from streaming_content.stream import Message
from streaming_content.token import TokenSource, with_token

BATCH_SECONDS: Final = 0.02
"""Tokens wait at most this long for others."""
TOUCH_SECONDS: Final = 3.0
"""Without anything to append, the lease is renewed this often: readers see a stall after 5 seconds of silence."""
_FIRST_ANSWER_SECONDS: Final = 10.0
_NO_CLOSE_FRAME: Final = 1006
_TOKEN_EXPIRED: Final = 4122


class PublishLink(Protocol):
    """One way to the service."""

    async def run(self, publication: Publication) -> None:
        """Send the source from what is durable on; return when the publication is over.

        Raises ``ConnectFailed``, ``ConnectionClosed``, ``PublishRefused`` and ``TokenUnavailable``.
        """


class SocketLink:
    """One publish socket for each run."""

    def __init__(self, address: Address, tokens: TokenSource | None, options: dict[str, Any]) -> None:
        """``options`` are those of ``websockets.asyncio.client.connect``."""
        self._address = address
        self._tokens = tokens
        self._options = options

    async def run(self, publication: Publication) -> None:
        socket = await self._open(publication)
        try:
            async with asyncio.timeout(_FIRST_ANSWER_SECONDS):
                _take(await socket.recv(), publication)
            await self._exchange(socket, publication)
        except TimeoutError:
            raise ConnectFailed(f"Cannot connect to {self._address}: the socket is open, and silent.") from None
        except SocketClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (_NO_CLOSE_FRAME, "")
            if not publication.over.is_set():
                raise ConnectionClosed(code, reason) from closed
        finally:
            await socket.close()

    async def _exchange(self, socket: ClientConnection, publication: Publication) -> None:
        """Send and receive until the publication is over; raise what either of them raises."""
        sender = asyncio.create_task(_send(socket, publication))
        receiver = asyncio.create_task(_receive(socket, publication))
        try:
            await asyncio.wait((sender, receiver), return_when=asyncio.FIRST_COMPLETED)
            if sender.done() and sender.exception() is None:  # the answer to the end, or the reason of a close
                await asyncio.wait((receiver,))
        finally:
            sender.cancel()
            receiver.cancel()
            ends = await asyncio.gather(receiver, sender, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _open(self, publication: Publication) -> ClientConnection:
        options = self._options if self._tokens is None else with_token(self._options, await self._tokens.get())
        try:
            return await open_socket(self._address.publish_url(publication.stream_id, publication.epoch), **options)
        except InvalidStatus as answer:
            response = answer.response
            body, retry_after = response.body or b"", response.headers.get("Retry-After")
            refused = refusal_in(response.status_code, body)
            raise refused or ConnectFailed.from_response(response.status_code, body, retry_after) from answer
        except (OSError, ssl.SSLError) as error:
            raise ConnectFailed.from_os_error(self._address, error) from error
        except (InvalidHandshake, InvalidMessage, SocketClosed) as error:
            raise ConnectFailed(f"{self._address} does not speak WebSocket ({error}).") from error


async def _send(socket: ClientConnection, publication: Publication) -> None:
    """Send until the end is sent, or the connection is closed: what is received has the reason."""
    with suppress(SocketClosed):
        loop = asyncio.get_running_loop()
        offset, sent_at = publication.durable, 0.0
        while True:
            if not await publication.wait_written(offset, TOUCH_SECONDS):
                await socket.send('{"type":"touch"}')
                continue
            if (early := sent_at + BATCH_SECONDS - loop.time()) > 0:
                await asyncio.sleep(early)
            sent_at = loop.time()
            while data := publication.part(offset):
                message = {"type": "append", "offset": offset, "data": data.decode()}
                await socket.send(json.dumps(message, ensure_ascii=False))
                offset += len(data)
            if (end := publication.end(offset)) is not None:
                await socket.send(json.dumps({"type": "close", **end}))
                return


async def _receive(socket: ClientConnection, publication: Publication) -> None:
    while not publication.over.is_set():
        _take(await socket.recv(), publication)


def _take(frame: str | bytes, publication: Publication) -> None:
    """Take one message of the service."""
    message: Message = json.loads(frame)
    match message["type"]:
        case "ack":
            publication.stored(message["durable"])
        case "closed":
            publication.ended(message["status"], message["offset"])
        case "cancelled":
            publication.ended("cancelled", message["offset"])
        case "fenced":
            publication.fenced()
        case "error" if message["code"] == "token_expired":  # another one may open the next socket
            raise ConnectionClosed(_TOKEN_EXPIRED, str(message["message"]))
        case "error":
            raise PublishRefused(0, message)
        case _:
            pass  # of a later version


class CallLink:
    """HTTP calls, one after the other."""

    def __init__(self, calls: PublishCalls) -> None:
        self._calls = calls

    async def run(self, publication: Publication) -> None:
        try:
            await self._run(publication)
        except PublishRefused as refused:
            match refused.code:
                case "ended":
                    publication.ended(str(refused.error.get("status")), refused.offset or 0)
                case "fenced":
                    publication.fenced()
                case _:
                    raise

    async def _run(self, publication: Publication) -> None:
        stream_id, epoch = publication.stream_id, publication.epoch
        answer = await self._calls.touch(stream_id, epoch)
        publication.stored(answer["durable"])
        offset = publication.durable
        while not publication.over.is_set():
            if not await publication.wait_written(offset, TOUCH_SECONDS):
                answer = await self._calls.touch(stream_id, epoch)
                publication.stored(answer["durable"])
                continue
            await asyncio.sleep(BATCH_SECONDS)
            while data := publication.part(offset):
                answer = await self._calls.append(stream_id, epoch, offset, data)
                publication.stored(answer["durable"])
                offset += len(data)
            if (end := publication.end(offset)) is not None:
                answer = await self._calls.close(stream_id, epoch, end)
                publication.ended(answer["status"], answer["offset"])

"""The endpoint ``/ws/publish/{stream_id}?epoch=E``: checks the handshake of a producer and accepts it."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import replace

from service.client_address import TrustedProxies
from service.events import AttemptOutcome, TokenCarrier
from service.protocol.close_codes import HandshakeRefusal
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.publish_reception import PublishArrival, PublishReception
from service.publishing.rights import Producer
from service.websocket.carriers import Credentials, read_credentials
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.endpoint import PUBLISH_PREFIX, Receive, Scope, Send, origin_allowed, refuse, trace_context
from service.websocket.handshake import EXTENSION, WebSocketHandshake
from service.websocket.hub import Hub
from service.websocket.pending_connection import PendingConnections

_MAX_ID_CHARACTERS = 64
_LARGEST_EPOCH = 2**53 - 1
_STATUSES: Mapping[int, HandshakeRefusal] = {int(refusal): refusal for refusal in HandshakeRefusal}

_ADDRESS = "Connect to /ws/publish/{stream_id}?epoch=E, with the id and the epoch of the call that created the stream."
_FOREIGN_ORIGIN = "This origin is not allowed. Ask the operator to add it to ALLOWED_ORIGINS."


class PublishEndpoint:
    """An ASGI application for ``WebSocketHandshake``, as ``StreamEndpoint`` for readers."""

    def __init__(  # noqa: PLR0913 - independent settings and components
        self,
        hub: Hub,
        monitor: ConnectionMonitor,
        reception: PublishReception,
        pending: PendingConnections,
        *,
        allowed_origins: frozenset[str],
        send_buffer_bytes: int,
        draining_retry_seconds: int,
        proxies: TrustedProxies,
    ) -> None:
        self._hub = hub
        self._monitor = monitor
        self._reception = reception
        self._pending = pending
        self._allowed_origins = allowed_origins
        self._send_buffer_bytes = send_buffer_bytes
        self._draining_retry_seconds = draining_retry_seconds
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handshake: WebSocketHandshake = scope["extensions"].pop(EXTENSION)
        arrival = PublishArrival(
            "",
            self._reception.seconds,
            trace_context(scope),
            address=self._proxies.client_address(scope),
            stream_id=scope["path"].removeprefix(PUBLISH_PREFIX),
        )
        await receive()  # websocket.connect
        epoch = _epoch_of(scope)
        if epoch is None or not 0 < len(arrival.stream_id) <= _MAX_ID_CHARACTERS:
            self._reception.record(arrival, AttemptOutcome.REFUSED_SESSION)
            await _refuse(send, PublishError(PublishErrorCode.INVALID_REQUEST, _ADDRESS))
            return
        arrival = replace(arrival, epoch=epoch)
        if not origin_allowed(scope, self._allowed_origins):
            self._reception.record(arrival, AttemptOutcome.REFUSED_ORIGIN)
            await _refuse(send, PublishError(PublishErrorCode.FORBIDDEN, _FOREIGN_ORIGIN))
        elif (closed := self._reception.refuse_closed(arrival)) is not None:
            await _refuse(send, closed)
        elif self._hub.draining:
            self._reception.record(arrival, AttemptOutcome.REFUSED_DRAINING)
            wait = self._draining_retry_seconds
            await refuse(send, HandshakeRefusal.UNAVAILABLE, f"The server restarts. Reconnect after {wait} s.", wait)
        else:
            await self._admit(scope, handshake, arrival, send)

    async def _admit(self, scope: Scope, handshake: WebSocketHandshake, arrival: PublishArrival, send: Send) -> None:
        credentials = read_credentials(scope["headers"], scope["subprotocols"])
        if credentials.carrier is TokenCarrier.HEADER:
            producer = await self._check_header(arrival, credentials.token, send)
            if producer is not None:
                connection = await self._accept(handshake, credentials, send)
                await self._reception.attach(connection, arrival, producer)
            return
        connection = await self._accept(handshake, credentials, send)
        if credentials.carrier is None:
            self._pending.add(connection, arrival, handshake.pending_sockets)
        else:
            await self._reception.receive(connection, arrival, credentials.token, credentials.carrier)

    async def _check_header(self, arrival: PublishArrival, token: str, send: Send) -> Producer | None:
        """Return ``None`` if the handshake is refused."""
        try:
            return await self._reception.check(arrival, token, TokenCarrier.HEADER)
        except PublishError as error:
            await _refuse(send, error)
            return None

    async def _accept(self, handshake: WebSocketHandshake, credentials: Credentials, send: Send) -> WebSocketConnection:
        await send({"type": "websocket.accept", "subprotocol": credentials.subprotocol})
        connection = handshake.hand_over(self._monitor)
        connection.limit_send_buffer(self._send_buffer_bytes)
        return connection


def _epoch_of(scope: Scope) -> int | None:
    """The epoch in the query; ``None`` if there is none, or not one."""
    given = parse_qs(scope["query_string"].decode("latin-1")).get("epoch", [])
    if len(given) != 1 or not given[0].isascii() or not given[0].isdecimal():
        return None
    epoch = int(given[0][:20])
    return epoch if epoch <= _LARGEST_EPOCH else None


async def _refuse(send: Send, error: PublishError) -> None:
    wait = None if error.retry_after_seconds is None else max(1, round(error.retry_after_seconds))
    await refuse(send, _STATUSES[error.code.status], msgspec.to_builtins(error.body), wait)

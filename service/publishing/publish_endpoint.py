"""The endpoint ``/ws/publish/{stream_id}?epoch=E``: checks the handshake of a producer and accepts it."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import replace

from service.events import AttemptOutcome, TokenCarrier
from service.protocol.close_codes import HandshakeRefusal
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.publish_reception import PublishArrival, PublishReception
from service.publishing.rights import Producer
from service.websocket.asgi import Receive, Scope, Send, refuse, trace_context
from service.websocket.carriers import read_credentials
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.handshake import EXTENSION, WebSocketHandshake
from service.websocket.handshake_gate import FOREIGN_ORIGIN, HandshakeGate
from service.websocket.pending_connection import PendingConnections
from service.websocket.socket_router import PUBLISH_PREFIX

_MAX_ID_CHARACTERS = 64
_LARGEST_EPOCH = 2**53 - 1
_STATUSES: Mapping[int, HandshakeRefusal] = {int(refusal): refusal for refusal in HandshakeRefusal}

_ADDRESS = "Connect to /ws/publish/{stream_id}?epoch=E, with the id and the epoch of the call that created the stream."


class PublishEndpoint:
    """An ASGI application for ``WebSocketHandshake``, as ``StreamEndpoint`` for readers."""

    def __init__(
        self,
        gate: HandshakeGate,
        monitor: ConnectionMonitor,
        reception: PublishReception,
        pending: PendingConnections,
    ) -> None:
        self._gate = gate
        self._monitor = monitor
        self._reception = reception
        self._pending = pending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handshake: WebSocketHandshake = scope["extensions"].pop(EXTENSION)
        arrival = PublishArrival(
            "",
            self._reception.seconds,
            trace_context(scope),
            address=self._gate.proxies.client_address(scope),
            stream_id=scope["path"].removeprefix(PUBLISH_PREFIX),
        )
        await receive()  # websocket.connect
        epoch = _epoch_of(scope)
        if epoch is None or not 0 < len(arrival.stream_id) <= _MAX_ID_CHARACTERS:
            self._reception.record(arrival, AttemptOutcome.REFUSED_SESSION)
            await _refuse(send, PublishError(PublishErrorCode.INVALID_REQUEST, _ADDRESS))
            return
        arrival = replace(arrival, epoch=epoch)
        if not self._gate.allows_origin(scope):
            self._reception.record(arrival, AttemptOutcome.REFUSED_ORIGIN)
            await _refuse(send, PublishError(PublishErrorCode.FORBIDDEN, FOREIGN_ORIGIN))
        elif (closed := self._reception.refuse_closed(arrival)) is not None:
            await _refuse(send, closed)
        elif self._gate.draining:
            self._reception.record(arrival, AttemptOutcome.REFUSED_DRAINING)
            await self._gate.refuse_draining(send)
        else:
            await self._admit(scope, handshake, arrival, send)

    async def _admit(self, scope: Scope, handshake: WebSocketHandshake, arrival: PublishArrival, send: Send) -> None:
        credentials = read_credentials(scope["headers"], scope["subprotocols"])
        if credentials.carrier is TokenCarrier.HEADER:
            producer = await self._check_header(arrival, credentials.token, send)
            if producer is not None:
                connection = await self._gate.accept(handshake, self._monitor, credentials, send)
                await self._reception.attach(connection, arrival, producer)
            return
        connection = await self._gate.accept(handshake, self._monitor, credentials, send)
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

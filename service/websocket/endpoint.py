"""The endpoint ``/ws/stream/{session_id}``: checks a handshake and accepts it."""

import math

from msgspec.structs import replace

from service.access.principal import AccessRefusal, Principal
from service.events import AttemptOutcome, TokenCarrier
from service.protocol.close_codes import HandshakeRefusal
from service.protocol.codec import is_session_id
from service.websocket.arrival import Arrival
from service.websocket.asgi import Receive, Scope, Send, refuse, trace_context
from service.websocket.carriers import InvalidSecret, read_credentials, read_secret
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.handshake import EXTENSION, WebSocketHandshake
from service.websocket.handshake_gate import FOREIGN_ORIGIN, HandshakeGate
from service.websocket.pending_connection import PendingConnections
from service.websocket.reception import Reception

PREFIX = "/ws/stream/"

_UNKNOWN_PATH = "No WebSocket is at this path. Readers connect to /ws/stream/{session_id}."
_INVALID_SESSION_ID = "The session id must be 1 to 64 of A-Z a-z 0-9 _ - . : and not '.' or '..'."
_UNREADABLE = "The secret of the session must be one header, or one subprotocol secret.<base64url>."

_REFUSALS = {int(refusal): refusal for refusal in HandshakeRefusal}
_CHECK_RETRY_SECONDS = 5


class StreamEndpoint:
    """An ASGI application for ``WebSocketHandshake``. It returns when a connection has begun, or waits for its token.

    A token in a header is checked before the handshake is answered; for the others the client sees a close code.
    """

    def __init__(
        self,
        gate: HandshakeGate,
        monitor: ConnectionMonitor,
        reception: Reception,
        pending: PendingConnections | None,
    ) -> None:
        """``pending`` takes connections that have no token yet; ``None`` if none is needed."""
        self._gate = gate
        self._monitor = monitor
        self._reception = reception
        self._pending = pending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrival = Arrival("", self._reception.seconds, trace_context(scope))
        handshake: WebSocketHandshake = scope["extensions"].pop(EXTENSION)
        session_id = scope["path"].removeprefix(PREFIX)
        await receive()  # websocket.connect
        if not scope["path"].startswith(PREFIX):
            await refuse(send, HandshakeRefusal.UNKNOWN_PATH, _UNKNOWN_PATH)
            return
        if not is_session_id(session_id):
            self._reception.record(arrival, AttemptOutcome.REFUSED_SESSION)
            await refuse(send, HandshakeRefusal.INVALID_REQUEST, _INVALID_SESSION_ID)
            return
        arrival = replace(
            arrival,
            session_id=session_id,
            address=self._gate.proxies.client_address(scope),
            client=self._gate.proxies.identify(scope, session_id),
        )
        if not self._gate.allows_origin(scope):
            self._reception.record(arrival, AttemptOutcome.REFUSED_ORIGIN)
            await refuse(send, HandshakeRefusal.FORBIDDEN, FOREIGN_ORIGIN)
        elif self._gate.draining:
            self._reception.record(arrival, AttemptOutcome.REFUSED_DRAINING)
            await self._gate.refuse_draining(send)
        elif self._pending is None:
            await self._accept_anyone(scope, handshake, arrival, send)
        else:
            await self._accept_with_token(scope, handshake, arrival, send, self._pending)

    async def _accept_anyone(self, scope: Scope, handshake: WebSocketHandshake, arrival: Arrival, send: Send) -> None:
        """Without authentication, tokens are not read."""
        credentials = read_credentials((), scope["subprotocols"])
        try:
            arrival = replace(arrival, secret=read_secret(scope["headers"], scope["subprotocols"]))
        except InvalidSecret:
            self._reception.record(arrival, AttemptOutcome.REFUSED_SECRET)
            await refuse(send, HandshakeRefusal.INVALID_REQUEST, _UNREADABLE)
            return
        connection = await self._gate.accept(handshake, self._monitor, credentials, send)
        await self._reception.admit(connection, arrival, None)

    async def _accept_with_token(
        self,
        scope: Scope,
        handshake: WebSocketHandshake,
        arrival: Arrival,
        send: Send,
        pending: PendingConnections,
    ) -> None:
        credentials = read_credentials(scope["headers"], scope["subprotocols"])
        if credentials.carrier is TokenCarrier.HEADER:
            principal = await self._check_header(arrival, credentials.token, send)
            if principal is not None:
                connection = await self._gate.accept(handshake, self._monitor, credentials, send)
                await self._reception.open(connection, arrival, principal)
            return
        connection = await self._gate.accept(handshake, self._monitor, credentials, send)
        if credentials.carrier is None:
            pending.add(connection, arrival, handshake.pending_sockets)
        else:
            await self._reception.receive(connection, arrival, credentials.token, credentials.carrier)

    async def _check_header(self, arrival: Arrival, token: str, send: Send) -> Principal | None:
        """Check and charge the user of the token; return ``None`` if the handshake is refused."""
        checked = await self._reception.check(arrival, token, TokenCarrier.HEADER)
        if isinstance(checked, AccessRefusal):
            status = _REFUSALS[checked.status]
            wait = _CHECK_RETRY_SECONDS if status is HandshakeRefusal.UNAVAILABLE else None
            await refuse(send, status, checked.sentence, wait)
            return None
        error = await self._reception.charge(arrival, checked)
        if error is not None:
            assert error.retry_after_seconds is not None
            wait = max(1, math.ceil(error.retry_after_seconds))
            await refuse(send, HandshakeRefusal.LIMIT_REACHED, str(error), wait)
            return None
        return checked

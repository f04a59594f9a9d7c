"""What every endpoint of sockets checks of a handshake, and how it accepts one."""

from service.client_address import TrustedProxies
from service.protocol.close_codes import HandshakeRefusal
from service.websocket.asgi import Scope, Send, header_values, refuse
from service.websocket.carriers import Credentials
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.handshake import WebSocketHandshake
from service.websocket.hub import Hub

FOREIGN_ORIGIN = "This origin is not allowed. Ask the operator to add it to ALLOWED_ORIGINS."


class HandshakeGate:
    """One for the process."""

    def __init__(
        self,
        hub: Hub,
        *,
        allowed_origins: frozenset[str],
        send_buffer_bytes: int,
        draining_retry_seconds: int,
        proxies: TrustedProxies,
    ) -> None:
        self.proxies = proxies
        """Those whose forwarded addresses are believed."""
        self._draining_retry_seconds = draining_retry_seconds
        self._hub = hub
        self._allowed_origins = allowed_origins
        self._send_buffer_bytes = send_buffer_bytes

    @property
    def draining(self) -> bool:
        """Whether no handshake is accepted any more."""
        return self._hub.draining

    async def refuse_draining(self, send: Send) -> None:
        """Refuse a handshake because of the drain."""
        wait = self._draining_retry_seconds
        await refuse(send, HandshakeRefusal.UNAVAILABLE, f"The server restarts. Reconnect after {wait} s.", wait)

    def allows_origin(self, scope: Scope) -> bool:
        """Whether the Origin header, which only browsers send, is allowed."""
        allowed = self._allowed_origins
        return "*" in allowed or all(origin in allowed for origin in header_values(scope, b"origin"))

    async def accept(
        self, handshake: WebSocketHandshake, monitor: ConnectionMonitor, credentials: Credentials, send: Send
    ) -> WebSocketConnection:
        """Accept the handshake with the subprotocol of the credentials."""
        await send({"type": "websocket.accept", "subprotocol": credentials.subprotocol})
        connection = handshake.hand_over(monitor)
        connection.limit_send_buffer(self._send_buffer_bytes)
        return connection

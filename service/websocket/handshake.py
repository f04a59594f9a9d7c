"""The handshake of a WebSocket: the protocol class of uvicorn, which then makes room for ``WebSocketConnection``."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor

EXTENSION = "streaming.handshake"
"""The key of the handshake in the extensions of the scope. The endpoint removes it, because it is a cycle."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class WebSocketHandshake(WebSocketsSansIOProtocol):
    """Lives until the handshake is answered."""

    _handed_over = False

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        on_lost: Callable[[asyncio.BaseTransport], object] = lambda _transport: None,
    ) -> None:
        """``on_lost`` is called with the transport when it is lost, also after ``hand_over``."""
        super().__init__(config, server_state, app_state)
        self._on_lost = on_lost

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self.transport)
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake is valid, so there is a scope, and its application has not run yet
            cast("dict[str, object]", self.scope["extensions"])[EXTENSION] = self
            self.transport.pause_reading()  # what follows is for the connection

    def hand_over(self, monitor: ConnectionMonitor) -> WebSocketConnection:
        """Return the connection of the accepted WebSocket, to which its socket now belongs."""
        self._handed_over = True
        self.connections.discard(self)
        return WebSocketConnection(self.transport, monitor, cast("set[object]", self.connections), self._on_lost)

    async def run_asgi(self) -> None:
        """Run the application, at whose return uvicorn would close the socket."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            self._handed_over = False
        except Exception:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
            self._handed_over = False
        if not self._handed_over:
            self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # refused: uvicorn would log an error for each

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.transport.is_closing():
            # Too many or too long headers: uvicorn would never answer.
            self.transport.write(_BAD_REQUEST)
            self.transport.close()

    def shutdown(self) -> None:
        self.transport.abort()

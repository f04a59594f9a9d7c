"""The handshake of a WebSocket: the protocol class of uvicorn, which then makes room for ``WebSocketConnection``."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import uvicorn
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import StatusLike

from service.events import DropReason, SocketDropped
from service.session.ports import Recorder
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.pending_connection import PendingSockets

EXTENSION = "streaming.handshake"
"""The key of the handshake in the extensions of the scope. The endpoint removes it, because it is a cycle."""

_INVALID_HTTP = "The handshake is not valid HTTP."


class WebSocketHandshake(WebSocketsSansIOProtocol):
    """Lives until the handshake is answered."""

    _handed_over = False

    def __init__(  # noqa: PLR0913 - three of uvicorn, three of the service
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        on_lost: Callable[[asyncio.BaseTransport], object],
        pending_sockets: PendingSockets,
        recorder: Recorder,
    ) -> None:
        """``on_lost`` is called with the transport when it is lost, also after ``hand_over``."""
        self.pending_sockets = pending_sockets
        super().__init__(config, server_state, app_state)
        self.conn.reject = _reject  # type: ignore[method-assign] # uvicorn offers no place for another class
        self._on_lost = on_lost
        self._recorder = recorder

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self.transport)
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.close_sent:
            self._recorder.record(SocketDropped(DropReason.INVALID))
        else:  # the handshake is valid, so there is a scope, and its application has not run yet
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
            # Uvicorn does not send the answer to lines that are too many or too long; to others there is none.
            answer = b"".join(self.conn.data_to_send())
            self._recorder.record(SocketDropped(DropReason.TOO_LARGE if answer else DropReason.INVALID))
            self.transport.write(answer or _reject(HTTPStatus.BAD_REQUEST, _INVALID_HTTP).serialize())
            self.transport.close()

    def shutdown(self) -> None:
        self.transport.abort()


def _reject(status: StatusLike, text: str) -> Response:
    """As ``ServerProtocol.reject``, with the first line of the text in JSON."""
    status = HTTPStatus(status)
    body = json.dumps({"error": text.partition("\n")[0]}).encode()
    headers = Headers(
        {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"},
    )
    return Response(status.value, status.phrase, headers, body)

"""One WebSocket: the protocol class of uvicorn with the methods that ASGI lacks.

ASGI cannot write without a coroutine, report whether the kernel accepted what was written, or abort. The driver needs
all three for each chunk, so it gets this object through ``scope["extensions"]``.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from service.protocol.close_codes import CloseCode

EXTENSION = "streaming.connection"
"""The key of the connection in the extensions of the scope. The endpoint removes it, because it is a cycle."""

CLOSING_SECONDS = 2.0
"""A peer that does not answer a close frame within this time is disconnected."""

CONGESTION_BYTES = 65_536
"""With more unsent bytes than this, no frames of the client are read."""

# RFC 6455 section 5.2: FIN and opcode 1; a length under 126 is in the second byte, a larger one in 2 or 8 more.
_TEXT_FRAME = 0x81
_SHORT, _MEDIUM = 126, 65_536

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def text_frame(payload: bytes) -> bytes:
    """Return an unmasked, unfragmented, uncompressed text frame, as a server sends it."""
    length = len(payload)
    if length < _SHORT:
        return bytes((_TEXT_FRAME, length)) + payload
    if length < _MEDIUM:
        return struct.pack("!BBH", _TEXT_FRAME, 126, length) + payload
    return struct.pack("!BBQ", _TEXT_FRAME, 127, length) + payload


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket without compression; fulfils ``service.session.ports.Connection``."""

    on_unblocked: Callable[[], None] | None = None
    """Called when the kernel has accepted everything that was written, after it did not."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # With a mark of 0, pause_writing() means that the kernel did not accept everything.
        self.transport.set_write_buffer_limits(high=0)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake is valid, so there is a scope, and its application has not run yet
            cast("dict[str, object]", self.scope["extensions"])[EXTENSION] = self

    def send_receive_event_to_app(self) -> None:
        """Decode the message once and pass its size on. Uvicorn logs a traceback for each text that is not UTF-8."""
        payload = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        event: dict[str, object] = {"type": "websocket.receive", "size_bytes": len(payload)}
        if self.curr_msg_data_type == "text":
            try:
                event["text"] = payload.decode()
            except UnicodeDecodeError:
                self.close(CloseCode.INVALID_TEXT, CloseCode.INVALID_TEXT.reason)
                return
        else:
            event["bytes"] = payload
        self.queue.put_nowait(cast("ASGIReceiveEvent", event))
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

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
            self._abort_soon()

    def handle_ping(self) -> None:
        pong = b"".join(self.conn.data_to_send())
        if not self.congested and not self.transport.is_closing():  # a flood of pings must not fill the memory
            self.transport.write(pong)

    def handle_cont(self, event: Frame) -> None:
        if event.data or event.fin:  # the limit is on bytes: empty frames could continue without end
            super().handle_cont(event)

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._abort_soon()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._abort_soon()

    def keepalive_timeout(self) -> None:
        if not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.ABNORMAL})
        super().keepalive_timeout()
        self._abort_soon()

    def eof_received(self) -> None:
        self._abort_soon()

    def shutdown(self) -> None:
        """Uvicorn calls this at its end, after the hub has closed all connections."""
        self.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_unblocked is not None:
            self.on_unblocked()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.conn.close_rcvd is None:
            # Uvicorn would report 1005, as for a close frame without a code. An earlier disconnect event counts.
            self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.ABNORMAL})
        self.on_unblocked = None
        super().connection_lost(exc)

    # service.session.ports.Connection

    @property
    def blocked(self) -> bool:
        return not self.writable.is_set()

    @property
    def congested(self) -> bool:
        return self.blocked and self.unsent_bytes > CONGESTION_BYTES

    @property
    def unsent_bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    async def wait_writable(self) -> None:
        await self.writable.wait()

    def write(self, message: bytes) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(text_frame(message))

    def close(self, code: int, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        if self.conn.state is State.OPEN:  # the close frame of the peer may be among the bytes that are being parsed
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:  # to read the close frame of the peer
            self.read_paused = False
            self.transport.resume_reading()
        self._abort_soon()

    def _abort_soon(self) -> None:
        """Abort after a timeout: the transport would wait without end for a peer that does not read."""
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(CLOSING_SECONDS, self.abort)

    def abort(self) -> None:
        self.transport.abort()

    def limit_send_buffer(self, size_bytes: int) -> None:
        """Limit the send buffer of the kernel, which would hide a stalled client; the kernel doubles the value."""
        raw_socket = cast("socket.socket", self.transport.get_extra_info("socket"))
        raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)

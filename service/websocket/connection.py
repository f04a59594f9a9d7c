"""One WebSocket: uvicorn's protocol class with what ASGI lacks, as ``core.ports.Connection``.

ASGI can neither write without a coroutine, nor tell whether the peer takes what was written, nor abort. The driver
needs all three for each chunk, so it gets this object through ``scope["extensions"]``.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from service.protocol.close_codes import CloseCode

EXTENSION = "streaming.connection"
"""The key under which the scope carries the connection; whoever takes it pops it, as it is a cycle."""

CLOSING_SECONDS = 2.0
"""How long a peer may take to answer a close frame before it is aborted."""

CONGESTION_BYTES = 65_536
"""Unsent answers past which a client that does not read ours is not read either."""

# RFC 6455 section 5.2: FIN and opcode 1; lengths under 126 stand in the second byte, larger ones in 2 or 8 more.
_TEXT_FRAME = 0x81
_SHORT, _MEDIUM = 126, 65_536

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def text_frame(payload: bytes) -> bytes:
    """An unmasked, unfragmented, uncompressed text frame, as a server sends it."""
    length = len(payload)
    if length < _SHORT:
        return bytes((_TEXT_FRAME, length)) + payload
    if length < _MEDIUM:
        return struct.pack("!BBH", _TEXT_FRAME, 126, length) + payload
    return struct.pack("!BBQ", _TEXT_FRAME, 127, length) + payload


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A server's WebSocket without compression, whose writes either reach the kernel at once or say so."""

    on_unblocked: Callable[[], None] | None = None
    """Called when the kernel has taken all that was written, after a time in which it had not."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # With a mark of 0 the transport writes through to the kernel, and pause_writing() means: not all was taken.
        self.transport.set_write_buffer_limits(high=0)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake is sound, and there is a scope, whose application has not yet run
            cast("dict[str, object]", self.scope["extensions"])[EXTENSION] = self

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:  # uvicorn closes with 1007 too, but logs a traceback for each
                self.frames = []
                self.close(CloseCode.INVALID_TEXT, CloseCode.INVALID_TEXT.reason)
                return
        super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # refused, but complete: uvicorn would log an error for each

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.transport.is_closing():
            # Too many or too long headers: uvicorn would say nothing, for ever.
            self.transport.write(_BAD_REQUEST)
            self.transport.close()
            self._abort_soon()

    def handle_ping(self) -> None:
        pong = b"".join(self.conn.data_to_send())
        if not self.congested and not self.transport.is_closing():  # or a flood of pings would fill our memory
            self.transport.write(pong)

    def handle_cont(self, event: Frame) -> None:
        if event.data or event.fin:  # the limit is on bytes: empty frames could go on for ever
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
        """Uvicorn's last word, after the server has parted from everyone."""
        self.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_unblocked is not None:
            self.on_unblocked()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.conn.close_rcvd is None:
            # uvicorn would say 1005, as for a peer that closed properly but gave no code. Where there was a
            # disconnect before, that one counts.
            self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.ABNORMAL})
        self.on_unblocked = None
        super().connection_lost(exc)

    # core.ports.Connection

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
        if self.conn.state is State.OPEN:  # the peer's close frame may be in the bytes at hand
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:  # or the peer's close frame would never be read
            self.read_paused = False
            self.transport.resume_reading()
        self._abort_soon()

    def _abort_soon(self) -> None:
        """However a socket ends: its transport would wait for ever for a peer that does not take what is unsent."""
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(CLOSING_SECONDS, self.abort)

    def abort(self) -> None:
        self.transport.abort()

    def limit_send_buffer(self, size_bytes: int) -> None:
        """Keep the kernel from hiding a stalled client behind megabytes (it doubles the figure for its own use)."""
        raw_socket = cast("socket.socket", self.transport.get_extra_info("socket"))
        raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)

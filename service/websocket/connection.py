"""One WebSocket after its handshake: frames in, frames out, keepalive, and the closing handshake."""

import asyncio
import socket
import sys
import termios
from collections.abc import Callable, MutableSet
from fcntl import ioctl
from typing import cast

from service.events import CloseReason
from service.protocol.close_codes import CloseCode
from service.protocol.frames import control_frame
from service.protocol.limits import MESSAGE_FRAMES, InputLimit
from service.session.ports import Receiver
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.frame_reader import Frame, FrameError, FrameReader, Opcode, close_code, decode_text
from service.websocket.input_budget import InputBudget

CLOSING_SECONDS = 2.0
"""A peer that does not answer a close frame within this time is disconnected."""

CONGESTION_BYTES = 65_536
"""With more unsent bytes than this, no frames of the client are read."""

CLOSING_BYTES = 65_536
"""Of a peer that sends more than this after a close frame of the service, nothing more is read."""

_FRAMES_A_PASS = 64
"""The most frames of a connection in a pass of the event loop, with one message: a flood must not hold back others."""

_HANDLED = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CLOSE})


class WebSocketConnection(asyncio.BufferedProtocol):
    """A WebSocket without compression; fulfils ``service.session.ports.Connection``.

    It reads nothing before ``start`` or ``close``. An idle connection has no task, timer or buffer.
    """

    __slots__ = (
        "__weakref__",
        "_awaits_pong",
        "_budget",
        "_bytes_after_close",
        "_close_timer",
        "_closing",
        "_failed",
        "_group",
        "_held",
        "_monitor",
        "_on_lost",
        "_open_connections",
        "_reader",
        "_receiver",
        "_transport",
        "_unfinished",
        "blocked",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        monitor: ConnectionMonitor,
        open_connections: MutableSet[object],
        on_lost: Callable[[asyncio.BaseTransport], object],
    ) -> None:
        """``open_connections`` is the set of the server; ``on_lost`` is called with the transport when it is lost."""
        self._transport = transport
        self._monitor = monitor
        self._open_connections = open_connections
        self._on_lost = on_lost
        limits = monitor.limits
        self._reader = FrameReader(limits.max_message_bytes, limits.kept_message_bytes)
        self._budget = InputBudget(limits)
        self._unfinished = False
        """Whether the end of a message is awaited."""
        self._receiver: Receiver | None = None
        self.blocked = False
        self._closing = False
        """Whether a close frame was sent."""
        self._bytes_after_close = 0
        self._failed = False
        """Whether nothing that arrives can be read."""
        self._held = False
        """Whether nothing is read until the next ``start``."""
        self._awaits_pong = False
        self._close_timer: asyncio.TimerHandle | None = None
        transport.pause_reading()
        transport.set_protocol(self)
        # With a mark of 0, pause_writing() means that the kernel did not accept everything.
        transport.set_write_buffer_limits(high=0)
        open_connections.add(self)
        self._group = monitor.add(self)

    # asyncio.BufferedProtocol

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._monitor.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._monitor.read_buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """uvloop holds a reference to this method; without it, to that of the protocol before, which would live on."""
        if self._closing:
            self._bytes_after_close += len(data)
            if self._bytes_after_close > CLOSING_BYTES:
                # Aborted now, it would lose the error and the close frame, which it may be about to read.
                self._transport.pause_reading()
                return
        if self._failed:
            return
        self._reader.feed(data)
        self._charge(self._budget.receive_bytes(len(data), self._monitor.clock()))
        self._read_frames(more=len(data) == len(self._monitor.read_buffer))
        self._monitor.receive(len(data))

    def eof_received(self) -> None:
        self._abort_soon()

    def pause_writing(self) -> None:
        self.blocked = True

    def resume_writing(self) -> None:
        was_congested = self._receiver is not None and not self._transport.is_reading()
        self.blocked = False
        if self._receiver is not None:
            self._receiver.unblocked()
        if was_congested:
            self._continue_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_connections.discard(self)
        self._on_lost(self._transport)
        self._monitor.discard(self, self._group)
        if self._close_timer is not None:
            self._close_timer.cancel()
        self.blocked = False
        self._end(CloseCode.ABNORMAL)

    # service.session.ports.Connection

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._held = False
        self._reader.keep_at_most(self._monitor.limits.kept_message_bytes)
        if self._transport.is_closing():
            asyncio.get_running_loop().call_soon(self._end, CloseCode.ABNORMAL)
        elif self._reader.has_unread:
            asyncio.get_running_loop().call_soon(self._continue_reading)
        else:
            self._transport.resume_reading()

    @property
    def undelivered_bytes(self) -> int:
        if self._transport.is_closing():
            return 0
        # The kernel takes more only when a third of its buffer is free, for which a slow client may need many seconds.
        kernel = ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return self._transport.get_write_buffer_size() + int.from_bytes(kernel, sys.byteorder)

    def write(self, frame: bytes) -> None:
        if not self._closing and not self._transport.is_closing():
            self._transport.write(frame)

    def close(self, code: int, reason: str) -> None:
        if self._closing or self._transport.is_closing():
            return
        self._send_close(code.to_bytes(2) + reason.encode())
        self._transport.resume_reading()  # for the close frame of the peer
        asyncio.get_running_loop().call_soon(self._end, code)

    def abort(self) -> None:
        self._transport.abort()

    # service.websocket.connection_monitor.Monitored

    @property
    def held_bytes(self) -> int:
        return self._reader.held_bytes + (0 if self._receiver is None else self._receiver.held_bytes)

    def ping(self) -> None:
        if self._closing or self._transport.is_closing():
            return
        if self.blocked:
            return  # ping and pong would wait for what is unsent; the receiver has a limit for its progress
        if self._awaits_pong:
            self._fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout", CloseReason.KEEPALIVE_TIMEOUT)
        else:
            self._awaits_pong = True
            self._write_control(control_frame(Opcode.PING, b""))

    def wait_for_message(self, *, late: bool) -> None:
        reading = self._transport.is_reading() and not late
        limit = self._budget.wait_for_message(self._reader.message_bytes, self._monitor.clock(), reading=reading)
        if limit is not None:
            self.exceed(limit)

    def exceed(self, limit: InputLimit) -> None:
        if self._receiver is not None and not self._closing:
            self._receiver.limit_exceeded(limit)

    # For the server and the endpoint

    def await_message(self, receiver: Receiver, kept_bytes: int) -> None:
        """Start with a receiver of one message, which is kept up to ``kept_bytes``; then ``hold``, or close."""
        self.start(receiver)
        self._reader.keep_at_most(kept_bytes)

    def hold(self) -> None:
        """Read nothing more until the next ``start``: what has arrived is for another receiver."""
        self._held = True
        self._transport.pause_reading()

    def evict(self) -> None:
        """Drop the connection for another socket, whose place is free at once."""
        self._open_connections.discard(self)
        self.abort()

    def shutdown(self) -> None:
        """The server calls this at its end, after the hub has closed all connections."""
        self.abort()

    def limit_send_buffer(self, size_bytes: int) -> None:
        """Limit the send buffer of the kernel, which would hide a stalled client; the kernel doubles the value."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)

    @property
    def _socket(self) -> socket.socket:
        return cast("socket.socket", self._transport.get_extra_info("socket"))

    # Reading

    def _read_frames(self, *, more: bool = False) -> None:
        """Handle what has arrived, up to a slice; the rest, and what the kernel has, in the next pass of the loop.

        ``more`` if the kernel may have more.
        """
        try:
            frames, last = self._handle_slice()
        except FrameError as error:
            self._fail(error.code, error.reason, CloseReason.PROTOCOL_ERROR)
            return
        if last is not None and last.opcode in _HANDLED:
            frames += MESSAGE_FRAMES - 1
        self._charge(self._budget.receive_frames(frames, self._monitor.clock()))
        self._watch(unfinished=self._reader.unfinished and (last is None or last.opcode not in _HANDLED))
        if self._held and not self._closing:
            self._transport.pause_reading()
        elif more or (last is not None and self._reader.has_unread):
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._continue_reading)
        elif self._congested and not self._closing:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _handle_slice(self) -> tuple[int, Frame | None]:
        """Read some frames, up to a message; return their number and the last. ``None``: what is left is incomplete."""
        pongs = b""
        frames = 0
        while frames < _FRAMES_A_PASS:
            frame = self._reader.read()
            if frame is None:
                break
            frames += 1
            if frame.opcode == Opcode.PING:
                pongs += control_frame(Opcode.PONG, frame.data)
            elif frame.opcode == Opcode.PONG:
                self._awaits_pong = False
            elif frame.opcode in _HANDLED:
                break
        if pongs and not self._closing and not self._congested:  # a flood of pings must not fill the memory
            self._write_control(pongs)
        if frame is not None and frame.opcode in _HANDLED:
            self._handle(frame)
        return frames, frame

    def _write_control(self, frames: bytes) -> None:
        self._transport.write(frames)
        if self.blocked and self._receiver is not None:
            self._receiver.control_blocked()

    def _handle(self, frame: Frame) -> None:
        if frame.opcode == Opcode.CLOSE:
            self._answer_close(frame.data)
        elif self._receiver is not None and not self._closing:
            data: str | bytes | None = frame.data if frame.kept else None
            if frame.kept and frame.opcode == Opcode.TEXT:
                data = decode_text(frame.data)
            self._receiver.message_received(data, frame.size_bytes)

    def _charge(self, limit: InputLimit | None) -> None:
        if limit is not None:
            self.exceed(limit)

    def _watch(self, *, unfinished: bool) -> None:
        if unfinished is not self._unfinished:
            self._unfinished = unfinished
            if unfinished:
                self._budget.begin_message(self._reader.message_bytes, self._monitor.clock())
            self._monitor.watch(self, unfinished=unfinished)

    def _continue_reading(self) -> None:
        if self._failed or self._transport.is_closing() or ((self._held or self._congested) and not self._closing):
            return
        self._read_frames()

    @property
    def _congested(self) -> bool:
        return self.blocked and self._transport.get_write_buffer_size() > CONGESTION_BYTES

    # Ends

    def _answer_close(self, payload: bytes) -> None:
        """The close frame of the peer: answer it unless it is an answer, and drop the TCP connection, as servers do."""
        code = close_code(payload)
        if not self._closing:
            self._send_close(payload)
        self._transport.close()
        self._end(code)

    def _fail(self, code: CloseCode, reason: str, failure: CloseReason) -> None:
        """RFC 6455 section 7.1.7. The close frame would be lost if the socket were closed with unread input."""
        if not self._closing:
            self._send_close(code.to_bytes(2) + reason.encode())
        self._failed = True
        self._reader = FrameReader(0, 0)
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._transport.resume_reading()
        self._end(code, failure)

    def _send_close(self, payload: bytes) -> None:
        self._transport.write(control_frame(Opcode.CLOSE, payload))
        self._closing = True
        self._reader.keep_at_most(0)  # only a close frame matters
        self._abort_soon()

    def _end(self, code: int, failure: CloseReason | None = None) -> None:
        """Report the end of the connection, once."""
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.connection_ended(code, failure)

    def _abort_soon(self) -> None:
        """Abort after a timeout: the transport would wait without end for a peer that does not read."""
        if self._close_timer is None:
            self._close_timer = asyncio.get_running_loop().call_later(CLOSING_SECONDS, self.abort)

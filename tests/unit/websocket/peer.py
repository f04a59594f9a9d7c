"""A client of the test, on a socket in memory, with its connection."""

import asyncio
from collections.abc import Callable

from service.events import CloseReason
from service.protocol.limits import InputLimit, InputLimits, Rate
from service.websocket.connection import WebSocketConnection
from service.websocket.connection_monitor import ConnectionMonitor


class Transport(asyncio.Transport):
    """A socket whose peer is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.end = ""
        self.unsent_bytes = 0

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def write_eof(self) -> None:
        self.end = "eof"

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes

    def is_closing(self) -> bool:
        return self.end in {"closed", "aborted"}

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


LIMITS = InputLimits(
    max_message_bytes=1_000_000,
    kept_message_bytes=300_000,
    frames=Rate(40, 200),
    bytes=Rate(1_000_000, 2_000_000),
    message_stall_seconds=10,
    message_seconds=60,
    process_bytes=1_000_000,
)


class Peer:
    """A client with its connection, and the receiver of that."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.monitor = ConnectionMonitor(LIMITS, lambda: self.seconds)
        self.transport = Transport()
        self.open_connections: set[object] = set()
        self.lost: list[object] = []
        self.connection = WebSocketConnection(self.transport, self.monitor, self.open_connections, self.lost.append)
        self.received: list[tuple[str | bytes | None, int]] = []
        self.exceeded: list[InputLimit] = []
        self.held_bytes = 0
        self.ended: list[int] = []
        self.failures: list[CloseReason | None] = []
        self.control_blocks = 0
        self.unblocks = 0
        self.on_message: Callable[[], None] = lambda: None

    def limit_exceeded(self, limit: InputLimit) -> None:
        self.exceeded.append(limit)
        self.connection.close(4104, limit)

    def message_received(self, data: str | bytes | None, size_bytes: int) -> None:
        self.received.append((data, size_bytes))
        self.on_message()

    def control_blocked(self) -> None:
        self.control_blocks += 1

    def unblocked(self) -> None:
        self.unblocks += 1

    def connection_ended(self, code: int, failure: CloseReason | None) -> None:
        self.ended.append(code)
        self.failures.append(failure)

    def send(self, data: bytes) -> None:
        buffer = self.connection.get_buffer(-1)
        for start in range(0, len(data), len(buffer)):
            portion = data[start : start + len(buffer)]
            buffer[: len(portion)] = portion
            self.connection.buffer_updated(len(portion))

    async def take_written(self, passes: int = 1) -> bytes:
        for _ in range(passes):
            await asyncio.sleep(0)
        written, self.transport.written = self.transport.written, b""
        return written

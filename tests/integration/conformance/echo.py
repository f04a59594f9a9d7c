"""A server that sends each message back, with the connection of the service: ``python -m ...conformance.echo``.

It prints its port, and ends at SIGTERM.
"""

import asyncio
import socket
import sys
import time
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from service.events import CloseReason, Event
from service.process.server import uvicorn_config
from service.protocol.frames import text_frame_header
from service.protocol.limits import InputLimit, InputLimits, Rate
from service.websocket.connection_monitor import ConnectionMonitor
from service.websocket.handshake import EXTENSION, WebSocketHandshake
from service.websocket.pending_connection import PendingSocket

LARGEST_MESSAGE = 16 * 2**20
"""Bytes: that of the cases."""

BINARY_FRAME = b"\x82"


class Echo:
    """The receiver of one connection, which the service would give text only."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    held_bytes = 0

    def message_received(self, data: str | bytes | None, size_bytes: int) -> None:
        assert data is not None
        if not self._transport.is_closing():
            payload = data.encode() if isinstance(data, str) else data
            header = text_frame_header(len(payload))
            self._transport.write((header if isinstance(data, str) else BINARY_FRAME + header[1:]) + payload)

    def limit_exceeded(self, limit: InputLimit) -> None: ...

    def control_blocked(self) -> None: ...

    def unblocked(self) -> None: ...

    def connection_ended(self, code: int, failure: CloseReason | None) -> None: ...


class Silence:
    """Fulfils ``Recorder`` and ``PendingSockets``."""

    def record(self, event: Event) -> None: ...

    def wait(self, socket: PendingSocket) -> None: ...

    def forget(self, socket: PendingSocket) -> None: ...


class EchoHandshake(WebSocketHandshake):
    """As the server of the service makes it."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        silence = Silence()
        super().__init__(
            config, server_state, app_state, on_lost=lambda _: None, pending_sockets=silence, recorder=silence
        )


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
    handshake = scope["extensions"].pop(EXTENSION)
    await receive()
    await send({"type": "websocket.accept"})
    handshake.hand_over(MONITOR).start(Echo(handshake.transport))


def create_echo() -> Any:  # noqa: ANN401 - ASGI's
    return echo


_ANY = Rate(1e12, 1e12)
MONITOR = ConnectionMonitor(InputLimits(LARGEST_MESSAGE, LARGEST_MESSAGE, _ANY, _ANY, 1e9, 1e9, 10**12), time.monotonic)

if __name__ == "__main__":
    config = uvicorn_config(f"{__spec__.name}:create_echo")
    config.lifespan = "off"
    config.http = "httptools"  # the connections of the service need its server
    config.ws = EchoHandshake
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run([listener])

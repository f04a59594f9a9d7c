"""The floor (b): the least work that a Python process can do for a paced chunk.

A uvloop protocol that completes the handshake and writes prepared frames from one ticker. It reads no message, encodes
none, and ignores backpressure: the difference to it is what the service does for its clients.
"""

import asyncio
import base64
import hashlib
import os
import re
from typing import cast

import orjson
import uvloop

from benchmarks.load import CHUNK_CHARACTERS

_TICK_SECONDS = 0.005
_PHASES = round(float(os.environ["GAP_SECONDS"]) / _TICK_SECONDS)
_FRAMES = 3000
"""The frames of a stream: 90 seconds of ``superfast``."""
_KEY = re.compile(rb"sec-websocket-key: *([^\r]+)", re.IGNORECASE)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _frame(**message: object) -> bytes:
    payload = orjson.dumps(message)
    length = len(payload)
    return (bytes((0x81, length)) if length < 126 else b"\x81\x7e" + length.to_bytes(2)) + payload


class Ticker:
    """Writes the next frame of every stream whose phase is due, on an absolute grid."""

    def __init__(self) -> None:
        data, timestamp = "w" * (CHUNK_CHARACTERS - 1) + " ", "2000-01-01T00:00:00.000Z"
        self._frames = [_frame(type="chunk", data=data, index=i, timestamp=timestamp) for i in range(_FRAMES)]
        self._phases: list[list[Connection]] = [[] for _ in range(_PHASES)]
        self._turn = 0
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._tick()

    def add(self, connection: "Connection") -> None:
        self._phases[self._turn % _PHASES].append(connection)

    def _tick(self) -> None:
        phase = self._turn % _PHASES
        frames = self._frames
        for connection in self._phases[phase]:
            connection.transport.write(frames[connection.index])
            connection.index += 1
        self._phases[phase] = [one for one in self._phases[phase] if one.index < _FRAMES and not one.lost]
        self._turn += 1
        self._loop.call_at(self._began + self._turn * _TICK_SECONDS, self._tick)


class Connection(asyncio.Protocol):
    """One socket: the first bytes are a handshake, the next ones start its stream, all others are ignored."""

    transport: asyncio.Transport

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self._head = b""
        self._upgraded = False
        self._streaming = False
        self.index = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # that of uvloop has all methods but not the base class

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        if not self._upgraded:
            self._head += data
            if b"\r\n\r\n" in self._head:
                self._respond()
        elif not self._streaming:
            self._streaming = True
            self._ticker.add(self)

    def _respond(self) -> None:
        key = _KEY.search(self._head)
        assert key is not None, self._head
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID, usedforsecurity=False).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + _frame(type="connected")
        )
        self._upgraded = True


async def main() -> None:
    ticker, loop = Ticker(), asyncio.get_running_loop()
    address = os.environ["HOST"], int(os.environ["PORT"])
    await (await loop.create_server(lambda: Connection(ticker), *address, backlog=2048)).serve_forever()


if __name__ == "__main__":
    uvloop.run(main())

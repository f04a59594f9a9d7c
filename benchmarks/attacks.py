"""What a hostile client sends, as bytes on a raw socket, and how the service ends it."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

from msgspec import Struct

CONTINUATION, TEXT, PING, PONG = 0, 1, 9, 10
_CLOSE_FRAME = 0x88
_NO_CLOSE_FRAME = 1006
_MASK = bytes(4)
"""Masked with zeros, a payload is sent as it is."""

_REPEATED_BYTES = 65_536


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """A frame of a client."""
    size = len(payload)
    length = (
        bytes((0x80 | size,))
        if size < 126
        else b"\xfe" + size.to_bytes(2)
        if size < 65_536
        else b"\xff" + size.to_bytes(8)
    )
    return bytes((final << 7 | opcode,)) + length + _MASK + payload


class Attack(Struct, frozen=True):
    """``beginning`` once, then ``repeated`` without end, as fast as the service reads it."""

    beginning: bytes = b""
    repeated: bytes = b""
    pause_seconds: float = 0
    """Between two repetitions."""
    code: int = 0
    """With which the service ends it; 0 if it is harmless and goes on, or is no WebSocket."""
    seconds: float = 10
    """For which it is observed: longer than until its end."""
    is_handshake: bool = False
    """Whether it takes the place of the handshake."""


def _flood(one: bytes) -> bytes:
    return one * (_REPEATED_BYTES // len(one) + 1)


def _request(content: str) -> bytes:
    return frame(TEXT, json.dumps({"type": "stream_request", "content": content, "speed": "slow"}).encode())


_BEGUN = frame(TEXT, b"{", final=False)
_HANDSHAKE = b"GET /ws/stream/long"

ATTACKS: Mapping[str, Attack] = {
    "pings": Attack(repeated=_flood(frame(PING)), code=4104),
    "pongs": Attack(repeated=_flood(frame(PONG)), code=4104),
    "large pings": Attack(repeated=_flood(frame(PING, b"p" * 125)), code=4104),
    "empty continuations": Attack(_BEGUN, _flood(frame(CONTINUATION, final=False)), code=4104),
    "one-byte continuations": Attack(_BEGUN, _flood(frame(CONTINUATION, b"x", final=False)), code=4104),
    "messages": Attack(repeated=_flood(frame(TEXT, b'{"type":"ping"}')), code=4104),
    "invalid JSON": Attack(repeated=frame(TEXT, b'{"type":"ping","x":' + b"[" * 300_000) * 2, code=4104),
    "invalid text": Attack(repeated=frame(TEXT, b"\xff" * 600_000), code=1007),
    "messages that are too large": Attack(repeated=frame(TEXT, b"x" * 2_000_000), code=4104),
    "an unfinished message": Attack(
        frame(TEXT, b"x" * 600_000, final=False), frame(PONG), pause_seconds=1, code=4105, seconds=13
    ),
    "11 requests of 100 KB": Attack(b"".join(_request(f"{number:02}" + "word " * 19_999) for number in range(11))),
    "a URL without end": Attack(_HANDSHAKE, b"x" * _REPEATED_BYTES, is_handshake=True),
    "a header without end": Attack(
        _HANDSHAKE + b" HTTP/1.1\r\nHost: test\r\nCookie: ", b"x" * _REPEATED_BYTES, is_handshake=True
    ),
}


async def connect(
    attack: Attack, host: str, port: int, session_id: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a socket, and a WebSocket unless the attack takes its place. Raises ``ConnectionError``."""
    reader, writer = await asyncio.open_connection(host, port)
    if not attack.is_handshake:
        writer.write(
            f"GET /ws/stream/{session_id} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if f" {HTTPStatus.SWITCHING_PROTOCOLS} ".encode() not in head:
            raise ConnectionError(head.decode())
    return reader, writer


async def run_attack(attack: Attack, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Send until the service ends the connection; return its close code, 1006 without a close frame."""
    sending = asyncio.create_task(_send(attack, writer))
    try:
        return await _read_close_code(reader)
    finally:
        sending.cancel()
        writer.transport.abort()


async def _send(attack: Attack, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.write(attack.beginning)
        await writer.drain()
        while attack.repeated:
            writer.write(attack.repeated)
            await writer.drain()
            await asyncio.sleep(attack.pause_seconds)


async def _read_close_code(reader: asyncio.StreamReader) -> int:
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            first, length = await reader.readexactly(2)
            if length >= 126:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
            payload = await reader.readexactly(length)
            if first == _CLOSE_FRAME:
                return int.from_bytes(payload[:2])
    return _NO_CLOSE_FRAME

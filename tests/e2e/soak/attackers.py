"""Clients that attack a service on this machine: ``python -m tests.e2e.soak.attackers 127.0.0.1:PORT SECONDS``.

It ends by itself after the seconds, and prints how often each attack ended, and what ended it.
"""

import asyncio
import itertools
import json
import random
import secrets
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from benchmarks.contents import HOSTILE
from streaming_content import StreamingError, connect

_ATTACK_SECONDS = 15.0
"""An attack that the service does not end is given up after this time."""

_FLOOD_BYTES = 1_000_000
_PIECE_BYTES = 64_000
_HOSTILE_BYTES = 99_000
_REST_SECONDS = 0.5

_CONTINUATION, _TEXT, _PING, _PONG = 0x0, 0x1, 0x9, 0xA
_FIN = 0x80

Attack = Callable[[str], Awaitable[str]]
"""From ``host:port`` to what ended the attack."""


def _frame(first: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """A client frame with a mask of zeros; ``length`` may announce more than there is."""
    announced = len(payload) if length is None else length
    if announced < 126:
        return struct.pack("!BB4x", first, 0x80 | announced) + payload
    return struct.pack("!BBQ4x", first, 0xFF, announced) + payload


async def _open(address: str, headers: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A raw WebSocket. Raises ``ConnectionError`` if it is refused."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /ws/stream/attacker-{secrets.token_hex(8)} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"{headers}\r\n".encode()
    )
    status = (await reader.readuntil(b"\r\n")).split()[1].decode()
    if status != "101":
        writer.transport.abort()
        raise ConnectionError(f"HTTP {status}")
    return reader, writer


def _flood(beginning: bytes, frame: bytes) -> Attack:
    """Send one frame again and again."""

    async def attack(address: str) -> str:
        reader, writer = await _open(address)

        async def send() -> None:
            writer.write(beginning)
            piece = frame * (_PIECE_BYTES // len(frame))
            with suppress(ConnectionError):
                for _ in range(_FLOOD_BYTES // len(piece)):
                    writer.write(piece)
                    await writer.drain()

        sending = asyncio.create_task(send())
        try:
            while await reader.read(_PIECE_BYTES):
                pass
        finally:
            sending.cancel()
            writer.transport.abort()
        return "closed"

    return attack


async def _unfinished(address: str) -> str:
    """Most of a large message, and then nothing but pongs."""
    reader, writer = await _open(address)
    try:
        writer.write(_frame(_TEXT, b"x" * 400_000))
        while not reader.at_eof():
            writer.write(_frame(_FIN | _PONG))
            await writer.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(_PIECE_BYTES), 1)
    finally:
        writer.transport.abort()
    return "closed"


async def _slow_headers(address: str) -> str:
    """A request of which a byte arrives each second."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for character in itertools.chain(b"GET / HTTP/1.1\r\nX: ", itertools.repeat(ord("x"))):
            writer.write(bytes([character]))
            await writer.drain()
            with suppress(TimeoutError):
                if not await asyncio.wait_for(reader.read(1), 1):
                    break
    finally:
        writer.transport.abort()
    return "closed"


async def _large_headers(address: str) -> str:
    await _open(address, f"X: {'x' * 100_000}\r\n")
    return "accepted"


async def _hostile_content(address: str) -> str:
    """Three contents that cost the most, and an end of the connection in the middle."""
    async with connect(f"ws://{address}", f"attacker-{secrets.token_hex(8)}", ping_interval=None) as connection:
        for make in random.sample(list(HOSTILE.values()), 3):
            request = make(_HOSTILE_BYTES)
            await connection.request(
                request.content, content_type=str(request.content_type), chunk_by=str(request.chunk_by)
            )
        with suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(0, 3)):
                async for _ in connection:
                    pass
        await connection.abort()
    return "left"


async def _never_reads(address: str) -> str:
    """Requests far more than any buffer holds."""
    _, writer = await _open(address)
    request = {"type": "stream_request", "content": "x" * 90_000, "speed": "superfast"}
    try:
        for _ in range(5):
            writer.write(_frame(_FIN | _TEXT, json.dumps(request).encode()))
            writer.write(_frame(_FIN | _TEXT, b'{"type": "stream_control", "action": "skip"}'))
        await writer.drain()
        await writer.wait_closed()
    finally:
        writer.transport.abort()
    return "closed"


async def _leaves_at_once(address: str) -> str:
    for _ in range(20):
        _, writer = await _open(address)
        writer.write(_frame(_FIN | _TEXT, b'{"type": "stream_request", "content": "a b c"}'))
        writer.transport.abort()
    return "left"


ATTACKS: Mapping[str, Attack] = {
    "pings": _flood(b"", _frame(_FIN | _PING)),
    "empty continuations": _flood(_frame(_TEXT, b"x"), _frame(_CONTINUATION)),
    "continuations of one byte": _flood(_frame(_TEXT, b"x"), _frame(_CONTINUATION, b"x")),
    "empty texts": _flood(b"", _frame(_FIN | _TEXT)),
    "no JSON": _flood(b"", _frame(_FIN | _TEXT, b"{" * 100)),
    "no opcode": _flood(b"", _frame(_FIN | 0x3)),
    "a frame without an end": _flood(b"", _frame(_FIN | _TEXT, b"x" * 1000, 2**62)),
    "an unfinished message": _unfinished,
    "slow headers": _slow_headers,
    "large headers": _large_headers,
    "hostile content": _hostile_content,
    "never reads": _never_reads,
    "leaves at once": _leaves_at_once,
}


async def attack(address: str, seconds: float) -> Counter[str]:
    """Run each attack again and again, beside the others, for ``seconds``; count what ended them."""
    ended: Counter[str] = Counter()
    deadline = time.monotonic() + seconds

    async def repeat(name: str) -> None:
        while time.monotonic() < deadline:
            try:
                async with asyncio.timeout(_ATTACK_SECONDS):
                    end = await ATTACKS[name](address)
            except TimeoutError:
                end = "not ended"
            except (OSError, EOFError, StreamingError) as error:
                end = type(error).__name__
            ended[f"{name}: {end}"] += 1
            await asyncio.sleep(_REST_SECONDS)

    await asyncio.gather(*map(repeat, ATTACKS))
    return ended


if __name__ == "__main__":
    counts = asyncio.run(attack(sys.argv[1], float(sys.argv[2])))
    sys.stdout.write(json.dumps(counts, indent=1, sort_keys=True))

"""Frames as a client sends them."""

import struct

from service.websocket.frame_reader import Opcode


def client_frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    mask: bytes | None = b"\x01\x02\x03\x04",
    reserved: int = 0,
) -> bytes:
    """``reserved`` are the three bits after FIN; without ``mask`` the frame is not masked."""
    first = final << 7 | reserved << 4 | opcode
    masked = 0 if mask is None else 0x80
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, masked | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, masked | 126, length)
    else:
        head = struct.pack("!BBQ", first, masked | 127, length)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[position % 4] for position, byte in enumerate(payload))


def text(payload: str) -> bytes:
    return client_frame(Opcode.TEXT, payload.encode())

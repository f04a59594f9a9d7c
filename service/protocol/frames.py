"""The framing of a message as it leaves the service (RFC 6455 section 5.2)."""

import struct

_FINAL = 0x80
# FIN and opcode 1. A length under 126 is in the second byte, a larger one in 2 or 8 more.
_TEXT_FRAME = 0x81
_SHORT, _MEDIUM = 126, 65_536


def text_frame_header(length: int) -> bytes:
    """Return what precedes a payload of ``length`` bytes in an unmasked, unfragmented, uncompressed text frame."""
    if length < _SHORT:
        return bytes((_TEXT_FRAME, length))
    if length < _MEDIUM:
        return struct.pack("!BBH", _TEXT_FRAME, 126, length)
    return struct.pack("!BBQ", _TEXT_FRAME, 127, length)


def control_frame(opcode: int, payload: bytes) -> bytes:
    """Return a frame of at most 125 bytes."""
    return bytes((_FINAL | opcode, len(payload))) + payload

"""Reads the frames of a client, without I/O: RFC 6455 section 5, as a server without extensions reads them.

It replaces the protocol object of ``websockets`` once the handshake is over: that object, its generator and its frames
cost an idle connection more memory than everything else, and each frame of a flood 10 µs.
"""

from enum import IntEnum

from msgspec import Struct
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the compiled one, where there is one

from service.protocol.close_codes import CloseCode

_FIN, _RESERVED, _OPCODE, _CONTROL = 0x80, 0x70, 0x0F, 0x08
_MASKED, _LENGTH = 0x80, 0x7F
_LENGTH_IN_2_BYTES = 126
"""The next 2 bytes are the length; at 127 the next 8."""
_SHORT_HEADER = 2
_MASK_BYTES = 4

_PEER_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))
"""The codes that a close frame may contain: RFC 6455 section 7.4 and its registry."""


class Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_OPCODES = frozenset(Opcode)


class Frame(Struct, frozen=True):
    """A whole message (``TEXT`` or ``BINARY``), a control frame, or a ``CONTINUATION``: a part of a message."""

    opcode: int
    data: bytes = b""
    """Empty for a part, whose data the reader keeps, and for a message that is too large to be kept."""
    size_bytes: int = 0
    """Of the payload of a message."""

    @property
    def kept(self) -> bool:
        """Whether ``data`` is the whole message."""
        return len(self.data) == self.size_bytes


_PART = Frame(Opcode.CONTINUATION)


class FrameError(Exception):
    """The client broke the WebSocket protocol or a limit. Nothing that follows can be read."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class FrameReader:
    """``feed`` accepts bytes in any portions; ``read`` returns one frame after the other."""

    __slots__ = (
        "_at",
        "_fed",
        "_final",
        "_kept_bytes",
        "_mask",
        "_max_bytes",
        "_message",
        "_missing",
        "_opcode",
        "message_bytes",
    )

    def __init__(self, max_bytes: int, kept_bytes: int) -> None:
        """``max_bytes`` is the largest payload of a message, whole or in parts; over ``kept_bytes`` it is discarded."""
        self._max_bytes = max_bytes
        self._kept_bytes = kept_bytes
        self.message_bytes = 0
        """The payload of the unfinished message that has arrived."""
        self._fed = b""
        self._at = 0
        """The offset in ``_fed`` of the next byte to read."""
        self._opcode = Opcode.CONTINUATION
        """Of the message whose end has not arrived; ``CONTINUATION`` if there is none."""
        self._message: bytearray | None = None
        """Its payload so far; allocated if it does not arrive in one portion, discarded if it is too large."""
        self._missing = 0
        """The bytes of the current frame that have not arrived."""
        self._mask = b""
        self._final = False

    @property
    def held_bytes(self) -> int:
        """The memory of what has arrived and was not returned."""
        return len(self._fed) + (0 if self._message is None else len(self._message))

    @property
    def unfinished(self) -> bool:
        """Whether a message or a frame has begun and not ended."""
        return bool(self._opcode) or self.has_unread

    @property
    def has_unread(self) -> bool:
        """Whether something that was fed is not read."""
        return self._at < len(self._fed)

    def keep_at_most(self, bytes_: int) -> None:
        """From now on, discard a message that is larger; control frames are read as before."""
        self._kept_bytes = bytes_
        if self.message_bytes > bytes_:
            self._message = None

    def feed(self, data: bytes) -> None:
        rest = self._fed[self._at :]
        self._fed = rest + data if rest else data
        self._at = 0

    def read(self) -> Frame | None:
        """Return the next frame; ``None`` if its end has not arrived. Raises ``FrameError``."""
        if self._missing:
            return self._read_payload()
        fed, at = self._fed, self._at
        if len(fed) < at + _SHORT_HEADER:
            return None
        first, second = fed[at], fed[at + 1]
        opcode = first & _OPCODE
        if first & _RESERVED:
            raise _violation("reserved bits must be 0")
        if opcode not in _OPCODES:
            raise _violation("invalid opcode")
        if not second & _MASKED:
            raise _violation("frames of a client must be masked")
        if opcode & _CONTROL:
            return self._read_control(opcode, second & _LENGTH, final=bool(first & _FIN))
        if bool(opcode) is bool(self._opcode):
            raise _violation("a message begins before the last one has ended, or continues without a beginning")
        return self._read_data(opcode, second & _LENGTH, final=bool(first & _FIN))

    def _read_data(self, opcode: int, length: int, *, final: bool) -> Frame | None:
        fed, at = self._fed, self._at + _SHORT_HEADER
        if length >= _LENGTH_IN_2_BYTES:
            at += 2 if length == _LENGTH_IN_2_BYTES else 8
            if len(fed) < at:
                return None
            length = int.from_bytes(fed[self._at + _SHORT_HEADER : at])
        if self.message_bytes + length > self._max_bytes:
            raise FrameError(CloseCode.FRAME_TOO_LARGE, f"a message may have {self._max_bytes} bytes")
        if len(fed) < at + _MASK_BYTES:
            return None
        self._mask = fed[at : at + _MASK_BYTES]
        self._final = final
        self._opcode = Opcode(opcode) if opcode else self._opcode
        self._missing = length
        self._at = at + _MASK_BYTES
        return self._read_payload()

    def _read_control(self, opcode: int, length: int, *, final: bool) -> Frame | None:
        if not final or length >= _LENGTH_IN_2_BYTES:
            raise _violation("control frames are short and not fragmented")
        start = self._at + _SHORT_HEADER + _MASK_BYTES
        end = start + length
        if len(self._fed) < end:
            return None
        payload = apply_mask(self._fed[start:end], self._fed[start - _MASK_BYTES : start])
        self._advance(end)
        return Frame(opcode, payload)

    def _read_payload(self) -> Frame | None:
        start = self._at
        end = min(start + self._missing, len(self._fed))
        part = apply_mask(self._fed[start:end], self._mask)
        self._advance(end)
        self._missing -= len(part)
        self.message_bytes += len(part)
        if self._final and not self._missing and len(part) == self.message_bytes <= self._kept_bytes:
            return self._finish(part)
        self._keep(part)
        if self._missing:
            turn = len(part) % _MASK_BYTES
            self._mask = self._mask[turn:] + self._mask[:turn]
            return None
        return self._finish(bytes(self._message or b"")) if self._final else _PART

    def _advance(self, end: int) -> None:
        """Everything before ``end`` is read; an idle connection holds nothing."""
        if end == len(self._fed):
            self._fed, self._at = b"", 0
        else:
            self._at = end

    def _keep(self, part: bytes) -> None:
        if self.message_bytes > self._kept_bytes:
            self._message = None
        elif self._message is None:
            self._message = bytearray(part)
        else:
            self._message += part

    def _finish(self, message: bytes) -> Frame:
        frame = Frame(self._opcode, message, self.message_bytes)
        self._opcode, self._message, self.message_bytes = Opcode.CONTINUATION, None, 0
        return frame


def close_code(payload: bytes) -> int:
    """Return the code in the payload of a close frame, 1005 if it has none. Raises ``FrameError``."""
    if not payload:
        return CloseCode.NO_CODE
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or code not in _PEER_CODES:  # noqa: PLR2004 - a code has two bytes
        raise _violation("invalid close code")
    decode_text(payload[2:])
    return code


def decode_text(payload: bytes) -> str:
    """Raises ``FrameError`` if it is not UTF-8."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise FrameError(CloseCode.INVALID_TEXT, CloseCode.INVALID_TEXT.reason) from None


def _violation(reason: str) -> FrameError:
    return FrameError(CloseCode.PROTOCOL_ERROR, reason)

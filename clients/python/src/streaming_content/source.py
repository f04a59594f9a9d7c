"""The source of a live stream, as its producer has it."""

import hashlib

MAX_PART_BYTES = 32 * 1024
"""The most bytes of one append. The service accepts twice as many, and JSON may escape characters."""


class Source:
    """The bytes of the text that was written. Those that are not durable are kept, to be sent again."""

    def __init__(self, start: int = 0) -> None:
        """``start`` is the number of bytes that an earlier producer has written."""
        self._kept = bytearray()
        self._hash = hashlib.sha256() if start == 0 else None
        self.durable = start
        """The bytes that the service has stored."""
        self.length = start
        """The bytes of the whole source so far."""

    @property
    def pending(self) -> int:
        """The bytes that are not durable."""
        return self.length - self.durable

    @property
    def sha256(self) -> str | None:
        """Of the whole source, in hexadecimal; ``None`` if another producer has begun it."""
        return None if self._hash is None else self._hash.hexdigest()

    def write(self, text: str) -> None:
        """Append text. Raises ``UnicodeEncodeError`` for a lone surrogate."""
        data = text.encode()
        self._kept += data
        self.length += len(data)
        if self._hash is not None:
            self._hash.update(data)

    def store(self, durable: int) -> None:
        """The service has stored this number of bytes; a character counts when all of it is stored."""
        if self.durable < durable <= self.length:
            end = _character_start(self._kept, durable - self.durable)
            del self._kept[:end]
            self.durable += end

    def part(self, offset: int) -> bytes:
        """Return what follows ``offset``, which is not before ``durable``: whole characters, at most a part."""
        begin = offset - self.durable
        return bytes(self._kept[begin : _character_start(self._kept, begin + MAX_PART_BYTES)])


def _character_start(text: bytearray, position: int) -> int:
    """Return the start of the character at a position, which may be behind the text."""
    while position < len(text) and text[position] & 0xC0 == 0x80:  # noqa: PLR2004 - inside of a character
        position -= 1
    return position

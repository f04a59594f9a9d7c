"""Whether bytes continue a source as UTF-8, in which a character may be split between two appends."""

from codecs import getincrementaldecoder
from functools import cache

LONGEST_REST = 3
"""A character has at most four bytes, so at most three of them wait for the next append."""

_Decoder = getincrementaldecoder("utf-8")


class BrokenText(ValueError):
    """The bytes are not UTF-8. ``position`` is that of the first wrong one, counted from the start of ``data``."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def rest_of(before: bytes) -> bytes:
    """The first bytes of a character whose other bytes have not arrived, of what precedes an offset.

    ``before`` are the last ``LONGEST_REST`` bytes before it, or all; they may begin within a character.
    """
    for length in range(1, min(LONGEST_REST, len(before)) + 1):
        rest = before[-length:]
        if rest[0] >= _FIRST_OF_SEVERAL:
            return rest if _length(rest[0]) > length else b""
    return b""


def continued(rest: bytes, data: bytes, *, ends: bool = False) -> bytes:
    """Check that ``data`` goes on after ``rest``; return the rest then. If it ends there, there may be none.

    Raises ``BrokenText``.
    """
    if not rest and data.isascii():
        return b""
    decoder = _Decoder()
    try:
        decoder.decode(rest + data, final=ends)
    except UnicodeDecodeError as error:
        raise BrokenText(error.start - len(rest)) from None
    return decoder.getstate()[0]


_FIRST_OF_SEVERAL = 0xC0
"""From here on, a byte begins a character of several bytes; those before down to 0x80 continue one."""


@cache
def _length(first: int) -> int:
    """The bytes of a character that begins so."""
    return 2 if first < 0xE0 else 3 if first < 0xF0 else 4  # noqa: PLR2004 - RFC 3629 section 3

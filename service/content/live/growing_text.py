"""A text that grows, whose end is replaced, and which is measured in two units."""

from bisect import bisect_right

_PIECE_CHARACTERS = 4096
"""What is appended to the last piece copies it; other pieces are left as they are."""


class GrowingText:
    """Characters in pieces. Offsets are in characters; UTF-16 code units are counted only where they differ."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces = [""]
        self._starts = [0]
        """The offset of each piece."""
        self._units = [0]
        """The same in UTF-16 code units."""
        self._is_basic = True
        """Whether each character is one code unit."""

    def replace(self, start: int, text: str) -> None:
        """Replace what follows ``start`` by ``text``."""
        while start < self._starts[-1]:
            del self._pieces[-1], self._starts[-1], self._units[-1]
        if start < self.length:
            self._pieces[-1] = self._pieces[-1][: start - self._starts[-1]]
        self.length = start + len(text)
        self._is_basic = self._is_basic and utf16_length(text) == len(text)
        for begin in range(0, len(text), _PIECE_CHARACTERS):
            self._append(text[begin : begin + _PIECE_CHARACTERS])

    def append(self, text: str) -> None:
        self.replace(self.length, text)

    def whole(self) -> str:
        return "".join(self._pieces)

    def slice(self, start: int, end: int) -> str:
        """Return the characters in ``[start, end)``."""
        starts = self._starts
        if start >= starts[-1]:
            return self._pieces[-1][start - starts[-1] : end - starts[-1]]
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, max(start, end - 1)) - 1
        if first == last:
            return self._pieces[first][start - starts[first] : end - starts[first]]
        return "".join(
            [
                self._pieces[first][start - starts[first] :],
                *self._pieces[first + 1 : last],
                self._pieces[last][: end - starts[last]],
            ]
        )

    def units(self, place: int) -> int:
        """Return the UTF-16 code units before an offset."""
        if self._is_basic:
            return place
        index = bisect_right(self._starts, place) - 1
        return self._units[index] + utf16_length(self._pieces[index][: place - self._starts[index]])

    def place(self, units: int) -> int:
        """Return the offset before which there are at most this number of UTF-16 code units."""
        if self._is_basic:
            return min(units, self.length)
        index = bisect_right(self._units, units) - 1
        piece = self._pieces[index]
        encoded = piece.encode("utf-16-le", "surrogatepass")[: 2 * (units - self._units[index])]
        return self._starts[index] + len(encoded.decode("utf-16-le", "ignore"))

    def _append(self, text: str) -> None:
        last = self._pieces[-1]
        if len(last) < _PIECE_CHARACTERS:
            self._pieces[-1] = last + text
            return
        self._starts.append(self._starts[-1] + len(last))
        self._units.append(self._units[-1] + utf16_length(last))
        self._pieces.append(text)


def utf16_length(text: str) -> int:
    """Return the number of UTF-16 code units of ``text``."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2

"""Quotation marks: which of them open, although languages use the same mark for both ends."""

import re
from collections import Counter
from unicodedata import category

CLOSING_QUOTATION_MARKS = frozenset(
    "\"'\u00ab\u00bb\u2039\u203a\u2018\u2019\u201c\u201d\u3009\u300b\u300d\u300f\ufe42\ufe44\uff02\uff07\uff63"
)
"""What ends a quotation or a title in some language."""

# Those whose direction depends on what precedes them, and the blank lines across which no quotation is followed.
_MARK = re.compile("\n[^\\S\n]*\n|[\"\u00ab\u00bb\u2018\u201a\u201c\u201d\u201e\u2039\u203a]|(?<!\\w)'|'(?!\\w)")
_PAIRED = {'"': '"', "'": "'", "\u00ab": "\u00ab", "\u00bb": "\u00ab", "\u2039": "\u2039", "\u203a": "\u2039"}
"""A mark that opens and closes by turns, or is used in both directions, and the one by which the pair is counted."""
_LOW = {"\u201c": "\u201e", "\u2018": "\u201a"}
"""A mark that opens in most languages, and the one after which it closes."""
_SPACED_INSIDE = "\u00ab\u2039"


class QuotationMarks:
    """The quotation marks of ``text``, read once from start to end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._marks = _MARK.finditer(text)
        self._mark: re.Match[str] | None = None
        self._counts = Counter[str]()
        """Marks of each pair so far in the paragraph."""
        self._low = set[str]()
        """The low marks that no mark has closed."""

    def opens(self, place: int) -> bool:
        """Return whether the character at ``place``, which is not the last, opens a quotation or a bracket.

        Places have to be given in ascending order.
        """
        text = self._text
        mark = text[place]
        if mark not in _PAIRED and mark not in _LOW:
            return category(mark) in ("Ps", "Pi")
        if text[place + 1].isspace() and mark not in _SPACED_INSIDE:
            return False
        self._read(place)
        return self._counts[_PAIRED[mark]] % 2 == 0 if mark in _PAIRED else _LOW[mark] not in self._low

    def _read(self, place: int) -> None:
        """Count the marks before ``place``."""
        mark = self._mark or next(self._marks, None)
        while mark is not None and mark.start() < place:
            self._count(mark[0])
            mark = next(self._marks, None)
        self._mark = mark

    def _count(self, mark: str) -> None:
        if mark[0] == "\n":
            self._counts.clear()
            self._low.clear()
        elif mark in _PAIRED:
            self._counts[_PAIRED[mark]] += 1
        elif mark in _LOW:
            self._low.discard(_LOW[mark])
        elif mark == "\u201d":  # in Polish, Hungarian and Hebrew
            self._low.discard("\u201e")
        else:
            self._low.add(mark)

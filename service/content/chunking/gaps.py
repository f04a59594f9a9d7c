"""Gaps: the tags between runs of text in sanitised HTML, with the white space behind them."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from msgspec import Struct, field

from service.content.html.markup import INLINE, VOID

SPACES = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
r"""The members of ``\s``, which in a set is slow."""

_GAP = re.compile(rf"(<[^>]*>(?:<[^>]*>|[{SPACES}]+|&nbsp;)*|&nbsp;(?:<[^>]*>|[{SPACES}]+|&nbsp;)*)")
"""``split`` with it returns runs of text and gaps in turn. A run may have references and white space."""

BOUNDARY, OPENING, CLOSING = "\0<>"
"""Characters of a mask, which no run has: see ``Gap.mask``."""

_PIECE = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>|&nbsp;|\s+")
_SHOW_WITHOUT_TEXT = frozenset({"hr", "img", "input"})


_SLAB_CHARACTERS = 16_384
"""The HTML is read in slabs of about this size, because all parts of hostile HTML at once take 50 times its memory."""
_SLAB_END = re.compile(r"[\s<&](?:(?<=\s)|(?<=<)[^>]*>|(?<=&)nbsp;)(?:\s+|<[^>]*>|&nbsp;)*")


class Gap(Struct, frozen=True, eq=False):
    """What a gap means for words, and for the elements that are open."""

    mask: str
    """As long as the gap. Up to the first boundary in it white space, or ``CLOSING`` if that is one only after white
    space; at another one ``BOUNDARY``; and ``OPENING`` in what is not divided from the text that follows."""
    tags: tuple[str, ...]
    """For each start tag the name, for each end tag an empty text; without those of void elements."""
    offsets: tuple[int, ...]
    """Where another element than before may be the innermost open one: at possible boundaries, and at the end."""
    tag_counts: tuple[int, ...]
    """For each of them the number of tags before it."""
    elements: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By the innermost open element before the gap, that at each of the offsets."""


class Slab(NamedTuple):
    """A part of HTML that ends behind white space and tags."""

    start: int
    parts: list[str]
    """Runs and gaps in turn."""
    gaps: Sequence[Gap]
    gap_starts: Sequence[int]
    """The offset of each."""

    def masked(self) -> str:
        """Return the slab with a mask for each gap."""
        self.parts[1::2] = [gap.mask for gap in self.gaps]
        return "".join(self.parts)


def read_slabs(html: str) -> Iterator[Slab]:
    """Yield ``html`` in slabs."""
    gaps = _Gaps()
    start = 0
    while start < len(html):
        place = start + _SLAB_CHARACTERS
        tag, tag_end = html.find("<", place), html.find(">", place)
        if tag_end >= 0 and not 0 <= tag < tag_end:  # inside a tag
            place = tag_end + 1
        found = _SLAB_END.search(html, place)
        end = found.end() if found else len(html)
        parts = _GAP.split(html[start:end])
        starts = [*accumulate(map(len, parts), initial=start)][1::2]
        yield Slab(start, parts, [*map(gaps.__getitem__, parts[1::2])], starts)
        start = end


class _Gaps(dict[str, Gap]):
    """By their source. Most gaps of a document are equal to others."""

    def __missing__(self, source: str) -> Gap:
        self[source] = gap = _gap(source)
        return gap


def _gap(source: str) -> Gap:
    reader = _GapReader()
    for piece in _PIECE.finditer(source):
        closes, name = piece.groups()
        if name is None or name == "br":
            reader.has_space = True
        elif name in _SHOW_WITHOUT_TEXT:
            reader.show(piece.start(), piece.end(), is_block=name not in INLINE)
        else:
            reader.has_space = reader.has_space or name not in INLINE
            if name not in VOID:
                reader.tag(piece.start(), "" if closes else name)
    return reader.gap(len(source))


class _GapReader:
    def __init__(self) -> None:
        self.has_space = False
        self._tags: list[str] = []
        self._marks: dict[int, int] = {}
        """By the offset of a possible boundary, the number of tags before it."""
        self._cuts: list[int] = []
        """Offsets of boundaries."""
        self._opening = self._opened = -1
        """Offset of the start tags that stay with what follows, and the number of tags before them."""
        self._shown = 0
        """End of what is shown before there is a boundary."""

    def tag(self, start: int, name: str) -> None:
        if not name:
            self._opening = -1
        elif self._opening < 0:
            self._opening, self._opened = start, len(self._tags)
        self._tags.append(name)

    def show(self, start: int, end: int, *, is_block: bool) -> None:
        self.has_space = self.has_space or is_block
        self._stop(start)
        self._marks[end] = len(self._tags)
        if not self._cuts:
            self._shown = end
        self._opening, self.has_space = -1, is_block

    def gap(self, length: int) -> Gap:
        self._stop(length)
        marks = self._marks
        marks[length] = len(self._tags)
        first = min(marks)
        mask = _mask(length, self._cuts, first, self._shown)
        if first < length and not marks[first]:
            del marks[first]
        return Gap(mask, tuple(self._tags), tuple(marks), tuple(marks.values()))

    def _stop(self, place: int) -> None:
        """Record the boundary before what is at ``place``."""
        is_open = self._opening >= 0
        cut = self._opening if is_open else place
        self._marks[cut] = self._opened if is_open else len(self._tags)
        if self.has_space:
            self._cuts.append(cut)


def _mask(length: int, cuts: list[int], first: int, shown: int) -> str:
    """Return the mask with boundaries at ``cuts``. The ``first`` possible one may be before."""
    if not cuts:
        return CLOSING * first + OPENING * (length - first)
    mask = CLOSING * first + OPENING * (shown - first) if shown else ""
    mask += " " * (cuts[0] - len(mask))
    for start, end in pairwise([*cuts, length]):
        if start < end:
            mask += BOUNDARY + OPENING * (end - start - 1)
    # Where text follows the last boundary, only white space divides it from what is before.
    return mask if cuts[-1] < length else mask[:-1] + " "

"""The visible text of sanitised HTML, and the boundary in the source at each of its characters.

Inline tags are dropped, a line break is a line end, an element that shows without text (an image, a rule, a checkbox)
is one character, and there is a line end where a block or an image begins or ends.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, compress
from operator import sub
from typing import NamedTuple

from service.content.chunking.graphemes import graphemes
from service.content.html.markup import INLINE, REFERENCES, VOID, tag_name

_CODE = "code"
_STAND_IN = "\ufffc"
_VISIBLE_VOID = {"hr": _STAND_IN, "img": _STAND_IN, "input": _STAND_IN, "br": "\n"}

_TOKENS = re.compile(r"(<[^>]*>|&[a-z]+;)")
_SLAB_CHARACTERS = 16_384
"""The HTML is read in slabs of about this size, because all tokens of hostile HTML at once take 50 times its memory."""

_VISIBLE = re.compile(r"\S")
_PREFORMATTED_TAG = re.compile(r"(</?pre(?=[ >]))")
_SINGLE_LINE_END = re.compile(r"\n(?<!\n\n)(?!\n)")
_LAST_BEFORE_MARKS = "\u02ff"


class _Token(NamedTuple):
    """A tag or a reference."""

    shows: str
    """What is visible of it; a line end where a block or an image begins or ends."""
    shown_at: int = -1
    """Where ``shows`` has a character that is not white space, if it has one."""
    name: str = ""
    """Of an element that is not void."""
    closes: bool = False
    block_ends: tuple[int, ...] = ()
    """Offsets in ``shows``."""


_END = _Token("")


class _Tokens(dict[str, _Token]):
    """By their source. Most tokens of a document are equal to others."""

    def __missing__(self, source: str) -> _Token:
        self[source] = token = _token(source)
        return token


def _token(source: str) -> _Token:
    if source in REFERENCES:
        shows = REFERENCES[source]
        return _Token(shows, -1 if shows.isspace() else 0)
    name = tag_name(source[1:-1])
    is_inline = name in INLINE
    if name not in VOID:
        closes = source[1] == "/"
        return _Token("", -1, name, closes) if is_inline else _Token("\n", -1, name, closes, (1,))
    shows = _VISIBLE_VOID.get(name, "")
    if is_inline:
        return _Token(shows, 0 if shows == _STAND_IN else -1)
    return _Token(f"\n{shows}\n", 1, block_ends=(1, 3)) if shows else _Token("\n", block_ends=(1,))


class Passage:
    """The visible text of HTML, and the source offset of each of its characters."""

    def __init__(self, html: str, *, is_part: bool = False) -> None:
        """With the line ends of preformatted text alone, or of a part of HTML with all of its line ends."""
        self._is_part = is_part
        self._tokens = _Tokens()
        # Parts: text without references, and each token that shows something.
        self._parts = array("i")
        """Visible characters before each part, and at the end."""
        self._shifts = array("i")
        """Source offset minus visible offset of each part."""
        self.block_ends = array("i")
        """Visible offset of each."""
        self.code_starts, self.code_ends = array("i"), array("i")
        """Visible offsets."""
        self._moved = array("i")
        """Source offset of characters that the boundary before them is not at; and of the end."""
        self._moved_to = array("i")
        """The boundary before each: that of the start tags before it, or of the tag that it is in."""
        self._preformatted = 0
        """Number of open ``pre``, while reading."""
        self._opening = -1
        """Source offset of the start tags that stay with the next visible character, while reading."""
        self.text = text = "".join(self._read(html))
        self._parts.append(len(text))
        self._moved.append(len(html))
        self._visible = len(text) - len(text.lstrip()), len(text.rstrip())
        """Where the visible text begins and ends."""

    def cuts(self, places: Iterable[int]) -> "array[int]":
        """Return the boundaries at ``places``, in order, that have visible text before and after them."""
        text, parts, moved = self.text, self._parts, self._moved
        done, end = self._visible
        part = part_end = shift = move = 0
        next_moved = moved[0]
        cuts = array("i")
        for place in places:
            if place <= done:
                continue
            if place >= end:
                break
            done = start = place
            if text[place].isspace():
                start = _next_visible(text, place)
                # There is no boundary before a mark on a space, unless a block begins with it.
                done = start - _is_mark_on_space(text, start)
                if done < start:
                    continue
            if start >= part_end:
                part = bisect_right(parts, start, part)
                part_end, shift = parts[part], self._shifts[part - 1]
            cut = start + shift
            if cut > next_moved:
                move = bisect_left(moved, cut, move)
                next_moved = moved[move]
            cuts.append(self._moved_to[move] if cut == next_moved else cut)
        return cuts

    def is_inside_line_of_code(self, place: int) -> bool:
        """Return whether a visible offset is inside of code, and not at the end of a line of it."""
        is_inside_code = bisect_left(self.code_starts, place) > bisect_right(self.code_ends, place)
        return is_inside_code and self.text[place - 1] != "\n"

    def _read(self, html: str) -> Iterator[str]:
        """Yield the visible text."""
        seen = written = 0
        for slab in _slabs(html):
            parts = _TOKENS.split(self._with_spaces(slab))  # text and tokens in turn
            starts = [*accumulate(map(len, parts), initial=written)]
            tokens = [*map(self._tokens.__getitem__, parts[1::2])]
            self._read_tokens(parts[::2], tokens, starts[1::2])
            parts[1::2] = [token.shows for token in tokens]
            places = [*accumulate(map(len, parts), initial=seen)]
            self._parts.extend(compress(places, parts))
            self._shifts.extend(compress(map(sub, starts, places), parts))
            for token, place in zip(tokens, places[1::2], strict=False):
                for end in token.block_ends:
                    self.block_ends.append(place + end)
                if token.name == _CODE:
                    (self.code_ends if token.closes else self.code_starts).append(place)
            seen, written = places[-1], starts[-1]
            yield "".join(parts)

    def _with_spaces(self, slab: str) -> str:
        """Return ``slab`` with a space for each single line end outside preformatted text."""
        if self._is_part or ("\n" not in slab and "pre" not in slab):
            return slab
        parts = _PREFORMATTED_TAG.split(slab)
        for place, part in enumerate(parts):
            if place % 2:
                self._preformatted += -1 if part[1] == "/" else 1
            elif not self._preformatted:
                parts[place] = _SINGLE_LINE_END.sub(" ", part)
        return "".join(parts)

    def _read_tokens(self, texts: Sequence[str], tokens: Sequence[_Token], starts: Sequence[int]) -> None:
        """Record the characters that boundaries move from; each text is before the token."""
        opening = self._opening
        for text, (_, shown_at, name, closes, _), start in zip(texts, chain(tokens, (_END,)), starts, strict=True):
            if opening >= 0 and text and not text.isspace():
                self._moved.append(start - len(text.lstrip()))
                self._moved_to.append(opening)
                opening = -1
            if shown_at >= 0:
                self._moved.append(start + shown_at)
                self._moved_to.append(start if opening < 0 else opening)
                opening = -1
            elif name:
                if closes:
                    opening = -1
                elif opening < 0:
                    opening = start
        self._opening = opening


def _slabs(html: str) -> Iterator[str]:
    """Yield ``html`` in slabs that end outside tags and references."""
    start = 0
    while start < len(html):
        place = start + _SLAB_CHARACTERS
        tag, tag_end = html.find("<", place), html.find(">", place)
        if tag_end >= 0 and not 0 <= tag < tag_end:  # inside a tag
            end = tag_end + 1
        else:
            end = html.find("&", place, tag if tag >= 0 else len(html))
            end = end if end >= 0 else tag if tag >= 0 else len(html)
        yield html[start:end]
        start = end


def _next_visible(text: str, place: int) -> int:
    visible = _VISIBLE.search(text, place)
    assert visible is not None
    return visible.start()


def _is_mark_on_space(text: str, place: int) -> bool:
    """Return whether a combining mark is on the space before it."""
    return text[place] > _LAST_BEFORE_MARKS and len(graphemes(text[place - 1 : place + 1])) == 1

"""Incremental mode: sanitised HTML split at the end of any segment, at any depth, each chunk with its close text.

A client shows everything received so far, followed by the close text of the last chunk: valid HTML at every moment.

Segments are those of the visible text: inline tags are dropped, a line break is a line end, an element that shows
without text (an image, a rule, a checkbox) is one character, and a segment ends where a block or an image begins or
ends. A sentence does not end inside a line of code. White space stays with the preceding content, at the beginning with
the following. Start tags stay with the following content, end tags with the preceding. Each chunk therefore shows
something new, and no element is shown before its content.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import filterfalse
from typing import NamedTuple

from service.content.chunking.chunk import Level, refine_boundaries
from service.content.chunking.graphemes import graphemes
from service.content.chunking.segment import segments
from service.content.chunking.words import words
from service.content.chunks import Chunks, CloseTexts
from service.content.html.markup import INLINE, REFERENCE, REFERENCES, VOID
from service.protocol.messages import ChunkBy

_SHOWN = frozenset({"hr", "img", "input"})
"""Void elements that are visible."""
_STAND_IN = "\ufffc"
_PREFORMATTED = "pre"
_CODE = "code"

_VISIBLE = re.compile(r"\S")
# Outside preformatted text, a single line end in the source is a space.
_SINGLE_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")
_LAST_BEFORE_MARKS = "\u02ff"


class Increments(NamedTuple):
    """``chunks`` joined are the HTML; ``closes[i]`` is the close text of ``chunks[i]``."""

    chunks: Chunks
    closes: CloseTexts


def split_increments(html: str, chunk_by: ChunkBy, max_characters: int) -> Increments:
    """Split sanitised ``html`` by ``chunk_by``, below ``max_characters`` where possible.

    No boundary is inside a tag, a reference or a grapheme; a grapheme with adjacent tags may exceed the limit. Linear
    in time, and in memory because close texts are shared.
    """
    passage = _Passage(html)
    places = passage.boundaries(chunk_by, max_characters)
    return Increments(Chunks(html, places), CloseTexts.of(passage.closes(places)))


class _Passage:
    """The visible text of HTML, and the source offset of each of its characters."""

    def __init__(self, html: str) -> None:
        self._length = len(html)
        self._texts: list[str] = []
        self._seen = 0
        """Number of visible characters so far."""
        # Parts: text without references, a reference, an element; and the character that start tags stay with.
        self._parts = array("i")
        """Visible characters before each part."""
        self._shifts = array("i")
        """Source offset minus visible offset of each part."""
        self._block_ends = array("i")
        """Visible offset of each."""
        self._code_starts, self._code_ends = array("i"), array("i")
        """Visible offsets."""
        self._opening: int | None = None
        """Source offset of the start tags that stay with the next visible character."""
        self._tags = array("i")
        self._closes: list[str] = []
        """The close text after each tag."""
        self._read(html)
        self._text = text = "".join(self._texts)
        self._texts.clear()
        self._visible = len(text) - len(text.lstrip()), len(text.rstrip())
        """Where the visible text begins and ends."""

    def boundaries(self, chunk_by: ChunkBy, max_characters: int) -> Sequence[int]:
        """Return the boundaries, the end included."""
        places = segments(self._text, chunk_by)
        if chunk_by is ChunkBy.SENTENCE and self._code_starts:
            places = array("i", filterfalse(self._is_inside_line_of_code, places))
        wanted = self._cuts(places + self._block_ends)
        wanted.append(self._length)
        levels: list[Level] = [
            lambda start, end: self._cuts_between(start, end, words),
            lambda start, end: self._cuts_between(start, end, graphemes),
        ]
        return refine_boundaries(max_characters, wanted, levels)

    def closes(self, places: Sequence[int]) -> list[str]:
        """Return the close text at each boundary."""
        closes: list[str] = []
        done, close = 0, ""
        for tag, after in zip(self._tags, self._closes, strict=True):
            if places[done] <= tag:
                reached = bisect_right(places, tag, done)
                closes += [close] * (reached - done)
                done = reached
            close = after
        return closes + [close] * (len(places) - done)

    def _read(self, html: str) -> None:
        before, *pieces = html.split("<")  # each begins with a tag
        if before:
            self._see_text(before, 0, exactly=False)
        open_elements = [""]
        shared: dict[str, str] = {}
        preformatted = 0
        start = len(before)
        for piece in pieces:
            tag, _, text = piece.partition(">")
            closes = tag[0] == "/"
            name = tag[1:] if closes else tag.partition(" ")[0]
            if name not in INLINE:
                self._end_block()
            if not closes and name in VOID:
                self._see_void(name, start)
            else:
                if closes:
                    self._opening = None
                    open_elements.pop()
                else:
                    if self._opening is None:
                        self._opening = start
                    close = f"</{name}>{open_elements[-1]}"
                    open_elements.append(shared.setdefault(close, close))
                if name == _PREFORMATTED:
                    preformatted += -1 if closes else 1
                if name == _CODE:
                    (self._code_ends if closes else self._code_starts).append(self._seen)
                self._tags.append(start)
                self._closes.append(open_elements[-1])
            if text:
                self._see_text(text, start + len(tag) + 2, exactly=preformatted > 0)
            start += len(piece) + 1

    def _see_text(self, source: str, written: int, *, exactly: bool) -> None:
        if not exactly and "\n" in source:
            source = _SINGLE_LINE_END.sub(" ", source)
        if "&" not in source:
            self._see(source, written)
            return
        for part in REFERENCE.split(source):
            if part:
                self._see(REFERENCES.get(part, part), written)
                written += len(part)

    def _see_void(self, name: str, start: int) -> None:
        if name in _SHOWN:
            self._see(_STAND_IN, start)
            if name not in INLINE:
                self._end_block()
        elif name == "br":
            self._see("\n", start)

    def _see(self, text: str, written: int) -> None:
        seen, opening = self._seen, self._opening
        self._texts.append(text)
        self._seen = seen + len(text)
        if opening is not None and not text.isspace():
            place = len(text) - len(text.lstrip())
            if place:
                self._begin_part(seen, written)
            self._begin_part(seen + place, opening)
            self._opening = None
            seen += place + 1
            written += place + 1
        self._begin_part(seen, written)

    def _begin_part(self, seen: int, written: int) -> None:
        self._parts.append(seen)
        self._shifts.append(written - seen)

    def _end_block(self) -> None:
        if self._seen and (not self._block_ends or self._block_ends[-1] < self._seen):
            self._texts.append("\n")
            self._seen += 1
            self._block_ends.append(self._seen)

    def _is_inside_line_of_code(self, place: int) -> bool:
        is_inside_code = bisect_left(self._code_starts, place) > bisect_right(self._code_ends, place)
        return is_inside_code and self._text[place - 1] != "\n"

    def _cuts_between(self, start: int, end: int, split: Callable[[str], "array[int]"]) -> "array[int]":
        """Return the boundaries of ``split`` in the source from ``start`` to ``end``."""
        first, last = self._visible_offset(start), self._visible_offset(end)
        return self._cuts(array("i", (first + place for place in split(self._text[first:last]))))

    def _visible_offset(self, written: int) -> int:
        """Return the number of visible characters before an offset in the source."""
        part = (
            bisect_right(range(len(self._parts)), written, key=lambda part: self._parts[part] + self._shifts[part]) - 1
        )
        if part < 0:
            return 0
        return min(written - self._shifts[part], self._parts[part + 1] if part + 1 < len(self._parts) else self._seen)

    def _cuts(self, places: "array[int]") -> "array[int]":
        """Return the boundaries at ``places``, in any order, that have visible text before and after them."""
        text = self._text
        done, end = self._visible
        part = 0
        cuts = array("i")
        for place in sorted(places):
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
            part = bisect_right(self._parts, start, part) - 1
            cuts.append(start + self._shifts[part])
        return cuts


def _next_visible(text: str, place: int) -> int:
    visible = _VISIBLE.search(text, place)
    assert visible is not None
    return visible.start()


def _is_mark_on_space(text: str, place: int) -> bool:
    """Return whether a combining mark is on the space before it."""
    return text[place] > _LAST_BEFORE_MARKS and len(graphemes(text[place - 1 : place + 1])) == 1

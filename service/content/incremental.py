"""Increments: sanitised HTML cut at the end of any segment, however deep, each chunk with what would close it.

A client keeps all that came and shows it with the last chunk's end tags behind it: whole HTML at every moment.

Segments are those of the text as a reader sees it: an inline tag leaves no trace in it, a line break is a line end,
what shows without text (an image, a rule, a checkbox) is one character, and where a block or an image begins or ends
a segment ends too. White space stays with what precedes it, at the beginning with what follows. So do the tags: start
tags stay with what follows, end tags with what precedes them. Thus each chunk shows something new, and no element is
shown before something in it is.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from service.content.chunk import ends, within
from service.content.markup import INLINE, REFERENCE, REFERENCES, VOID
from service.content.segment import characters, segments, words
from service.protocol.messages import ChunkBy

_SHOWN = frozenset({"hr", "img", "input"})
"""Void elements that show something."""
_STAND_IN = "\ufffc"
_PREFORMATTED = "pre"

_VISIBLE = re.compile(r"\S")
# Elsewhere than in preformatted text, a line end in the source ends nothing.
_SINGLE_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")
_LAST_BEFORE_MARKS = "\u02ff"


class Increments(NamedTuple):
    """``chunks`` joined are the HTML; ``closes[i]`` are the end tags that close what is open after ``chunks[i]``."""

    chunks: list[str]
    closes: list[str]


def increments(html: str, chunk_by: ChunkBy, max_characters: int) -> Increments:
    """``html`` (sanitised) cut by ``chunk_by``, and so that no chunk is longer than ``max_characters`` if that can be.

    No cut is inside a tag, a reference or what a reader takes for one character; with the tags beside it, such a one
    may be longer than the limit. Linear in time, and in memory by the sharing of what closes.
    """
    passage = _Passage(html)
    places = passage.places(chunk_by, max_characters)
    return Increments([html[start:end] for start, end in pairwise(chain((0,), places))], passage.closes(places))


class _Passage:
    """HTML as a reader sees it, and where each character of that is written."""

    def __init__(self, html: str) -> None:
        self._length = len(html)
        self._texts: list[str] = []
        self._seen = 0
        """Characters that a reader has seen so far."""
        # Parts: text without references, a reference, an element; and what start tags stick to, as if it were there.
        self._parts = array("i")
        """Characters that a reader has seen before each part."""
        self._shifts = array("i")
        """Of each part: how much further on it is written than it is seen."""
        self._block_ends = array("i")
        """What a reader has seen at each."""
        self._opening: int | None = None
        """Where the tags are written that stick to what is seen next."""
        self._tags = array("i")
        self._closes: list[str] = []
        """What closes all that is open after each tag."""
        self._read(html)
        self._text = "".join(self._texts)
        self._texts.clear()

    def places(self, chunk_by: ChunkBy, max_characters: int) -> Sequence[int]:
        """Where to cut, the end of it all included."""
        wanted = self._cuts(ends(segments(self._text, chunk_by) if self._text else []))
        wanted.append(self._length)
        levels = [lambda: self._cuts(ends(words(self._text))), lambda: self._cuts(ends(characters(self._text)))]
        return within(max_characters, wanted, levels)

    def closes(self, places: Sequence[int]) -> list[str]:
        """What closes all that is open at each place."""
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
        before, *pieces = html.split("<")  # of which each begins with a tag
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

    def _cuts(self, segment_ends: "array[int]") -> "array[int]":
        """Where to cut after the segments and blocks, as far as something is seen before and after it."""
        text = self._text
        done, end = len(text) - len(text.lstrip()), len(text.rstrip())
        parts = zip(chain(self._parts[1:], (end,)), self._shifts, strict=True)
        part_end = shift = 0
        cuts = array("i")
        for place in sorted(segment_ends + self._block_ends):
            if place <= done:
                continue
            if place >= end:
                break
            done = start = place
            if text[place].isspace():
                start = _next_visible(text, place)
                # What sits on a space has no place to cut before it, unless a block begins with it.
                done = start - _sits_on_space(text, start)
                if done < start:
                    continue
            while part_end <= start:
                part_end, shift = next(parts)
            cuts.append(start + shift)
        return cuts


def _next_visible(text: str, place: int) -> int:
    visible = _VISIBLE.search(text, place)
    assert visible is not None
    return visible.start()


def _sits_on_space(text: str, place: int) -> bool:
    """Whether what is there is a mark on the space before it."""
    return text[place] > _LAST_BEFORE_MARKS and len(characters(text[place - 1 : place + 1])) == 1

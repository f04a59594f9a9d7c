"""Runs: content that is only text and inline elements, and its boundaries."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from service.content.chunking.chunk import Level, refine_boundaries
from service.content.chunking.graphemes import graphemes
from service.content.chunking.segment import segments
from service.content.chunking.words import words
from service.content.html.markup import TAG, VOID, visible_text
from service.protocol.messages import ChunkBy


class _Part(NamedTuple):
    """Text, or an element that is in no other, with its offsets in the source and in the visible text."""

    source: str
    start: int
    seen: int

    @property
    def is_text(self) -> bool:
        return not self.source.startswith("<")


def run_boundaries(html: str, chunk_by: ChunkBy, max_characters: int) -> Sequence[int]:
    """Return the boundaries in a run without references, the end included."""
    return _Run(html).boundaries(chunk_by, max_characters)


class _Run:
    def __init__(self, html: str) -> None:
        self._length = len(html)
        self._parts = _parts(html)
        self._text = "".join(part.source if part.is_text else visible_text(part.source) for part in self._parts)
        self._starts = array("i", (part.start for part in self._parts))
        self._seen = array("i", (part.seen for part in self._parts))
        self._begin = len(self._text) - len(self._text.lstrip())

    def boundaries(self, chunk_by: ChunkBy, max_characters: int) -> Sequence[int]:
        wanted = self._cuts(segments(self._text, chunk_by))
        wanted.append(self._length)
        levels: list[Level] = [
            lambda start, end: self._cuts(words(self._between(start, end)), self._visible_offset(start)),
            lambda start, end: self._cuts(graphemes(self._between(start, end)), self._visible_offset(start)),
        ]
        return refine_boundaries(max_characters, wanted, levels)

    def _between(self, start: int, end: int) -> str:
        """Return the visible text between two offsets in the source."""
        return self._text[self._visible_offset(start) : self._visible_offset(end)]

    def _visible_offset(self, place: int) -> int:
        """Return the number of visible characters before an offset in the source that is in no element."""
        if place == self._length:
            return len(self._text)
        part = self._parts[bisect_right(self._starts, place) - 1]
        return part.seen + place - part.start

    def _cuts(self, segment_ends: Sequence[int], first: int = 0) -> "array[int]":
        """Return the ends of segments after ``first`` that are boundaries: not before white space, nor at the ends."""
        cuts = array("i")
        for seen in segment_ends:
            place = first + seen
            if self._begin < place < len(self._text) and not self._text[place].isspace():
                cut = self._cut(place)
                if cut is not None:
                    cuts.append(cut)
        return cuts

    def _cut(self, seen: int) -> int | None:
        """Return the boundary after ``seen`` visible characters, if the rules allow one."""
        index = bisect_left(self._seen, seen)
        if index == len(self._parts) or self._seen[index] > seen:
            part = self._parts[index - 1]
            return part.start + seen - part.seen if part.is_text else None
        before, after = self._parts[index - 1], self._parts[index]
        if after.is_text:
            return before.start if before.source == "<br>" else None
        return after.start


def _parts(html: str) -> list[_Part]:
    parts: list[_Part] = []
    depth = start = end = seen = 0
    for tag in TAG.finditer(html):
        if tag[1]:
            depth -= 1
        else:
            if depth == 0:
                start = tag.start()
                if end < start:
                    parts.append(_Part(html[end:start], end, seen))
                    seen += start - end
            depth += tag[2] not in VOID
        if depth == 0:
            end = tag.end()
            parts.append(_Part(html[start:end], start, seen))
            seen += len(visible_text(html[start:end]))
    if end < len(html):
        parts.append(_Part(html[end:], end, seen))
    return parts

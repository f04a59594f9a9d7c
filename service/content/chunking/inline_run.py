"""Runs: content that is only text and inline elements, and its boundaries."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from service.content.chunking.chunk import levels_within, refine_boundaries
from service.content.chunking.graphemes import graphemes
from service.content.chunking.segment import segments
from service.content.chunking.words import words
from service.content.html.markup import TAG, VOID, visible_text
from service.protocol.messages import ChunkBy

_BREAK = "<br>"


def run_boundaries(html: str, chunk_by: ChunkBy, max_characters: int) -> Sequence[int]:
    """Return the boundaries in a run without references, the end included."""
    return _Run(html).boundaries(chunk_by, max_characters)


class _Run:
    def __init__(self, html: str) -> None:
        self._html = html
        # Parts: texts, and elements that are in no other.
        self._starts = array("i")
        """The offset of each in the source."""
        self._seen = array("i")
        """The number of visible characters before each."""
        self._text = "".join(self._read(html))
        self._begin = len(self._text) - len(self._text.lstrip())

    def boundaries(self, chunk_by: ChunkBy, max_characters: int) -> Sequence[int]:
        wanted = self._cuts(segments(self._text, chunk_by))
        wanted.append(len(self._html))
        levels = levels_within(
            chunk_by,
            lambda start, end: self._cuts(words(self._between(start, end)), self._visible_offset(start)),
            lambda start, end: self._cuts(graphemes(self._between(start, end)), self._visible_offset(start)),
        )
        return refine_boundaries(max_characters, wanted, levels)

    def _read(self, html: str) -> Iterator[str]:
        """Yield the visible text of each part."""
        depth = start = end = seen = 0
        for tag in TAG.finditer(html):
            if tag[1]:
                depth -= 1
            else:
                if depth == 0:
                    start = tag.start()
                    if end < start:
                        self._add(end, seen)
                        seen += start - end
                        yield html[end:start]
                depth += tag[2] not in VOID
            if depth == 0:
                end = tag.end()
                self._add(start, seen)
                text = "\n" if tag[0] == _BREAK else visible_text(html[start:end])
                seen += len(text)
                yield text
        if end < len(html):
            self._add(end, seen)
            yield html[end:]

    def _add(self, start: int, seen: int) -> None:
        self._starts.append(start)
        self._seen.append(seen)

    def _is_text(self, part: int) -> bool:
        return self._html[self._starts[part]] != "<"

    def _between(self, start: int, end: int) -> str:
        """Return the visible text between two offsets in the source."""
        return self._text[self._visible_offset(start) : self._visible_offset(end)]

    def _visible_offset(self, place: int) -> int:
        """Return the number of visible characters before an offset in the source that is in no element."""
        if place == len(self._html):
            return len(self._text)
        part = bisect_right(self._starts, place) - 1
        return self._seen[part] + place - self._starts[part]

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
        after = bisect_left(self._seen, seen)
        before = after - 1
        if after == len(self._seen) or self._seen[after] > seen:
            return self._starts[before] + seen - self._seen[before] if self._is_text(before) else None
        if self._is_text(after):
            start = self._starts[before]
            return start if self._html.startswith(_BREAK, start) else None
        return self._starts[after]

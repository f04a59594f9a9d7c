"""Runs: consecutive text and inline elements at the top level, and their boundaries."""

import math
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from service.content.chunking.chunk import Level, refine_boundaries
from service.content.chunking.graphemes import graphemes
from service.content.chunking.layout import Item, Kind
from service.content.chunking.segment import segments
from service.content.chunking.words import words
from service.content.html.markup import REFERENCE, REFERENCES, WHITESPACE, visible_text
from service.protocol.messages import ChunkBy

# An editor without an extension for any other element reads it as plain text.
_KNOWN_TO_EDITORS = re.compile(r'<(?:b|strong|i|em|u|s|strike|del|code|br)[ >]|<a (?:[^>]* )?href="')
# White space that Tiptap drops if it is alone between two tags, or between a tag and the end.
_LINE_END = re.compile(r"\n(?:\s\s)?(?!\s)")
_VISIBLE = re.compile(r"\S")

_TEXT, _INLINE, _MIXED = Kind.TEXT, Kind.INLINE, Kind.MIXED  # the attribute lookup of an enum is slow


class Run:
    """The run of ``items`` (at least one) that follows ``before``. Offsets are relative to the run."""

    def __init__(self, html: str, items: Sequence[Item], before: Kind | None, *, block_follows: bool) -> None:
        self._before = before
        self._block_follows = block_follows
        self._start = items[0].start
        self._length = items[-1].end - self._start
        # The parts of the run: an element, a character reference, or text without one.
        self._kinds: list[Kind] = []
        self._seen = array("i")
        """Visible characters before each part."""
        self._written = array("i")
        """Source characters before each part."""
        self._line_ends: set[int] = set()
        """Visible offset after an element and a line end, which an editor drops if nothing follows."""
        self._after_blocks: set[int] = set()
        """Visible offset after a mixed element and the white space that follows it."""
        self._markup = array("i")
        """Offsets of elements and references."""
        self._known = array("i", [] if before is None else [0])
        """Offsets of what every editor supports: those elements, and the blocks before and after the run."""
        texts: list[str] = []
        seen = written = 0
        after_element = after_block = False
        for kind, start, end in items:
            source = html[start:end]
            is_element = kind is not _TEXT
            for part in (source,) if is_element else REFERENCE.split(source):
                if not part:
                    continue
                text = visible_text(part) if is_element else REFERENCES.get(part, part)
                if is_element or part in REFERENCES:
                    self._markup.append(written)
                if is_element and text and _KNOWN_TO_EDITORS.search(part):
                    self._known.append(written)
                if after_element and (line_end := _LINE_END.match(text)):
                    self._line_ends.add(seen + line_end.end())
                after_element = is_element
                if after_block:
                    space = 0 if is_element else len(text) - len(text.lstrip(WHITESPACE))
                    self._after_blocks.add(seen + space)
                    after_block = 0 < space == len(text)
                after_block = after_block or kind is _MIXED
                self._kinds.append(kind)
                self._seen.append(seen)
                self._written.append(written)
                texts.append(text)
                seen += len(text)
                written += len(part)
        self._ends_as_a_block = after_block
        """Whether it counts as a block for what follows."""
        if block_follows:
            self._known.append(self._length)
        self._text = "".join(texts)
        """The visible text."""

    def boundaries(self, chunk_by: ChunkBy, max_characters: int) -> list[int]:
        """Return the boundaries as offsets of the whole HTML; also the end of the run, if a separable block follows."""
        if not self._text.strip(WHITESPACE) and all(kind is Kind.TEXT for kind in self._kinds):
            cuts = array("i", [self._length] if self._before is Kind.PARAGRAPH else [])
        else:
            wanted = self._cuts(segments(self._text, chunk_by))
            wanted.append(self._length)
            levels: list[Level] = [
                lambda start, end: self._cuts_between(start, end, words),
                lambda start, end: self._cuts_between(start, end, graphemes),
            ]
            cuts = self._without_literals(refine_boundaries(max_characters, wanted, levels), max_characters)
        if cuts and cuts[-1] == self._length and (not self._block_follows or self._ends_as_a_block):
            del cuts[-1]
        return [self._start + cut for cut in cuts]

    def _cuts_between(self, start: int, end: int, split: Callable[[str], "array[int]"]) -> "array[int]":
        """Return the boundaries of ``split`` in the source from ``start`` to ``end``."""
        first, last = self._visible_offset(start), self._visible_offset(end)
        return self._cuts(array("i", (first + place for place in split(self._text[first:last]))))

    def _visible_offset(self, written: int) -> int:
        """Return the number of visible characters before an offset in the source."""
        part = bisect_right(self._written, written) - 1
        seen = self._seen[part] + written - self._written[part]
        return min(seen, self._seen[part + 1] if part + 1 < len(self._seen) else len(self._text))

    def _cuts(self, segment_ends: "array[int]") -> "array[int]":
        """Return the ends of segments that are boundaries: not before white space, not after leading white space."""
        cuts = array("i")
        visible = _VISIBLE.search(self._text)
        begin = visible.start() if visible else len(self._text)
        part = 0
        for seen in segment_ends:
            if seen <= begin or seen == len(self._text) or self._text[seen].isspace() or seen in self._after_blocks:
                continue
            part = bisect_left(self._seen, seen, part)
            inside = part == len(self._seen) or self._seen[part] > seen
            cut = self._cut_inside(part - 1, seen) if inside else self._cut_before(part)
            if cut is not None:
                cuts.append(cut)
        return cuts

    def _cut_inside(self, part: int, seen: int) -> int | None:
        """Return the boundary in a part after ``seen`` visible characters of the run, if the rules allow one."""
        if self._kinds[part] is not Kind.TEXT or seen in self._line_ends:
            return None
        return self._written[part] + seen - self._seen[part]

    def _cut_before(self, part: int) -> int | None:
        """Return the boundary between a part and the one before it, if the rules allow one."""
        before = self._kinds[part - 1]
        if self._kinds[part] is _TEXT:
            if before is _TEXT:
                return None if self._seen[part] in self._line_ends else self._written[part]
            sticks = before is _INLINE or self._seen[part - 1] in self._after_blocks
            return None if sticks else self._written[part - 1]
        return self._written[part]

    def _without_literals(self, cuts: Sequence[int], max_characters: int) -> "array[int]":
        """Return ``cuts`` without those that produce a literal chunk, if a supported element is near enough.

        If a chunk is only plain text to an editor, the editor inserts it literally and shows its tags and references.
        """
        kept = array("i", [0])
        markup_before = known_before = 0
        for cut in cuts:
            markup = bisect_left(self._markup, cut)
            known = bisect_left(self._known, cut)
            if markup > markup_before and known == known_before:
                start = kept[-1]
                last = self._known[known - 1] if known else -math.inf
                following = self._known[known] if known < len(self._known) else math.inf
                chunk_of_last = kept[max(bisect_right(kept, last) - 1, 0)]
                joins_last = known > 0 and cut - chunk_of_last <= max_characters
                joins_following = following - start < max_characters
                if joins_following and not (joins_last and start - last < following - cut):
                    continue
                if joins_last:
                    del kept[bisect_right(kept, last) :]
            kept.append(cut)
            markup_before, known_before = markup, known
        return kept[1:]

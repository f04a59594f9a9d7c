"""Fragments: sanitised HTML in chunks of which each is whole by itself.

A cut is made only where no element is open, and only where an editor that appends one chunk after the other ends up
with the same document. At the top level stand text and inline elements, in runs; paragraphs; and other blocks.

| before the cut | after it | cut |
| --- | --- | --- |
| text | text or inline element | at the end of a segment |
| inline element | inline element | at the end of a segment |
| inline element | text | never: the text would take on its marks |
| line break | text | never: it goes with the text, and the cut is before it |
| run | paragraph, other block | always |
| paragraph | paragraph, other block | always |
| paragraph | run | never: the run would go into the paragraph |
| other block | anything | never: it would go into the block, or replace it |

An inline element with a block in it is an inline element to what precedes it, and a block to what follows.

White space stays with what precedes it, at the beginning with what follows.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from service.core.content.chunk import ends, within
from service.core.content.markup import INLINE, REFERENCE, REFERENCES, TAG, VOID, WHITESPACE, visible_text
from service.core.content.segment import characters, segments, words
from service.core.messages import ChunkBy


class _Kind(Enum):
    TEXT = "text"
    INLINE = "inline"
    LINE_BREAK = "line break"
    MIXED = "inline element with a block in it"
    PARAGRAPH = "paragraph"
    BLOCK = "block"


class _Item(NamedTuple):
    """What stands at the top level from ``start`` to ``end``."""

    kind: _Kind
    start: int
    end: int


_RUN = (_Kind.TEXT, _Kind.INLINE, _Kind.LINE_BREAK, _Kind.MIXED)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})


def fragments(html: str, chunk_by: ChunkBy, max_characters: int) -> list[str]:
    """``html`` (sanitised) in whole fragments; joined they are ``html``.

    A run is cut by ``chunk_by``, and so that no chunk is longer than ``max_characters`` where a cut can help it.
    Paragraphs and other blocks are never cut.
    """
    places = [0, *_places(html, chunk_by, max_characters), len(html)]
    return [html[start:end] for start, end in pairwise(places)]


def _places(html: str, chunk_by: ChunkBy, max_characters: int) -> Iterator[int]:
    """Where to cut, in order, without the two ends."""
    before: _Kind | None = None
    run: list[_Item] = []
    for item in _items(html):
        if item.kind in _RUN:
            run.append(item)
            continue
        may_cut = before is _Kind.PARAGRAPH
        if run:
            text = _Run(html, run)
            yield from text.places(chunk_by, max_characters)
            if not text.blank:
                may_cut = run[-1].kind is not _Kind.MIXED
            run = []
        if may_cut:
            yield item.start
        before = item.kind
    if run:
        yield from _Run(html, run).places(chunk_by, max_characters)


def _items(html: str) -> Iterator[_Item]:
    """The top level of ``html``, in order."""
    depth = start = end = 0
    outermost = ""
    flows = True
    for tag in TAG.finditer(html):
        closes, name = tag.groups()
        if closes:
            depth -= 1
        elif depth == 0:
            if end < tag.start():
                yield _Item(_Kind.TEXT, end, tag.start())
            start, outermost, flows = tag.start(), name, True
            depth = name not in VOID
        else:
            flows = flows and name in INLINE
            depth += name not in VOID
        if depth == 0:
            end = tag.end()
            yield _Item(_kind(outermost, html[start:end], flows=flows), start, end)
    if end < len(html):
        yield _Item(_Kind.TEXT, end, len(html))


def _kind(name: str, element: str, *, flows: bool) -> _Kind:
    """A paragraph only if all in it is inline and there is text in it."""
    if name == "br":
        return _Kind.LINE_BREAK
    if name in INLINE:
        return _Kind.INLINE if flows else _Kind.MIXED
    if flows and name in _PARAGRAPHS and TAG.sub("", element).strip(WHITESPACE):
        return _Kind.PARAGRAPH
    return _Kind.BLOCK


class _Run:
    """Text and inline elements side by side at the top level. Offsets are those of the run."""

    def __init__(self, html: str, items: Sequence[_Item]) -> None:
        self._start = items[0].start
        self._length = items[-1].end - self._start
        # The run in parts: an inline element, a character reference, or text without one.
        self._kinds: list[_Kind] = []
        self._seen: list[int] = []
        """Characters that a reader has seen before each part."""
        self._written: list[int] = []
        """Characters of the run before each part."""
        texts: list[str] = []
        seen = 0
        for kind, start, end in items:
            source = html[start:end]
            written = start - self._start
            for part in REFERENCE.split(source) if kind is _Kind.TEXT else (source,):
                if not part:
                    continue
                text = REFERENCES.get(part, part) if kind is _Kind.TEXT else visible_text(part)
                self._kinds.append(kind)
                self._seen.append(seen)
                self._written.append(written)
                texts.append(text)
                seen += len(text)
                written += len(part)
        self._text = "".join(texts)
        self.blank = not self._text.strip(WHITESPACE) and all(kind is _Kind.TEXT for kind in self._kinds)

    def places(self, chunk_by: ChunkBy, max_characters: int) -> list[int]:
        """Where to cut within the run, as offsets of the whole HTML."""
        wanted = [*self._cuts(segments(self._text, chunk_by)), self._length]
        levels = [lambda: self._cuts(words(self._text)), lambda: self._cuts(characters(self._text))]
        return [self._start + place for place in within(max_characters, wanted, levels)[:-1]]

    def _cuts(self, pieces: Sequence[str]) -> list[int]:
        """Of the ends of ``pieces``, those where a cut may be made: never before white space, nor after the first."""
        begin = len(self._text) - len(self._text.lstrip())
        inner = (seen for seen in ends(pieces)[:-1] if seen > begin and not self._text[seen].isspace())
        return [place for seen in inner if (place := self._place(seen)) is not None]

    def _place(self, seen: int) -> int | None:
        """The offset of a cut after ``seen`` visible characters, if the rules allow one."""
        part = bisect_left(self._seen, seen)
        if part == len(self._seen) or self._seen[part] > seen:
            within_text = self._kinds[part - 1] is _Kind.TEXT
            return self._written[part - 1] + seen - self._seen[part - 1] if within_text else None
        match self._kinds[part - 1], self._kinds[part]:
            case (_Kind.INLINE, _Kind.TEXT) | (_Kind.MIXED, _):
                return None
            case (_Kind.LINE_BREAK, _Kind.TEXT):
                return self._written[part - 1]
        return self._written[part]

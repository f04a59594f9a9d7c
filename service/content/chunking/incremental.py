"""Incremental mode: sanitised HTML split at the end of any segment, at any depth, each chunk with its close text.

A client shows everything received so far, followed by the close text of the last chunk: valid HTML at every moment.

Segments are those of the visible text: inline tags are dropped, a line break is a line end, an element that shows
without text (an image, a rule, a checkbox) is one character, and a segment ends where a block or an image begins or
ends. A sentence does not end inside a line of code. White space stays with the preceding content, at the beginning with
the following. Start tags stay with the following content, end tags with the preceding. Each chunk therefore shows
something new, and no element is shown before its content.
"""

from array import array
from itertools import filterfalse
from typing import NamedTuple

from service.content.chunking.chunk import levels_within, refine_boundaries
from service.content.chunking.gaps import read_slabs
from service.content.chunking.graphemes import graphemes
from service.content.chunking.html_words import html_words
from service.content.chunking.offsets import merged
from service.content.chunking.open_elements import OpenElements
from service.content.chunking.passage import Passage
from service.content.chunking.segment import segments
from service.content.chunks import Chunks, CloseTexts
from service.protocol.messages import ChunkBy


class Increments(NamedTuple):
    """``chunks`` joined are the HTML; ``closes[i]`` is the close text of ``chunks[i]``."""

    chunks: Chunks
    closes: CloseTexts


def split_increments(html: str, chunk_by: ChunkBy, max_characters: int) -> Increments:
    """Split sanitised ``html`` by ``chunk_by``, below ``max_characters`` where possible.

    No boundary is inside a tag, a reference or a grapheme; a grapheme with adjacent tags may exceed the limit. Linear
    in time and memory.
    """
    elements = OpenElements()
    if chunk_by is ChunkBy.WORD:
        wanted = html_words(html, elements)
    else:
        wanted = _boundaries(html, chunk_by)
        for slab in read_slabs(html):
            elements.read(slab)
    levels = levels_within(
        chunk_by,
        lambda start, end: array("i", (start + cut for cut in html_words(html[start:end]))),
        lambda start, end: _graphemes(html, start, end),
    )
    cuts = refine_boundaries(max_characters, wanted, levels)
    return Increments(Chunks(html, cuts), elements.closes(cuts))


def _boundaries(html: str, chunk_by: ChunkBy) -> "array[int]":
    """Return the boundaries by other segments than words."""
    passage = Passage(html)
    places = segments(passage.text, chunk_by)
    if chunk_by is ChunkBy.SENTENCE and passage.code_starts:
        places = array("i", filterfalse(passage.is_inside_line_of_code, places))
    cuts = passage.cuts(merged(places, passage.block_ends))
    cuts.append(len(html))
    return cuts


def _graphemes(html: str, start: int, end: int) -> "array[int]":
    """Return the boundaries between graphemes from ``start`` to ``end``."""
    passage = Passage(html[start:end], is_part=True)
    return array("i", (start + cut for cut in passage.cuts(graphemes(passage.text))))

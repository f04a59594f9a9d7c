"""Chunks of text, and the rule that splits whatever exceeds the chunk limit."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from operator import sub

from service.content.chunking.segment import characters, segments, words
from service.content.chunks import Chunks
from service.protocol.messages import ChunkBy

Level = Callable[[], Sequence[int]]
"""Possible boundaries, in order; a function, because most content does not need them."""


def split_text(text: str, chunk_by: ChunkBy, max_characters: int) -> Chunks:
    """Return ``text`` in chunks of ``chunk_by``, none longer than ``max_characters``.

    A longer segment is split after a word, else after a grapheme, else (a letter with a thousand accents) anywhere.
    """
    levels: list[Level] = [
        lambda: ends(words(text)),
        lambda: ends(characters(text)),
        lambda: range(len(text) + 1),
    ]
    return Chunks(text, refine_boundaries(max_characters, ends(segments(text, chunk_by)), levels))


def ends(pieces: Sequence[str]) -> "array[int]":
    """Return the offset of the end of each piece in the joined text."""
    return array("i", accumulate(map(len, pieces)))


def refine_boundaries(max_characters: int, boundaries: Sequence[int], levels: Sequence[Level]) -> Sequence[int]:
    """Return ``boundaries``, with more of them where two are further apart than ``max_characters``.

    The first of ``levels`` that has a boundary within the limit gives the furthest one. If none has, the nearest
    boundary of the last level is used, so the limit is hard only if that level has every offset.
    """
    if max(map(sub, boundaries, chain((0,), boundaries)), default=0) <= max_characters:
        return boundaries
    known: list[Sequence[int]] = []
    refined = array("i")
    start = 0
    for boundary in boundaries:
        while boundary - start > max_characters:
            cut = start
            for number, level in enumerate(levels):
                if number == len(known):
                    known.append(level())
                index = bisect_right(known[number], start + max_characters)
                cut = known[number][index - 1] if index else start
                if cut > start:
                    break
            else:
                index = bisect_right(known[-1], start)
                cut = known[-1][index] if index < len(known[-1]) else boundary
            if cut >= boundary:
                break
            refined.append(cut)
            start = cut
        refined.append(boundary)
        start = boundary
    return refined

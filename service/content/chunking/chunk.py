"""Chunks of text, and the rule that splits whatever exceeds the chunk limit."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import sub

from service.content.chunking.graphemes import graphemes
from service.content.chunking.segment import segments
from service.content.chunking.words import words
from service.content.chunks import Chunks
from service.protocol.messages import ChunkBy

Level = Callable[[int, int], Sequence[int]]
"""Returns the possible boundaries between two others, in order. Only what exceeds the limit is read again."""

_OF_ONE_WORD = frozenset({ChunkBy.WORD, ChunkBy.CHARACTER})
"""Segments in which no word ends."""


def split_text(text: str, chunk_by: ChunkBy, max_characters: int) -> Chunks:
    """Return ``text`` in chunks of ``chunk_by``, none longer than ``max_characters``.

    A longer segment is split after a word, else after a grapheme, else (a letter with a thousand accents) anywhere. No
    chunk is white space alone, unless there is more of it than the chunks beside it can take.
    """
    ends = segments(text, chunk_by)
    levels = levels_within(
        chunk_by,
        lambda start, end: array("i", (start + place for place in words(text[start:end]))),
        lambda start, end: array("i", (start + place for place in graphemes(text[start:end]))),
    )
    refined = refine_boundaries(max_characters, ends, [*levels, lambda start, end: range(start + 1, end)])
    if refined is ends:
        return Chunks(text, ends)
    if any(text[cut].isspace() for cut in {*refined}.difference(ends)):
        refined = _without_blanks(text, refined, max_characters)
    return Chunks(text, refined)


def levels_within(chunk_by: ChunkBy, of_words: Level, of_graphemes: Level) -> Sequence[Level]:
    """Return the levels for segments of ``chunk_by``: only those that divide them."""
    return [of_graphemes] if chunk_by in _OF_ONE_WORD else [of_words, of_graphemes]


def refine_boundaries(max_characters: int, boundaries: Sequence[int], levels: Sequence[Level]) -> Sequence[int]:
    """Return ``boundaries``, with more of them where two are further apart than ``max_characters``.

    The first of ``levels`` that has a boundary within the limit gives the furthest one. If none has, the nearest
    boundary is used, so the limit is hard only if the last level has every offset.
    """
    if not boundaries or max(_lengths(boundaries)) <= max_characters:
        return boundaries
    too_long = [index for index, length in enumerate(_lengths(boundaries)) if length > max_characters]
    refined = array("i")
    copied = 0
    for index in too_long:
        refined.extend(boundaries[copied:index])
        refined.extend(
            _more_boundaries(max_characters, boundaries[index - 1] if index else 0, boundaries[index], levels)
        )
        copied = index
    refined.extend(boundaries[copied:])
    return refined


def _lengths(boundaries: Sequence[int]) -> Iterator[int]:
    return map(sub, boundaries, chain((0,), boundaries))


def _more_boundaries(max_characters: int, start: int, end: int, levels: Sequence[Level]) -> Iterator[int]:
    """Yield the boundaries between two boundaries, if they are too far apart."""
    if end - start <= max_characters or not levels:
        return
    places = levels[0](start, end)
    while end - start > max_characters:
        following = bisect_right(places, start + max_characters)
        if following and places[following - 1] > start:
            start = places[following - 1]
            yield start
            continue
        nearest = min(places[following], end) if following < len(places) else end
        for cut in _more_boundaries(max_characters, start, nearest, levels[1:]):
            yield cut
            start = cut
        if nearest - start > max_characters:
            start = nearest
            if start < end:
                yield start


def _without_blanks(text: str, ends: Sequence[int], max_characters: int) -> "array[int]":
    """Return ``ends`` moved so that white space is in a chunk with what follows it, else with what precedes it."""
    rest = array("i", reversed(ends))
    done = array("i", [0])
    while rest:
        start, end = done[-1], rest.pop()
        limit = start + max_characters
        if text[start:end].isspace():
            if rest and end < limit:
                if rest[-1] > limit and (place := _last_grapheme(text, end, limit + 1)) > end:
                    rest.append(place)
                if rest[-1] <= limit:
                    continue
            elif len(done) > 1:
                visible_end = done[-2] + len(text[done[-2] : start].rstrip())
                place = _last_grapheme(text, done[-2], visible_end)
                reach = end if visible_end < start else start + 1
                cut = place + max_characters
                if done[-2] < place and reach <= cut and (end <= cut or text[cut - 1 : cut + 1] != "\r\n"):
                    done[-1] = place
                    if end > cut:
                        rest.append(end)
                        end = cut
        done.append(end)
    return done[1:]


def _last_grapheme(text: str, start: int, end: int) -> int:
    """Return the start of the last grapheme between ``start`` and ``end``."""
    found = graphemes(text[start:end])
    return start + found[-2] if len(found) > 1 else start

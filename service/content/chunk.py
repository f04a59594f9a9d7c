"""Chunks of text, and the one rule by which anything is cut that is longer than a chunk may be."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain, pairwise
from operator import sub

from service.content.segment import characters, segments, words
from service.protocol.messages import ChunkBy

Level = Callable[[], Sequence[int]]
"""Places where a cut is possible, in order; a function, as most content never needs them."""


def text_chunks(text: str, chunk_by: ChunkBy, max_characters: int) -> list[str]:
    """``text`` as sent, in chunks of ``chunk_by``, none longer than ``max_characters``.

    What is longer is cut after a word, else after a character, else (a letter under a thousand accents) anywhere.
    """
    pieces = segments(text, chunk_by)
    if max(map(len, pieces)) <= max_characters:
        return pieces
    levels: list[Level] = [
        lambda: ends(words(text)),
        lambda: ends(characters(text)),
        lambda: range(len(text) + 1),
    ]
    places = within(max_characters, ends(pieces), levels)
    return [text[start:end] for start, end in pairwise([0, *places])]


def ends(pieces: Sequence[str]) -> "array[int]":
    """Where each piece ends in the joined text."""
    return array("i", accumulate(map(len, pieces)))


def within(max_characters: int, places: Sequence[int], levels: Sequence[Level]) -> Sequence[int]:
    """``places`` to cut at, with more of them wherever two are further apart than ``max_characters``.

    The first of ``levels`` that has a place within reach gives the furthest one there. If none has, the nearest place
    of the last level is taken, so the limit is hard only if that level is complete.
    """
    if max(map(sub, places, chain((0,), places)), default=0) <= max_characters:
        return places
    known: list[Sequence[int]] = []
    refined = array("i")
    start = 0
    for place in places:
        while place - start > max_characters:
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
                cut = known[-1][index] if index < len(known[-1]) else place
            if cut >= place:
                break
            refined.append(cut)
            start = cut
        refined.append(place)
        start = place
    return refined

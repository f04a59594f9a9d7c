"""Text in chunks: within the limit, split at the best boundary that is within it."""

import re
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from service.content.chunking.chunk import refine_boundaries, split_text
from service.content.chunking.graphemes import graphemes
from service.protocol.messages import ChunkBy
from tests.profiles import scaled
from tests.unit.content.chunking.scripts import scripts
from tests.unit.content.documents import texts
from tests.unit.content.pieces import pieces

FAMILY = "👨\u200d👩\u200d👧"
SPACES = re.compile(r"\s+")


@pytest.mark.parametrize(
    ("text", "chunk_by", "expected"),
    [
        ("Short. Of a length.", ChunkBy.SENTENCE, ["Short. ", "Of a ", "length."]),
        ("one two\n\nthree four five", ChunkBy.PARAGRAPH, ["one two\n\n", "three ", "four five"]),
        ("abcdefghijklm no", ChunkBy.WORD, ["abcdefghij", "klm ", "no"]),
        ("of abcdefghijklm no.", ChunkBy.SENTENCE, ["of ", "abcdefghij", "klm no."]),
        (f"a{FAMILY}{FAMILY} b", ChunkBy.WORD, [f"a{FAMILY}", f"{FAMILY} ", "b"]),
        ("a" + "\u0301" * 24, ChunkBy.CHARACTER, ["a" + "\u0301" * 9, "\u0301" * 10, "\u0301" * 5]),
        ("a" + "\u0301" * 12 + "bc d", ChunkBy.SENTENCE, ["a" + "\u0301" * 9, "\u0301" * 3 + "bc d"]),
        ("abcdefghi ", ChunkBy.WORD, ["abcdefghi "]),
        # White space goes with what follows, at the end with a part of what precedes.
        ("abcdefghij b", ChunkBy.WORD, ["abcdefghij", " b"]),
        ("abcdefghij   ", ChunkBy.WORD, ["abcdefghi", "j   "]),
        ("a" + " " * 12 + "b", ChunkBy.WORD, ["a" + " " * 9, " " * 3 + "b"]),
        ("a" + " " * 12 + "bcdefghijk", ChunkBy.WORD, ["a" + " " * 9, " " * 3 + "bcdefgh", "ijk"]),
        ("abcdefghij" + " " * 10 + "b", ChunkBy.WORD, ["abcdefghi", "j" + " " * 9, " b"]),
        ("a \u0301bcdefg  \t", ChunkBy.WORD, ["a \u0301bcdef", "g  \t"]),
        (f"abcdef{FAMILY}   ", ChunkBy.WORD, ["abcdef", f"{FAMILY}   "]),
        # There is more of it than its neighbours can take.
        ("a" + " " * 12, ChunkBy.WORD, ["a" + " " * 9, " " * 3]),
        (" " * 12, ChunkBy.WORD, [" " * 10, " " * 2]),
    ],
)
def test_a_long_segment_is_split_after_a_word_else_a_grapheme_else_anywhere(
    text: str, chunk_by: ChunkBy, expected: list[str]
) -> None:
    assert split_text(text, chunk_by, 10) == expected


@scaled(4)
@given(texts | scripts, st.sampled_from(ChunkBy), st.sampled_from([1, 2, 7, 16, 40, 1000]))
def test_only_a_grapheme_longer_than_the_limit_is_divided(text: str, chunk_by: ChunkBy, limit: int) -> None:
    chunks = split_text(text, chunk_by, limit)
    assert "".join(chunks) == text
    assert all(0 < len(chunk) <= limit for chunk in chunks)
    inside = {
        place
        for start, end in pairwise([0, *accumulate(map(len, CharacterBreaker(text, "root")))])
        if end - start <= limit
        for place in range(start + 1, end)
    }
    assert not inside & {*chunks.bounds}


@scaled(4)
@given(texts | scripts, st.sampled_from(ChunkBy), st.sampled_from([16, 40, 1000]))
def test_no_chunk_is_white_space_alone_where_its_neighbours_can_take_it(
    text: str, chunk_by: ChunkBy, limit: int
) -> None:
    longest = max(map(len, pieces(text, graphemes(text))), default=0)
    found = [*split_text(text, chunk_by, limit)]
    if len(found) > 1 and max(map(len, SPACES.findall(text)), default=0) + longest <= limit:
        assert not any(map(str.isspace, found))


def test_only_what_exceeds_the_limit_is_read_again() -> None:
    read: list[list[tuple[int, int]]] = [[], []]

    def level(number: int, places: Sequence[int]) -> Callable[[int, int], Sequence[int]]:
        def boundaries(start: int, end: int) -> Sequence[int]:
            read[number].append((start, end))
            return [place for place in places if start < place <= end]

        return boundaries

    levels = [level(0, [110, 150, 170, 300]), level(1, range(0, 400, 4))]
    found = refine_boundaries(10, array("i", [5, 10, 100, 106, 180, 300]), levels)
    assert read[0] == [(10, 100), (106, 180), (180, 300)]
    assert read[1] == [(10, 100), (110, 150), (150, 170), (180, 300)]
    assert max(end - start for start, end in pairwise([0, *found])) <= 10

"""Text in chunks: within the limit, split at the best boundary that is within it."""

import pytest

from service.content.chunking.chunk import split_text
from service.protocol.messages import ChunkBy

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "chunk_by", "expected"),
    [
        ("Short. Of a length.", ChunkBy.SENTENCE, ["Short. ", "Of a ", "length."]),
        ("one two\n\nthree four five", ChunkBy.PARAGRAPH, ["one two\n\n", "three ", "four five"]),
        ("abcdefghijklm no", ChunkBy.WORD, ["abcdefghij", "klm ", "no"]),
        (f"a{FAMILY}{FAMILY} b", ChunkBy.WORD, [f"a{FAMILY}", f"{FAMILY} ", "b"]),
        ("a" + "\u0301" * 24, ChunkBy.CHARACTER, ["a" + "\u0301" * 9, "\u0301" * 10, "\u0301" * 5]),
        ("abcdefghi ", ChunkBy.WORD, ["abcdefghi "]),
        ("a" + " " * 12, ChunkBy.WORD, ["a" + " " * 9, " " * 3]),
    ],
)
def test_a_long_segment_is_split_after_a_word_else_a_grapheme_else_anywhere(
    text: str, chunk_by: ChunkBy, expected: list[str]
) -> None:
    assert split_text(text, chunk_by, 10) == expected

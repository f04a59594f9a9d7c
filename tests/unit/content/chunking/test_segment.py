"""Segments: joined they are the text, none is split inside a grapheme, and none is white space alone."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from service.content.chunking.segment import characters, paragraphs, segments
from service.protocol.messages import ChunkBy
from tests.profiles import scaled
from tests.unit.content.chunking.scripts import scripts
from tests.unit.content.documents import texts
from tests.unit.content.pieces import pieces


@scaled(4)
@given(texts | scripts | st.just(""), st.sampled_from(ChunkBy))
def test_joined_segments_are_the_text_and_whole(text: str, chunk_by: ChunkBy) -> None:
    ends = segments(text, chunk_by)
    found = pieces(text, ends)
    assert "".join(found) == text
    assert all(found)
    assert not any(map(str.isspace, found)) or len(found) == 1
    assert {*ends} <= {*accumulate(map(len, CharacterBreaker(text, "root")))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\n\nthree", ["one\ntwo\n\n", "three"]),
        ("one\r\n \t\r\n\r\n  two\r\n", ["one\r\n \t\r\n\r\n  ", "two\r\n"]),
        ("\n\n one\n\ntwo\n\n", ["\n\n one\n\n", "two\n\n"]),
        ("one\u2029two", ["one\u2029", "two"]),
        ("\n\n", ["\n\n"]),
        ("one\n\n \u0301two", ["one\n\n \u0301two"]),
    ],
)
def test_a_blank_line_stays_with_the_paragraph_before_it(text: str, expected: list[str]) -> None:
    assert pieces(text, paragraphs(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301👨‍👩‍👧🇩🇪👍🏽\r\nนี้", ["e\u0301", "👨‍👩‍👧", "🇩🇪", "👍🏽\r\n", "นี้"]),
        (" a b\r\n\r\nc  ", [" a ", "b\r\n\r\n", "c  "]),
        (" ä \u0301b ", [" ä", " \u0301", "b "]),
        ("  ", ["  "]),
        ("\u3000", ["\u3000"]),
        ("", []),
    ],
)
def test_characters_are_graphemes_with_the_white_space_after_them(text: str, expected: list[str]) -> None:
    assert pieces(text, characters(text)) == expected

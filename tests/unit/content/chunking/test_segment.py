# ruff: noqa: RUF001 - the texts contain many scripts
"""Segments: joined they are the text, and none is split inside a grapheme."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.chunking.segment import characters, paragraphs, segments, sentences, word_count, words
from service.protocol.messages import ChunkBy
from tests.unit.content.documents import texts


@given(texts | st.just(""), st.sampled_from(ChunkBy))
def test_joined_segments_are_the_text_and_none_is_empty(text: str, chunk_by: ChunkBy) -> None:
    pieces = segments(text, chunk_by)
    assert "".join(pieces) == text
    assert all(pieces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two", ["one ", "two"]),
        ("  tab\tline\r\n\r\nend ", ["  ", "tab\t", "line\r\n\r\n", "end "]),
        (
            "don't re-enter foo_bar, 3.5 https://a.b/c?d",
            ["don't ", "re-enter ", "foo_bar, ", "3.5 ", "https://a.b/c?d"],
        ),
        ("naïve Äpfel", ["naïve ", "Äpfel"]),
        ("你好，世界！", ["你好，", "世界！"]),
        ("我用Python学习。", ["我", "用", "Python", "学习。"]),
        ("说“你好”（大声）。", ["说", "“你好”", "（大声）。"]),
        ("日本語の文章、カタカナ", ["日本語", "の", "文章、", "カタカナ"]),
        ("ภาษาไทย ไม่เว้นวรรค", ["ภาษา", "ไทย ", "ไม่", "เว้น", "วรรค"]),
        ("ພາສາລາວ", ["ພາສາ", "ລາວ"]),
        ("ភាសាខ្មែរមិន", ["ភាសាខ្មែរ", "មិន"]),
        ("키스의 고유", ["키스의 ", "고유"]),
        ("👨‍👩‍👧 👍🏽", ["👨‍👩‍👧 ", "👍🏽"]),
        ("a \u0301b", ["a \u0301b"]),
        ("\u0600你好", ["\u0600你好"]),
    ],
)
def test_words_end_at_spaces_or_by_dictionary(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ("Dr. Smith vs. Mr. J. R. R. Tolkien. End.", ["Dr. Smith vs. Mr. J. R. R. Tolkien. ", "End."]),
        ("The U.S. Army (e.g. Monday). Fig. 3 is 3.5 wide.", ["The U.S. Army (e.g. Monday). ", "Fig. 3 is 3.5 wide."]),
        ("1. First. 2. Second.", ["1. First. ", "2. Second."]),
        ("It is etc. and more. Done.", ["It is etc. and more. ", "Done."]),
        ("“Why?” “So.” (Yes.) Really?!", ["“Why?” ", "“So.” ", "(Yes.) ", "Really?!"]),
        ("One.\n\n\nTwo.", ["One.\n\n\n", "Two."]),
        ("\n One.", ["\n One."]),
        ("你好。世界！", ["你好。", "世界！"]),
        ("हाँ। नहीं।", ["हाँ। ", "नहीं।"]),
        ("One. \u0e33 Two.", ["One. \u0e33 Two."]),
    ],
)
def test_an_abbreviation_an_initial_or_a_list_number_does_not_end_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


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
    assert paragraphs(text) == expected


def test_characters_are_grapheme_clusters() -> None:
    assert characters("e\u0301👨‍👩‍👧🇩🇪👍🏽\r\nนี้") == ["e\u0301", "👨‍👩‍👧", "🇩🇪", "👍🏽", "\r\n", "นี้"]


@pytest.mark.parametrize(("text", "count"), [("", 0), (" \n", 0), (" a  b\n", 2), ("ä b", 2), ("你好，世界！", 2)])
def test_words_are_counted_without_white_space(text: str, count: int) -> None:
    assert word_count(text) == count

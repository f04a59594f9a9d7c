"""Graphemes: those of ICU, also where ICU is not asked."""

import sys

import pytest
from icu4py.breakers import CharacterBreaker

from service.content.chunking.graphemes import graphemes, is_of_single_characters, without_torn_graphemes
from tests.unit.content.pieces import pieces


def test_a_text_of_single_characters_has_no_other_grapheme() -> None:
    alone = [character for character in map(chr, range(sys.maxunicode + 1)) if is_of_single_characters(character)]
    assert len(alone) > 90_000
    text = "".join(f"a{character}" for character in alone) + "".join(alone)
    assert len([*CharacterBreaker(text, "root")]) == len(text) == len(graphemes(text))


@pytest.mark.parametrize(
    "grapheme",
    [
        "\r\n",
        "e\u0301",
        "1\ufe0f\u20e3",
        "🇩🇪",
        "👨\u200d👩\u200d👧",
        "👍🏽",
        "🏴\U000e0067\U000e0062\U000e007f",
        "\u1100\u1161\u11a8",
        "각\u11a8",
        "क्ष",
        "นี้",
        "\u0600" + "1",
        "မ္ဘ",
        "か\u3099",
        "ｶ\uff9e",
    ],
)
def test_no_end_is_inside_a_grapheme(grapheme: str) -> None:
    text = f"a{grapheme}{grapheme}b"
    assert pieces(text, graphemes(text)) == ["a", grapheme, grapheme, "b"]
    everywhere = graphemes("x" * len(text))
    assert [*without_torn_graphemes(text, everywhere)] == [*graphemes(text)]

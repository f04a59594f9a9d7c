# ruff: noqa: RUF001 - the texts contain many scripts
"""Unicode's test files for text boundaries (UAX #29), from Debian's package, and every kind of difference from them."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest
from icu4py.breakers import SentenceBreaker, WordBreaker

from service.content.chunking.graphemes import graphemes
from service.content.chunking.sentences import sentences
from service.content.chunking.words import words
from tests.unit.content.pieces import pieces

FOLDER = Path("/usr/share/unicode/auxiliary")

SCISSORS = "\u2701\u200d\u2701"
"""In later versions of Unicode the upper blade scissors are not a pictograph, and are not joined."""
INSIDE_OF_TOKENS = {mark + after for mark in ".!" for after in "\x01A"} | {"!a", "!0"}
"""An ASCII mark before another ASCII character is in code, in an address or in a name."""

DIFFERENT_SENTENCES = [
    ("an opening quotation mark is that of the next sentence", "走。“好。”", ["走。“", "好。”"], ["走。", "“好。”"]),
    ("an opening bracket too", "走。（好。）", ["走。（", "好。）"], ["走。", "（好。）"]),
    ("whichever way the marks are used", "Geh.»Ja.« So", ["Geh.»", "Ja.« ", "So"], ["Geh.", "»Ja.« ", "So"]),
    ("a letter follows the quotation", "“好。”她说", ["“好。”", "她说"], ["“好。”她说"]),
    ("a closing mark between spaces ends", "« Oui ! » Ah", ["« Oui ! ", "» Ah"], ["« Oui ! » ", "Ah"]),
    ("an address goes on", "https://a.b/c?q=x Go", ["https://a.b/c?", "q=x Go"], ["https://a.b/c?q=x Go"]),
    ("also in another script", "https://a.b/?文 Go", ["https://a.b/?", "文 Go"], ["https://a.b/?文 Go"]),
    ("a name goes on", "Use .NET now", ["Use .", "NET now"], ["Use .NET now"]),
    ("a file name goes on", "打开文档.PDF", ["打开文档.", "PDF"], ["打开文档.PDF"]),
    ("code goes on", "Run `A? B` now", ["Run `A? ", "B` now"], ["Run `A? B` now"]),
    ("an ellipsis belongs to the marks", "So?… Then", ["So?", "… Then"], ["So?… ", "Then"]),
    ("an abbreviation goes on", "Dr. No", ["Dr. ", "No"], ["Dr. No"]),
    ("an initial goes on", "J. Doe", ["J. ", "Doe"], ["J. Doe"]),
    ("a number follows its abbreviation", "No. 5 Elm", ["No. ", "5 Elm"], ["No. 5 Elm"]),
    ("the number of a list goes on", "1. One", ["1. ", "One"], ["1. One"]),
    ("blank lines are not sentences", "One\n\nTwo", ["One\n", "\n", "Two"], ["One\n\n", "Two"]),
]


def cases(name: str) -> Iterator[list[str]]:
    """The segments of each case of a file."""
    for line in (FOLDER / f"{name}BreakTest.txt").read_text(encoding="utf-8").splitlines():
        case, _, _comment = line.partition("#")
        parts = [part.replace("\u00d7", " ").split() for part in case.split("\u00f7")]
        if case.strip():
            yield ["".join(chr(int(code, 16)) for code in codes) for codes in parts if codes]


BLANK = {"".join(expected) for expected in cases("Sentence") if len(expected) > 1 and any(map(str.isspace, expected))}
"""No sentence is white space alone: here it belongs to its neighbour."""


def ends(parts: Iterable[str]) -> list[int]:
    return [*accumulate(map(len, parts))]


@pytest.mark.parametrize(
    ("name", "segments", "otherwise"),
    [
        ("Grapheme", graphemes, {SCISSORS}),
        ("Word", lambda text: ends(WordBreaker(text, "root")), {SCISSORS, SCISSORS.replace("\u2701", "a", 1)}),
        ("Sentence", lambda text: ends(SentenceBreaker(text, "root")), set()),
        ("Sentence", sentences, BLANK | INSIDE_OF_TOKENS),
    ],
)
def test_segments_are_those_of_unicode_except_the_listed_ones(
    name: str, segments: Callable[[str], Iterable[int]], otherwise: set[str]
) -> None:
    found = {"".join(expected) for expected in cases(name) if [*segments("".join(expected))] != ends(expected)}
    assert found == otherwise


@pytest.mark.parametrize(("name", "segments"), [("Word", words), ("Sentence", sentences)])
def test_there_is_no_boundary_where_unicode_has_none(name: str, segments: Callable[[str], Iterable[int]]) -> None:
    assert not [expected for expected in cases(name) if not {*segments("".join(expected))} <= {*ends(expected)}]


@pytest.mark.parametrize(("reason", "text", "unicode", "here"), DIFFERENT_SENTENCES)
def test_sentences_differ_from_those_of_unicode_for_a_reason(
    reason: str, text: str, unicode: list[str], here: list[str]
) -> None:
    assert [*SentenceBreaker(text, "root")] == unicode, reason
    assert pieces(text, sentences(text)) == here, reason

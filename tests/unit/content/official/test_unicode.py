"""Unicode's test files for text boundaries (UAX #29), from Debian's package."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest
from icu4py.breakers import SentenceBreaker, WordBreaker

from service.content.chunking.segment import characters, sentences, words

FOLDER = Path("/usr/share/unicode/auxiliary")

SCISSORS = "\u2701\u200d\u2701"
"""In later versions of Unicode the upper blade scissors are not a pictograph, and are not joined."""
SOFT_HYPHEN = " \u00ad"
"""In Unicode a soft hyphen belongs to the space before it; here a word begins after white space."""


def cases(name: str) -> Iterator[list[str]]:
    """The segments of each case of a file."""
    for line in (FOLDER / f"{name}BreakTest.txt").read_text(encoding="utf-8").splitlines():
        case, _, _comment = line.partition("#")
        pieces = [piece.replace("\u00d7", " ").split() for piece in case.split("\u00f7")]
        if case.strip():
            yield ["".join(chr(int(code, 16)) for code in codes) for codes in pieces if codes]


def ends(pieces: Iterable[str]) -> set[int]:
    return set(accumulate(map(len, pieces)))


@pytest.mark.parametrize(
    ("name", "segments", "otherwise"),
    [
        ("Grapheme", characters, {SCISSORS}),
        ("Word", lambda text: list(WordBreaker(text, "root")), {SCISSORS, SCISSORS.replace("\u2701", "a", 1)}),
        ("Sentence", lambda text: list(SentenceBreaker(text, "root")), set()),
    ],
)
def test_segments_are_those_of_unicode_except_the_listed_ones(
    name: str, segments: Callable[[str], list[str]], otherwise: set[str]
) -> None:
    found = {"".join(expected) for expected in cases(name) if segments("".join(expected)) != expected}
    assert found == otherwise


@pytest.mark.parametrize(
    ("name", "segments", "otherwise"), [("Word", words, {SOFT_HYPHEN}), ("Sentence", sentences, set())]
)
def test_there_is_no_boundary_where_unicode_has_none(
    name: str, segments: Callable[[str], list[str]], otherwise: set[str]
) -> None:
    found = {"".join(expected) for expected in cases(name) if not ends(segments("".join(expected))) <= ends(expected)}
    assert found == otherwise

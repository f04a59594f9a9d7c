"""Graphemes: what a reader sees as one character (the extended grapheme clusters of UAX #29)."""

import re
from array import array
from functools import partial
from itertools import accumulate, filterfalse
from unicodedata import category

from icu4py.breakers import CharacterBreaker

_LOCALE = "root"
_SEPARATOR = "\u2029"
"""Never joins a neighbour."""

# Not letters without marks, punctuation, symbols, kana and Han, which are alone among each other.
_MAY_JOIN = re.compile(
    "[^\0-\u02ff\u0370-\u0482\u048a-\u0590\u05be\u05d0-\u05f4\u0620-\u064a\u1e00-\u200b\u200e-\u20cf\u2100-\u2cee"
    "\u3000-\u3029\u3030-\u3098\u309b-\ua66e\uff01-\uff9d\ufffc\ufffd\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
    "\U00020000-\U000323af]|\r"
)
_LAST_BEFORE_MARKS = "\u02ff"
_MARKS = frozenset({"Mn", "Mc", "Me", "Cf", "Sk", "Cn"})
"""Categories whose characters may belong to a neighbour; the last because ICU has a later version of Unicode."""
# Letters that do: two vowels, two voiced marks, Hangul, prefixed letters of Indic scripts, the halves of flags.
_JOINING_LETTERS = re.compile(
    "[\u0d4e\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\uff9e\uff9f\U000111c2\U000111c3\U0001193f\U00011941"
    "\U00011a3a\U00011a84-\U00011a89\U00011d46\U00011f02\U0001f1e6-\U0001f1ff]"
)
# Those of them that are never one grapheme with a space: Hangul and the halves of flags.
_JOINING_THEIR_KIND = re.compile("[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\U0001f1e6-\U0001f1ff]+")


def is_of_single_characters(text: str) -> bool:
    """Return whether each character certainly is a grapheme."""
    return "\r" not in text if text.isascii() else _MAY_JOIN.search(text) is None


def graphemes(text: str) -> "array[int]":
    """Return the end of each grapheme. Linear in time."""
    if is_of_single_characters(text):
        return array("i", range(1, len(text) + 1))
    ends = array("i")
    end = 0
    # Not a list or a map, which hold the interpreter lock until the last one and so block the event loop.
    for grapheme in CharacterBreaker(text, _LOCALE):
        end += len(grapheme)
        ends.append(end)
    return ends


def marks_on_space(characters: str) -> frozenset[str]:
    """Return those of ``characters`` that are one grapheme with a space before them."""
    if is_of_single_characters(characters):
        return frozenset()
    some = set(_JOINING_THEIR_KIND.sub("", characters))
    alone = frozenset(graphemes(_SEPARATOR.join(f" {character}" for character in some)))
    return frozenset(character for place, character in enumerate(some) if place * 3 + 1 not in alone)


def without_torn_graphemes(text: str, ends: "array[int]", candidates: "array[int] | None" = None) -> "array[int]":
    """Return ``ends`` without those inside a grapheme, which are among ``candidates``. Linear in time.

    To list all graphemes is slow. Where characters may join, only those around an end are read: those before it that
    join, one more, which may be their base, and the one after it.
    """
    candidates = ends if candidates is None else candidates
    if not candidates or is_of_single_characters(text):
        return ends
    doubtful = array("i", filter(partial(_may_tear, text), candidates))
    if not doubtful:
        return ends
    around: list[str] = []
    left = len(text)
    for end in doubtful:
        start = end - 1
        while start and _joins(text[start]):
            start -= 1
        around.append(text[start : end + 1])
        left -= end - start
        if left < 0:
            whole = frozenset(graphemes(text))
            return array("i", filter(whole.__contains__, ends))
    found = frozenset(graphemes(_SEPARATOR.join(around)))
    after_last = accumulate(map(len, around), lambda place, length: place + length + len(_SEPARATOR))
    torn = {end for end, place in zip(doubtful, after_last, strict=True) if place - 1 not in found}
    return array("i", filterfalse(torn.__contains__, ends)) if torn else ends


def _may_tear(text: str, end: int) -> bool:
    around = text[end - 1 : end + 1]
    if around.isascii():
        return around == "\r\n"
    return len(around) > 1 and (_joins(around[0]) or _joins(around[1]))


def _joins(character: str) -> bool:
    return character > _LAST_BEFORE_MARKS and (
        category(character) in _MARKS or _JOINING_LETTERS.match(character) is not None
    )

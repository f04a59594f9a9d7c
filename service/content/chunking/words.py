"""Words: between white space, and in scripts without spaces by dictionary."""

import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, filterfalse
from unicodedata import category

from icu4py.breakers import WordBreaker

from service.content.chunking.graphemes import marks_on_space, without_torn_graphemes
from service.content.chunking.offsets import merged

_LOCALE = "root"
_SEPARATOR = "\u2029"

_WORD = re.compile(r"\S+\s*")
_NEXT_WORD = re.compile(r"(?<=\s)\S")
_BLOCK_CHARACTERS = 10_000

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han; with the punctuation of the last two.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff01-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af]"
)

# In Myanmar script, a consonant that is stacked on the next one or has no vowel ends a syllable and begins none.
_END_OF_SYLLABLE = re.compile("[\u1000-\u1021\u103f\u1075-\u1081]\u1037?[\u1039\u103a]")

_OPENING_CATEGORIES = ("Ps", "Pi")
_NOT_LAST_CATEGORIES = ("Ps", "Pi", "Cf")


def words(text: str) -> "array[int]":
    """Return the end of each word, the white space after it included, and before the first one.

    In scripts without spaces, words are found by dictionary; punctuation stays with its word. Linear in time.
    """
    ends = array("i", [len(text) - len(text.lstrip())])
    others = firsts = ""
    for start, stop in _blocks(text, ends[0]):
        found = _WORD.findall(text, start, stop)
        ends.extend(accumulate(map(len, found), initial=ends.pop()))
        found = [*filterfalse(str.isascii, found)]
        others += "".join(found)
        firsts += "".join([word[0] for word in found])
    del ends[0]
    if not ends:
        return array("i", [len(text)] if text else [])
    doubtful = array("i")
    if marks := marks_on_space(firsts):
        doubtful.extend(end for end in ends[:-1] if text[end] in marks)
    if UNSPACED.search(others) is not None:
        divisions = _divisions(text, ends)
        doubtful += divisions
        ends = merged(ends, divisions)
    return without_torn_graphemes(text, ends, doubtful)


def word_count(text: str) -> int:
    """Return the number of words between white space, plus those that a dictionary finds inside of them.

    Unlike ``words``, it counts no punctuation mark that is alone in a script without spaces, and counts a word apart
    that a mark joins with the white space before it.
    """
    count = 0
    for start, stop in _blocks(text, 0):
        found = text[start:stop].split()
        count += len(found)
        others = [*filterfalse(str.isascii, found)]
        if UNSPACED.search("".join(others)) is not None:
            unspaced = Counter(filter(UNSPACED.search, others))
            count -= unspaced.total()
            times = iter(unspaced.values())
            each = next(times)
            for word in WordBreaker(" ".join(unspaced), _LOCALE):
                if word[0] == " ":
                    each = next(times)
                elif word[0].isalnum():
                    count += each
    return count


def _blocks(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield parts of ``text`` from a word's ``start`` on: strings are read fast, but take many times the text."""
    while start < len(text):
        following = _NEXT_WORD.search(text, start + _BLOCK_CHARACTERS)
        stop = following.start() if following else len(text)
        yield start, stop
        start = stop


def _divisions(text: str, ends: "array[int]") -> "array[int]":
    """Return the ends of the words inside of tokens in an unspaced script, but that of the last in each."""
    places = array("i", _unspaced(text, ends))
    starts = array("i", (ends[place - 1] if place else 0 for place in places))
    tokens = [text[start : ends[place]] for start, place in zip(starts, places, strict=True)]
    inside = dict.fromkeys(tokens, array("i"))
    # One breaker for all, because creating one is slow. A word always ends on both sides of a separator.
    found = iter(WordBreaker(_SEPARATOR.join(inside), _LOCALE))
    for token in inside:
        divisions = array("i")
        end = len(next(found))
        while end < len(token):
            if _divides(token, end):
                divisions.append(end)
            end += len(next(found))
        inside[token] = divisions
        next(found, None)
    return array("i", (start + end for start, token in zip(starts, tokens, strict=True) for end in inside[token]))


def _unspaced(text: str, ends: "array[int]") -> Iterator[int]:
    """Yield the index of each token in an unspaced script."""
    end = 0
    while (match := UNSPACED.search(text, end)) is not None:
        place = bisect_right(ends, match.start())
        yield place
        end = ends[place]


def _divides(text: str, end: int) -> bool:
    """Return whether a word ends here: not before closing punctuation, not after opening."""
    before, after = text[end - 1], text[end]
    if before.isspace():
        return False
    if not after.isalnum() and category(after) not in _OPENING_CATEGORIES:
        return False
    if not before.isalnum() and category(before) in _NOT_LAST_CATEGORIES:
        return False
    if UNSPACED.match(after) is None and UNSPACED.match(before) is None:
        return False
    return _END_OF_SYLLABLE.match(text, end) is None

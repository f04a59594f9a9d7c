"""Segments of text by the rules of Unicode (UAX #29). Joined, the segments are the text."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from icu4py.breakers import CharacterBreaker, SentenceBreaker, WordBreaker

from service.protocol.messages import ChunkBy

_LOCALE = "root"

_SEPARATOR = "\u2029"

_TOKEN = re.compile(r"\S+\s*|\s+")

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han; with the punctuation of the last two.
_UNSPACED_CLASS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff01-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_UNSPACED = re.compile(f"[{_UNSPACED_CLASS}]")

_LINE_END = r"(?:\r\n|[\n\r\x85\u2028])"
_PARAGRAPH_END = re.compile(rf"{_LINE_END}[^\S\n\r\x85\u2028]*+{_LINE_END}\s*+|\u2029\s*+")

_LAST_BEFORE_MARKS = "\u02ff"

# Characters that belong to the preceding one, although their category is not mark.
_JOINERS = re.compile("[\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")

_ABBREVIATION = re.compile(
    r"mrs?|ms|messrs|mx|dr|prof|rev|fr|hon|sr|jr|st|mt|capt|cmdr|col|gen|lt|maj|sgt|gov|pres|rep|sen|vs|cf|viz|approx|"
    r"e\.g|i\.e|al|figs?|eq|sec|ch|vol|nr|pp|eds?|jan|feb|apr|aug|sept?|oct|nov|dec|bzw|ca|z\.b|d\.h|u\.a",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_OPENING_CATEGORIES = ("Ps", "Pi")
_NOT_LAST_CATEGORIES = ("Ps", "Pi", "Cf")
_OPENING = "([\"'\u2018\u201c\u201e\u00ab"
_ENUMERATOR = re.compile(r"\s*\(?[0-9]{1,3}\.\s*")


def segments(text: str, chunk_by: ChunkBy) -> list[str]:
    """Split ``text`` at every end of a ``chunk_by``. Linear in time."""
    match chunk_by:
        case ChunkBy.WORD:
            return words(text)
        case ChunkBy.SENTENCE:
            return sentences(text)
        case ChunkBy.PARAGRAPH:
            return paragraphs(text)
        case ChunkBy.CHARACTER:
            return characters(text)


def words(text: str) -> list[str]:
    """Return the words, each with the white space after it.

    In scripts without spaces, words are found by dictionary; punctuation stays with its word.
    """
    tokens = _TOKEN.findall(text)
    if text.isascii():
        return tokens
    pieces: list[str] = []
    copied = 0
    for place, parts in _unspaced(tokens):
        pieces += tokens[copied:place]
        pieces += parts
        copied = place + 1
    return _with_marks_rejoined(pieces + tokens[copied:] if pieces else tokens)


def word_count(text: str) -> int:
    """Return the number of words in ``text``."""
    tokens = text.split()
    return len(tokens) if text.isascii() else len(tokens) + sum(len(parts) - 1 for _, parts in _unspaced(tokens))


def sentences(text: str) -> list[str]:
    """Return the sentences with the white space after them. An abbreviation or a list number does not end one."""
    joined: list[str] = []
    pending = ""
    ended = False
    for piece in SentenceBreaker(text, _LOCALE):
        if ended and not piece.isspace():
            joined.append(pending)
            pending, ended = "", False
        pending += piece
        ended = ended or not (piece.isspace() or _goes_on(piece))
    if pending:
        joined.append(pending)
    return _with_marks_rejoined(joined)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs with the blank lines after them; leading blank lines stay with the first."""
    ends = [match.end() for match in _PARAGRAPH_END.finditer(text)]
    if ends and text[: ends[0]].isspace():
        del ends[0]
    pieces = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return _with_marks_rejoined([piece for piece in pieces if piece])


def characters(text: str) -> list[str]:
    """Return the grapheme clusters."""
    # Not list(), which holds the interpreter lock until the last one and so blocks the event loop.
    return [character for character in CharacterBreaker(text, _LOCALE)]  # noqa: C416


def _unspaced(tokens: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the index of each token in an unspaced script, and its parts: words, split where the script changes."""
    places = [
        place for place, token in enumerate(tokens) if not token.isascii() and _UNSPACED.search(token) is not None
    ]
    # One breaker for all, because creating one is slow. A word always ends on both sides of a separator.
    found = iter(WordBreaker(_SEPARATOR.join(tokens[place] for place in places), _LOCALE))
    for place in places:
        parts: list[str] = []
        part = ""
        left = len(tokens[place])
        while left:
            piece = next(found)
            left -= len(piece)
            if part and _divides(part[-1], piece[0]):
                parts.append(part)
                part = ""
            part += piece
        parts.append(part)
        next(found, None)
        yield place, parts


def _divides(before: str, after: str) -> bool:
    """Return whether a word ends between these: not before closing punctuation, not after opening."""
    if not after.isalnum() and unicodedata.category(after) not in _OPENING_CATEGORIES:
        return False
    if not before.isalnum() and unicodedata.category(before) in _NOT_LAST_CATEGORIES:
        return False
    return _UNSPACED.match(after) is not None or _UNSPACED.match(before) is not None


def _goes_on(sentence: str) -> bool:
    """Return whether the end of ``sentence`` is an abbreviation, an initial or a list number."""
    stripped = sentence.rstrip(" \t\xa0")
    if not stripped.endswith("."):
        return False
    if _ENUMERATOR.fullmatch(sentence):
        return True
    last = stripped.rsplit(None, 1)[-1].rstrip(".").lstrip(_OPENING)
    return _ABBREVIATION.fullmatch(last) is not None or (last.isupper() and _INITIALS.fullmatch(last) is not None)


def _with_marks_rejoined(pieces: list[str]) -> list[str]:
    """Return ``pieces`` merged so that none begins with a combining mark."""
    if not any(_begins_with_mark(piece) for piece in pieces if piece > _LAST_BEFORE_MARKS):
        return pieces
    joined: list[str] = []
    pending = pieces[0]
    for piece in pieces[1:]:
        if not _begins_with_mark(piece):
            joined.append(pending)
            pending = ""
        pending += piece
    joined.append(pending)
    return joined


def _begins_with_mark(piece: str) -> bool:
    first = piece[0]
    return first > _LAST_BEFORE_MARKS and (unicodedata.category(first)[0] == "M" or _JOINERS.match(first) is not None)

"""Sentences: the ends of UAX #29, before opening marks instead of after them, and without those that are none."""

import re
from array import array
from collections.abc import Iterator
from unicodedata import category

from icu4py.breakers import SentenceBreaker

from service.content.chunking.graphemes import without_torn_graphemes
from service.content.chunking.quotation import CLOSING_QUOTATION_MARKS, QuotationMarks
from service.content.chunking.words import UNSPACED

_LOCALE = "root"

_ABBREVIATION = re.compile(
    r"mrs?|ms|messrs|mx|dr|prof|rev|fr|hon|sr|jr|st|mt|capt|cmdr|col|gen|lt|maj|sgt|gov|pres|rep|sen|vs|cf|viz|approx|"
    r"e\.g|i\.e|al|figs?|eq|sec|ch|vol|nr|pp|eds?|jan|feb|apr|aug|sept?|oct|nov|dec|bzw|ca|z\.b|d\.h|u\.a",
    re.IGNORECASE,
)
_ABBREVIATION_BEFORE_NUMBER = re.compile(r"nos?|art|abs|kap|tab|bd|op|p|s", re.IGNORECASE)
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_LONGEST_ABBREVIATION = 40
_OPENING = "([\"'\u2018\u201c\u201e\u00ab"
_ENUMERATOR = re.compile(r"\s*\(?[0-9]{1,3}\.\s*")

_LINE_ENDS = "\n\r\x85\u2028\u2029"
_ASCII_MARKS = ".!?"
"""Marks that are also inside names, code and addresses."""
_ELLIPSIS = re.compile(r"[\u2025\u2026\u22ef]+\s*")
# Code in Markdown, and the rest of an address: up to white space or the punctuation of Chinese and Japanese.
_UNDIVIDED = re.compile(
    r"(?<![\w`])`[^`\n]+`(?![\w`])|"
    r"(?<=:)//[^\s<>\u2018-\u201f\u2026\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
)


def sentences(text: str) -> "array[int]":
    """Return the end of each sentence, the white space after it included. Linear in time.

    An abbreviation or a list number does not end one, nor does anything inside of a token, an address or code.
    """
    ends = array("i", _Reader(text).ends())
    if text:
        ends.append(len(text))
    return without_torn_graphemes(text, ends)


class _Reader:
    """Reads a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._quotation_marks = QuotationMarks(text)
        self._undivided = _UNDIVIDED.finditer(text) if "`" in text or "//" in text else iter(())
        self._undivided_start = self._undivided_end = 0

    def ends(self) -> Iterator[int]:
        """Yield the ends of the sentences but the last."""
        end = sentence_end = 0
        begins = True
        for piece in SentenceBreaker(self._text, _LOCALE):
            start, end = end, end + len(piece)
            if end <= sentence_end:  # a remainder: UAX #29 begins a sentence with it
                continue
            if piece.isspace():
                if sentence_end == start > 0:
                    sentence_end = end
                continue
            if sentence_end:
                yield sentence_end
                begins = True
            if begins and _ENUMERATOR.fullmatch(piece):
                sentence_end = 0
            else:
                sentence_end = self._end(start, end) if end < len(self._text) else 0
            begins = False

    def _end(self, start: int, end: int) -> int:
        """Return where a sentence ends that UAX #29 ends at ``end``, after ``start``; 0 if none does."""
        text = self._text
        last = text[end - 1]
        if last in _LINE_ENDS:
            return end
        if last in _ASCII_MARKS and text[end].isascii():
            return end if self._is_prose(start, end, end) and not self._is_undivided(end) else 0
        visible_end = end
        while text[visible_end - 1].isspace():
            visible_end -= 1
        mark_end = visible_end
        while mark_end > start and _is_quotation_or_bracket(text[mark_end - 1]):
            mark_end -= 1
        opening = next(filter(self._quotation_marks.opens, range(mark_end, visible_end)), 0) if mark_end > start else 0
        if opening:
            end = visible_end = opening
        elif not text[end].isalnum():
            end = self._with_remainder(end, is_after_space=end > visible_end)
        if end == len(text) or self._is_undivided(end):
            return 0
        if end > visible_end:
            return 0 if mark_end == visible_end and _goes_on(text, visible_end, end) else end
        if text[end - 1] in CLOSING_QUOTATION_MARKS and text[end].isalpha():
            return 0
        return end if text[mark_end - 1] not in _ASCII_MARKS or self._is_prose(start, mark_end, end) else 0

    def _with_remainder(self, end: int, *, is_after_space: bool) -> int:
        """Return ``end``, or the end of the ellipsis, or of the closing mark between spaces, that follows it."""
        text = self._text
        if not is_after_space:
            ellipsis = _ELLIPSIS.match(text, end)
            return ellipsis.end() if ellipsis else end
        is_alone = end + 1 < len(text) and text[end + 1].isspace()
        if is_alone and category(text[end]) in ("Pe", "Pf", "Pi") and not self._quotation_marks.opens(end):
            end += 1
            while end < len(text) and text[end].isspace():
                end += 1
        return end

    def _is_undivided(self, end: int) -> bool:
        """Return whether ``end`` is inside of code or an address."""
        while self._undivided_end <= end and (match := next(self._undivided, None)) is not None:
            self._undivided_start, self._undivided_end = match.span()
        return self._undivided_start < end < self._undivided_end

    def _is_prose(self, start: int, mark_end: int, end: int) -> bool:
        """Return whether an ASCII mark without white space after it ends a sentence.

        It does before a mark or letter that is not ASCII, and after a script without spaces, unless a name goes on.
        """
        text = self._text
        if not text[end].isascii():
            return True
        word_end = mark_end
        while word_end > start and text[word_end - 1] in _ASCII_MARKS:
            word_end -= 1
        is_name = text[mark_end - 1] == "." and text[end].isalnum()
        return word_end > start and not is_name and UNSPACED.match(text[word_end - 1]) is not None


def _is_quotation_or_bracket(character: str) -> bool:
    return character in "\"'" or (not character.isalnum() and category(character) in ("Ps", "Pe", "Pi", "Pf"))


def _goes_on(text: str, mark_end: int, end: int) -> bool:
    """Return whether the full stop before ``mark_end`` is that of an abbreviation or an initial."""
    if text[mark_end - 1] != ".":
        return False
    last = text[max(0, mark_end - _LONGEST_ABBREVIATION) : mark_end].rsplit(None, 1)[-1]
    last = last.rstrip(".").lstrip(_OPENING)
    return (
        _ABBREVIATION.fullmatch(last) is not None
        or (last.isupper() and _INITIALS.fullmatch(last) is not None)
        or (text[end].isdigit() and _ABBREVIATION_BEFORE_NUMBER.fullmatch(last) is not None)
    )

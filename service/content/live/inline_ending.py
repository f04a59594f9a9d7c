"""The end of a run of text that is still being written, with its delimiters, links, code and formulas."""

import re
from typing import NamedTuple

from service.content.live.document import HOLD_BACK_CHARACTERS

MAX_SWALLOWED = 1000
"""The most characters of a formula or of an image that are not shown before it is complete."""

_TOKEN = re.compile(r"\\[\s\S]?|`+|\*+|_+|~~+|!?\[|\]|\$\$?|<|&")
_LINK_END = re.compile(
    r"\([ \t\n]*(?:<[^<>\n]*>|(?:[^()\\\s<]|\\.|\((?:[^()\\\s]|\\.)*\))*)"
    r"(?:[ \t\n]+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?[ \t\n]*\)"
)
_LINK_REST = re.compile(r"\((?:[^()\\]|\\.|\([^()]*(?:\)|\Z))*\Z")
_ENTITY = re.compile(r"&(?:#[0-9A-Za-z]{0,8}|[A-Za-z][A-Za-z0-9]{0,31})?\Z")
_TAG = re.compile(r"<(?:!--[\s\S]*?-->|[^<>]*>)")
_TAG_START = re.compile(r"<(?:[A-Za-z/!?][^<>]*)?\Z")
_UNDECIDED = re.compile(r"[*_~`\\!&<]+\Z")
_ADDRESS = re.compile(r"(?<![A-Za-z0-9(<])(?:https?(?::/?/?[^\s<>]*)?|www(?:\.[^\s<>]*)?|[A-Za-z0-9._+-]+@[^\s<>]*)\Z")
_CLOSINGS = {"\\(": "\\)", "\\[": "\\]"}


class InlineEnding(NamedTuple):
    """What is converted in place of the text, and how many characters at its end are held back."""

    text: str
    held: int


class _Opened(NamedTuple):
    delimiter: str
    end: int


class _Scan:
    """Delimiters that are open at the end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.emphasis: list[_Opened] = []
        self.brackets: list[int] = []
        self.code: _Opened | None = None
        self.link: tuple[int, int] | None = None
        """Where a link begins whose address is not complete, and where its text ends."""
        self.formula: int | None = None
        self.tag: int | None = None
        self._run()

    def _run(self) -> None:
        text = self.text
        place = 0
        while (found := _TOKEN.search(text, place)) is not None:
            place = found.end()
            token = found[0]
            first = token[0]
            if first == "\\":
                if token in _CLOSINGS:
                    place = self._formula(found.start(), place, _CLOSINGS[token])
            elif first == "`":
                place = self._code(token, place)
            elif first == "$":
                place = self._dollar(found)
            elif first in "*_~":
                self._delimiter(found)
            elif token == "]":
                place = self._end_bracket(place)
            elif first == "<":
                place = self._tag(found.start(), place)
            elif first != "&":
                self.brackets.append(found.start())

    def _formula(self, start: int, end: int, closing: str) -> int:
        closed = self.text.find(closing, end)
        if closed >= 0:
            return closed + len(closing)
        if len(self.text) - start > MAX_SWALLOWED:
            return end
        self.formula = start
        return len(self.text)

    def _dollar(self, found: re.Match[str]) -> int:
        text, (start, end) = self.text, found.span()
        if len(found[0]) > 1:
            return self._formula(start, end, "$$")
        if (start and text[start - 1].isalnum()) or (end < len(text) and (text[end].isspace() or text[end].isdigit())):
            return end
        closed = text.find("$", end)
        if closed >= 0:
            return closed + 1
        if len(text) - start <= HOLD_BACK_CHARACTERS:
            self.formula = start
            return len(text)
        return end

    def _code(self, run: str, end: int) -> int:
        closing = re.compile(rf"(?<!`){run}(?!`)").search(self.text, end)
        if closing is not None:
            return closing.end()
        self.code = _Opened(run, end)
        return len(self.text)

    def _tag(self, start: int, end: int) -> int:
        tag = _TAG.match(self.text, start)
        if tag is not None:
            return tag.end()
        if _TAG_START.match(self.text, start) and len(self.text) - start <= HOLD_BACK_CHARACTERS:
            self.tag = start
            return len(self.text)
        return end

    def _end_bracket(self, end: int) -> int:
        if not self.brackets:
            return end
        start = self.brackets.pop()
        rest = self.text[end : end + 1]
        if not rest:
            self.link = start, end - 1
            return end
        if rest == "(":
            whole = _LINK_END.match(self.text, end)
            if whole is not None:
                return whole.end()
            if _LINK_REST.match(self.text, end) and len(self.text) - end <= MAX_SWALLOWED:
                self.link = start, end - 1
                return len(self.text)
        elif rest == "[":
            closed = self.text.find("]", end)
            if closed >= 0:
                return closed + 1
            self.link = start, end - 1
            return len(self.text)
        return end

    def _delimiter(self, found: re.Match[str]) -> None:
        text, (start, end) = self.text, found.span()
        run = found[0]
        if run[0] == "~" and len(run) != 2:  # noqa: PLR2004 - two strike through
            return
        before, after = text[start - 1 : start] if start else " ", text[end : end + 1] or " "
        closes = not before.isspace()
        opens = not after.isspace()
        if run[0] == "_" and before.isalnum() and after.isalnum():
            return
        left = len(run)
        while closes and left and self.emphasis and any(each.delimiter[0] == run[0] for each in self.emphasis):
            while self.emphasis[-1].delimiter[0] != run[0]:
                self.emphasis.pop()
            opened = self.emphasis.pop()
            used = min(left, len(opened.delimiter))
            left -= used
            if used < len(opened.delimiter):
                self.emphasis.append(_Opened(opened.delimiter[used:], opened.end))
        if opens and left and (not before.isalnum() or run[0] != "_"):
            self.emphasis.append(_Opened(run[:left], end))


def inline_ending(text: str, revealed: int) -> InlineEnding:
    """Return what is shown of ``text``, the last line of which is not complete."""
    scan = _Scan(text)
    if scan.code is not None:
        return _code_ending(text, scan)
    cut = len(text)
    removed: tuple[int, int] | None = None
    swallowed = False
    for place in (scan.formula, scan.tag):
        if place is not None and place < cut and (place >= revealed or len(text) - place <= HOLD_BACK_CHARACTERS):
            cut, swallowed = place, len(text) - place > HOLD_BACK_CHARACTERS
        elif place is not None and place < cut:
            cut, swallowed = place, True
    opened = scan.link[0] if scan.link is not None else next(iter(scan.brackets), None)
    if opened is not None and opened < cut:
        is_image = text[opened] == "!"
        if len(text) - opened <= HOLD_BACK_CHARACTERS and opened >= revealed:
            cut, swallowed = opened, False
        elif is_image and scan.link is not None:
            cut, swallowed = opened, True
        elif scan.link is not None:
            removed = opened, opened + 1
            cut, swallowed = min(cut, scan.link[1]), True
        elif is_image:
            cut, swallowed = opened, len(text) - opened > HOLD_BACK_CHARACTERS
    address = _ADDRESS.search(text, 0, cut)
    if address is not None and address.start() >= revealed:
        cut = address.start()
        swallowed = swallowed or len(text) - cut > HOLD_BACK_CHARACTERS
    undecided = _UNDECIDED.search(text, 0, cut)
    if undecided is not None:
        cut = undecided.start()
    entity = _ENTITY.search(text, max(0, cut - 40), cut)
    if entity is not None and (entity.start() >= revealed or entity.end() - entity.start() < 2):  # noqa: PLR2004
        cut = entity.start()
    shown = text[:cut].rstrip(" \t")
    closers = "".join(
        each.delimiter[::-1] for each in reversed(scan.emphasis) if shown[each.end :].strip() and each.end < len(shown)
    )
    if removed is not None:
        shown = shown[: removed[0]] + shown[removed[1] :]
    if closers:
        shown = shown.rstrip() + closers
    return InlineEnding(shown, 0 if swallowed else len(text) - cut)


def _code_ending(text: str, scan: _Scan) -> InlineEnding:
    """Close code."""
    opened = scan.code
    assert opened is not None, "there is open code"
    content = text[opened.end :].rstrip("`")
    emphasis = "".join(each.delimiter[::-1] for each in reversed(scan.emphasis) if each.end < opened.end)
    if not content.strip():
        start = opened.end - len(opened.delimiter)
        shown = text[:start].rstrip(" \t")
        held = len(text) - start
        closers = "".join(each.delimiter[::-1] for each in reversed(scan.emphasis) if shown[each.end :].strip())
        return InlineEnding((shown.rstrip() + closers) if closers else shown, held)
    held = len(text) - opened.end - len(content)
    return InlineEnding(text[: opened.end] + content.rstrip() + opened.delimiter + emphasis, held)

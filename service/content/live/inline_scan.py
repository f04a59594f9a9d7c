"""What is open at the end of a text with the inline elements of Markdown, found in one pass."""

import re
from typing import NamedTuple

from service.content.live.document import HOLD_BACK_CHARACTERS

MAX_SWALLOWED = 1000
"""The most characters of a formula or of an image that are not shown before it is complete."""

_DELIMITER = re.compile(r"\\[\s\S]?|`+|\*+|_+|~~+|!?\[|\]|\$\$?|<|&")
_LINK_END = re.compile(
    r"\([ \t\n]*(?:<[^<>\n]*>|(?:[^()\\\s<]|\\.|\((?:[^()\\\s]|\\.)*\))*)"
    r"(?:[ \t\n]+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?[ \t\n]*\)"
)
_LINK_REST = re.compile(r"\((?:[^()\\]|\\.|\([^()]*(?:\)|\Z))*\Z")
_TAG = re.compile(r"<(?:!--[\s\S]*?-->|[^<>]*>)")
_TAG_START = re.compile(r"<(?:[A-Za-z/!?][^<>]*)?\Z")
_CLOSINGS = {"\\(": "\\)", "\\[": "\\]"}


class Opened(NamedTuple):
    delimiter: str
    end: int


class InlineScan:
    """Delimiters that are open at the end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.emphasis: list[Opened] = []
        self.brackets: list[int] = []
        self.code: Opened | None = None
        self.link: tuple[int, int] | None = None
        """Where a link begins whose address is not complete, and where its text ends."""
        self.formula: int | None = None
        self.tag: int | None = None
        self.clean = 0
        """The last place where nothing is open."""
        self._run()

    def _run(self) -> None:
        place = 0
        while (found := _DELIMITER.search(self.text, place)) is not None:
            if not (self.emphasis or self.brackets):
                self.clean = found.start()
            place = self._read(found)
        if not (self.emphasis or self.brackets or place >= len(self.text)):
            self.clean = len(self.text)

    def _read(self, found: re.Match[str]) -> int:
        """Return the end of what begins with a delimiter."""
        written, (start, end) = found[0], found.span()
        if written in _CLOSINGS:
            return self._formula(start, end, _CLOSINGS[written])
        match written[0]:
            case "`":
                return self._code(written, end)
            case "$":
                return self._dollar(found)
            case "<":
                return self._tag(start, end)
            case "]":
                return self._end_bracket(end)
            case "[" | "!":
                self.brackets.append(start)
            case "*" | "_" | "~":
                self._delimiter(found)
        return end

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
        self.code = Opened(run, end)
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
        """Return the end of a link, an image or a reference; the end of the text if it is not complete."""
        if not self.brackets:
            return end
        start = self.brackets.pop()
        following = self.text[end : end + 1]
        closed = end
        if following == "(":
            whole = _LINK_END.match(self.text, end)
            is_open = whole is None and _LINK_REST.match(self.text, end) and len(self.text) - end <= MAX_SWALLOWED
            closed = whole.end() if whole is not None else -1 if is_open else end
        elif following in {"[", ""}:
            closed = self.text.find("]", end) + 1 or -1
        if closed >= 0:
            return closed
        self.link = start, end - 1
        return len(self.text)

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
                self.emphasis.append(Opened(opened.delimiter[used:], opened.end))
        if opens and left and (not before.isalnum() or run[0] != "_"):
            self.emphasis.append(Opened(run[:left], end))

"""Code between fences that is still being written, line by line."""

import re
from functools import lru_cache
from typing import NamedTuple, Self

from service.content.live.document import HOLD_BACK_CHARACTERS

_FENCE = re.compile(r"(?P<fence>`{3,}(?=[^`\n]*\n)|~{3,})[^\n]*\n")
MAY_CLOSE = re.compile(r"[ \t]*(?:`*|~*)[ \t]*")
"""The beginning of a line that may end the code."""
_OTHER = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ud800-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\uffff\U000f0000-\U0010ffff]"
)
"""Characters that are not written as they are."""


class Fence(NamedTuple):
    """The line that begins the code with which a source begins."""

    end: int
    closing: re.Pattern[str]
    """The line that ends it."""

    @classmethod
    def of(cls, source: str) -> Self | None:
        found = _FENCE.match(source)
        return None if found is None else cls(found.end(), _closing(found["fence"]))

    def is_open(self, source: str) -> bool:
        """Return whether no line of ``source`` ends the code."""
        return self.closing.search(source, self.end - 1) is None


@lru_cache(maxsize=16)
def _closing(fence: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=\n) {{0,3}}{fence}{fence[0]}*[ \t]*\r?\n")


def settled_code(source: str, html: str) -> int:
    """Return the length of the HTML up to the end of the last line of the code that begins ``source``.

    It is 0 if none begins it, or if it has no content yet. The lines from the first carriage return on are not counted.
    """
    fence = _FENCE.match(source)
    if fence is None or not html.startswith("<pre><code"):
        return 0
    start = html.index(">", len("<pre>")) + 1
    end = html.find("</code>", start)
    end = end if end >= 0 else len(html)
    last = html.rfind("\n", start, end) + 1
    if "\r" in source:
        lines = source.count("\n", fence.end(), source.index("\r"))
        last = start
        for _ in range(lines):
            last = html.find("\n", last) + 1
    return max(start, last) if start < end else 0


class OpenCode:
    """A block of code that begins the open blocks, and is not closed."""

    def __init__(self, fence: Fence, settled: int, html: str, waiting: str) -> None:
        self.settled = settled
        """The length of the HTML up to the end of its last whole line."""
        self._fence = fence
        self._length = len(html)
        self._waiting = waiting
        """The last line, if it may be the closing fence."""
        self._at_line_start = html.endswith("\n")

    @classmethod
    def of(cls, source: str, html: str) -> Self | None:
        """Return the code that is all of ``source``; ``None`` if it has no content yet, or is not read line by line."""
        fence = Fence.of(source)
        settled = settled_code(source, html)
        if fence is None or not settled or "\r" in source or not fence.is_open(source):
            return None
        line = source[source.rfind("\n") + 1 :]
        return cls(fence, settled, html, line if MAY_CLOSE.fullmatch(line) else "")

    @property
    def held(self) -> int:
        return len(self._waiting) if len(self._waiting) <= HOLD_BACK_CHARACTERS else 0

    def append(self, source: str) -> str | None:
        """Return the HTML of more code; ``None`` if it may be closed, or is not written as it is."""
        if _OTHER.search(source):
            return None
        text = self._waiting + source
        *lines, last = text.split("\n")
        if lines and self._ends_in(text):
            return None
        is_undecided = (lines or self._at_line_start) and MAY_CLOSE.fullmatch(last)
        self._waiting = last if is_undecided else ""
        shown = text[: len(text) - len(self._waiting)]
        html = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if lines:
            self.settled = self._length + html.rfind("\n") + 1
        if shown:
            self._at_line_start = shown.endswith("\n")
        self._length += len(html)
        return html

    def _ends_in(self, text: str) -> bool:
        return self._fence.closing.search(f"\n{text}" if self._at_line_start else text) is not None

    def may_end(self, source: str) -> bool:
        """Return whether a line of the whole source closes the code."""
        return not self._fence.is_open(source)

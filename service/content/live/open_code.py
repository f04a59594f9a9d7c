"""Code between fences that is still being written, line by line."""

import re
from typing import Self

from service.content.live.document import HOLD_BACK_CHARACTERS

_FENCE = re.compile(r"(?:`{3,}[^`\n]*|~{3,}[^\n]*)\n")
_MAY_CLOSE = re.compile(r"[ \t]*(?:`*|~*)[ \t]*")
_CLOSES = re.compile(r"^ {0,3}(?:`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_OTHER = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ud800-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\uffff\U000f0000-\U0010ffff]"
)
"""Characters that are not written as they are."""


def settled_code(source: str, html: str) -> int:
    """Return the length of the HTML up to the end of the last line of the code that begins ``source``.

    It is 0 if none begins it, or if it has no content yet.
    """
    if _FENCE.match(source) is None or not html.startswith("<pre><code") or "\r" in source:
        return 0
    start = html.index(">", len("<pre>")) + 1
    end = html.find("</code>", start)
    end = end if end >= 0 else len(html)
    return max(start, html.rfind("\n", start, end) + 1) if start < end else 0


class OpenCode:
    """A block of code that begins the open blocks, and is not closed."""

    def __init__(self, settled: int, length: int, waiting: str, *, at_line_start: bool, checked: int) -> None:
        self.settled = settled
        """The length of the HTML up to the end of its last whole line."""
        self._length = length
        """Of the HTML."""
        self._waiting = waiting
        """The last line, if it may be the closing fence."""
        self._at_line_start = at_line_start
        self._checked = checked
        """Where the line begins before which none closes the code."""

    @classmethod
    def of(cls, source: str, html: str) -> Self | None:
        """Return the code that is all of ``source``; ``None`` if it has no content yet, or is not read line by line."""
        fence = _FENCE.match(source)
        if fence is None or settled_code(source, html) == 0:
            return None
        line = source[source.rfind("\n") + 1 :]
        waiting = line if _MAY_CLOSE.fullmatch(line) else ""
        return cls(
            settled_code(source, html), len(html), waiting, at_line_start=html.endswith("\n"), checked=fence.end()
        )

    @property
    def held(self) -> int:
        return len(self._waiting) if len(self._waiting) <= HOLD_BACK_CHARACTERS else 0

    def append(self, source: str) -> str | None:
        """Return the HTML of more code; ``None`` if it may be closed, or is not written as it is."""
        if _OTHER.search(source):
            return None
        text = self._waiting + source
        *lines, last = text.split("\n")
        if any(_CLOSES.match(line) for line in lines[not self._at_line_start :]):
            return None
        is_undecided = (lines or self._at_line_start) and _MAY_CLOSE.fullmatch(last)
        self._waiting = last if is_undecided else ""
        shown = text[: len(text) - len(self._waiting)]
        html = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if lines:
            self.settled = self._length + html.rfind("\n") + 1
        if shown:
            self._at_line_start = shown.endswith("\n")
        self._length += len(html)
        return html

    def may_end(self, source: str) -> bool:
        """Return whether a line of the whole source may close the code."""
        return _CLOSES.search(source, self._checked) is not None

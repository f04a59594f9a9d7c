"""Text that is still being written."""

import re

from service.content.chunking.graphemes import graphemes, is_of_single_characters
from service.content.live.document import Change
from service.protocol.errors import EmptyContent

_MAX_GRAPHEME = 256
"""Of a longer grapheme, what is before its last characters is not waited for."""
_SYMBOLS = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
"""Each is a grapheme of its own, to which a joiner or a variation may be added."""


class TextDocument:
    """The text as it is. The last grapheme waits while other characters may belong to it."""

    def __init__(self) -> None:
        self._length = 0
        """Of what is settled, and so of what was shown before ``_revealed``."""
        self._waiting = ""
        """The last grapheme, if it may not be complete."""
        self._revealed = False
        self._has_content = False
        """Whether it is more than white space."""

    @property
    def held(self) -> int:
        return 0 if self._revealed else len(self._waiting)

    @property
    def awaits_definition(self) -> bool:
        return False

    def append(self, source: str) -> Change:
        text = self._waiting + source
        settled = len(text) - _incomplete(text)
        start = self._length
        self._length += settled
        self._waiting = text[settled:]
        self._has_content = self._has_content or bool(text.strip())
        self._revealed = self._revealed and not settled
        return Change(start, text if self._revealed else text[:settled], self._length)

    def reveal(self) -> Change:
        if self._waiting == "\r" or self._revealed:
            return Change(self._shown, "", self._length)
        self._revealed = True
        return Change(self._length, self._waiting, self._length)

    def finish(self) -> Change:
        if not self._has_content and not self._waiting.strip():
            raise EmptyContent("The content is empty. Send some text.")
        start = self._length
        text, self._waiting = self._waiting, ""
        self._length += len(text)
        return Change(start, text, self._length)

    @property
    def _shown(self) -> int:
        return self._length + (len(self._waiting) if self._revealed else 0)


def _incomplete(text: str) -> int:
    """Return the length of the last grapheme, if characters that follow may belong to it; not of letters alone."""
    start = len(text)
    while start and _may_continue(text[start - 1]):
        start -= 1
    if start == len(text):
        return 0
    run = text[start:]
    ends = graphemes(run)
    return min(len(run) - (ends[-2] if len(ends) > 1 else 0), _MAX_GRAPHEME)


def _may_continue(character: str) -> bool:
    return character == "\r" or _SYMBOLS.match(character) is not None or not is_of_single_characters(character)

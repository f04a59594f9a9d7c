"""Views whose pieces end at the end of any segment: of text, and of HTML in incremental mode."""

import re
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterable

from service.content.chunking.chunk import split_text
from service.content.chunking.html_words import html_words
from service.content.chunking.incremental import split_increments
from service.content.html.markup import has_visible_content
from service.content.live.document import Change
from service.content.live.shown import Shown
from service.content.live.view import LiveView
from service.protocol.messages import ChunkBy

_MAY_END = {ChunkBy.SENTENCE: re.compile(r"[^\w\s]"), ChunkBy.PARAGRAPH: re.compile(r"[\n\r\x85\u2028\u2029<>]")}
"""The characters without which no such segment ends, unless it is too long."""
_HAS_LETTER = re.compile(r"\w")
_CODE = frozenset({"pre", "code"})


class _SegmentView(LiveView):
    """Only what follows the last boundary is read again, which is never more than the chunk limit of plain text."""

    def __init__(self, shown: Shown, chunk_by: ChunkBy) -> None:
        super().__init__(shown, chunk_by)
        self._first = self._settled = shown.settled
        """Where reading begins, and what was settled before the change that is applied."""
        self._may_end = _MAY_END.get(chunk_by)
        self._has_end = True
        """Whether a segment may have ended which is not followed by a letter."""
        self._read()
        if shown.is_complete:
            self.finish()

    @property
    def end(self) -> int:
        return self.shown.end

    def finish(self) -> None:
        self._read()
        if self._start < self.shown.text.length:
            self.boundaries.append(self.shown.text.length)

    @property
    def _start(self) -> int:
        """The last boundary."""
        return self.boundaries[-1] if self.boundaries else self._first

    def _apply(self, change: Change, was: int) -> None:
        start, text, settled = change
        if start < was:
            del self.boundaries[bisect_left(self.boundaries, start) :]
            if not self.boundaries:  # those before it may have been trimmed
                self._first = max(self._first, self._settled)
            for cursor in self._cursors:
                cursor.replace(start, was)
            self._has_end = True
            self._read()
        elif self._adds_boundary(text):
            self._read()
        self._settled = settled

    def _adds_boundary(self, text: str) -> bool:
        """Return whether there may be a boundary that was not there before ``text``, with which the document ends."""
        if self._may_end is not None:
            *before, rest = self._may_end.split(text)
            had_end = self._has_end
            self._has_end = (had_end or bool(before)) and not _HAS_LETTER.search(rest)
            if not (had_end or before) and self.shown.text.length - self._start <= self.shown.max_chunk_characters:
                return False
        return has_visible_content(text)

    def _read(self) -> None:
        start = self._start
        window = self.shown.text.slice(start, self.shown.text.length)
        self.boundaries.extend(cut + start for cut in self._cuts(window, start) if cut > 0)

    @abstractmethod
    def _cuts(self, window: str, start: int) -> Iterable[int]:
        """Return the boundaries inside of the end of the document, from ``start`` on, relative to it."""


class TextView(_SegmentView):
    """The view of a text."""

    @property
    def _late(self) -> int:
        return self._start

    def _cuts(self, window: str, start: int) -> Iterable[int]:
        return split_text(window, self._chunk_by, self.shown.max_chunk_characters).bounds[1:-1]


class IncrementalView(_SegmentView):
    """The view of HTML in incremental mode: no boundary is inside a tag, a reference or a grapheme."""

    has_close = True

    @property
    def _late(self) -> int:
        return self.shown.settled

    def _cuts(self, window: str, start: int) -> Iterable[int]:
        limit = self.shown.max_chunk_characters
        if self._chunk_by is ChunkBy.WORD and len(window) <= limit:
            return html_words(window)[:-1]
        before = ""
        if self._may_end is not None:
            # Lines of code are read otherwise.
            names = [element.name for element in self.shown.elements.at(start).path()]
            before = "".join(f"<{name}>" for name in reversed(names) if name in _CODE)
        cuts = split_increments(before + window, self._chunk_by, limit).chunks.bounds[1:-1]
        return (cut - len(before) for cut in cuts)

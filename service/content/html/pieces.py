"""Pieces of canonical HTML: tags and text, the last of which may still change."""

import re
from typing import Final

from service.content.html.elements import ELEMENTS, names
from service.content.html.markup import INLINE, VOID

NOWHERE: Final = -1
_SETTLED = -2
"""Index of a start tag that is settled."""
MAX_UNSETTLED = 512
_MEANINGFUL_EMPTY = names("p h1 h2 h3 h4 h5 h6 li dt dd pre summary td th tr")
"""Elements that show something without content: an editor writes an empty paragraph for a blank line."""
_ENDS_LINE = frozenset({"br", "hr", "col"})
_START_TAG = re.compile(r"<([a-z][a-z0-9]*)[ >]")
END_TAGS = {name: f"</{name}>" for name in ELEMENTS}


class Pieces:
    """What has been written, with white space as a browser shows it, and no element that is empty."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        """For each open element, the index of the piece with its start tag, ``NOWHERE`` if it is not written."""
        self._settled: list[str] = []
        self.unsettled: list[str] = []
        """What follows what is settled, and may still change. A short string takes fifty bytes in addition."""
        self.after_space = True
        """Whether more white space would not be shown: at the start of a line, or after a space."""
        self.space = NOWHERE
        """Index of the last piece, if it ends with a space, which is not shown if the line ends here."""
        self._implied = range(0)
        """Indices of the pieces with the start tags of the last cell that no tag of the source opened."""
        self._ends_line_at = NOWHERE
        """Index of the piece with the start tag of the last block that ended a line with content."""

    def result(self) -> str:
        self.end_line()
        self._settle()
        return "".join(self._settled)

    def take(self) -> str:
        """Return and forget what cannot change any more: all but a space at the end, and start tags without content."""
        pieces, space = self.unsettled, self.space
        end = space if space >= 0 else len(pieces)
        last = ""
        if space >= 0 and pieces[space] != " ":
            last, pieces[space] = pieces[space][:-1], " "
        else:
            while end and (not pieces[end - 1] or _is_start_tag(pieces[end - 1])):
                end -= 1
        taken = "".join([*self._settled, *pieces[:end], last])
        if end:
            del pieces[:end]
            self.starts[:] = [start if start < 0 else _SETTLED if start < end else start - end for start in self.starts]
            self.space = space - end if space >= 0 else NOWHERE
            self._implied = range(max(self._implied.start - end, 0), max(self._implied.stop - end, 0))
            self._ends_line_at = max(self._ends_line_at - end, NOWHERE)
        self._settled.clear()
        return taken

    def _settle_if_many(self) -> None:
        """Join the pieces if there are many. Called only where none of them can change any more."""
        if len(self.unsettled) >= MAX_UNSETTLED:
            self._settle()

    def _settle(self) -> None:
        self._settled.append("".join(self.unsettled))
        self.unsettled.clear()
        self.starts[:] = [start if start == NOWHERE else _SETTLED for start in self.starts]
        self._implied, self._ends_line_at = range(0), NOWHERE

    def start(self, text: str) -> None:
        """Write the start tag of an element that becomes an open one; not if it is empty."""
        if text:
            self.starts.append(len(self.unsettled))
            self.unsettled.append(text)
        else:
            self.starts.append(NOWHERE)

    def imply_from(self, first: int) -> None:
        """Mark the start tags, if any, from the index ``first`` on: no tag of the source opened their cell."""
        self._implied = range(first, len(self.unsettled)) or self._implied

    def text(self, text: str) -> None:
        """Write text with each run of white space as one space. It is not empty, and has no space after a space."""
        if len(self.unsettled) >= MAX_UNSETTLED and text != " ":
            self._settle()
        self.after_space = text[-1] == " "
        self.space = len(self.unsettled) if self.after_space else NOWHERE
        self.unsettled.append(text)

    def preformatted(self, text: str) -> None:
        """Write text in an element that preserves white space."""
        if self.unsettled and self.unsettled[-1].startswith("<pre") and text[:2] != "\n\n":
            # A parser drops a line end at the start: content that begins with one needs another.
            text = text.removeprefix("\n")
        if text:
            self.after_space, self.space = False, NOWHERE
            self.unsettled.append(text)
            self._settle_if_many()

    def void(self, name: str, text: str) -> None:
        """Write the tag of a void element."""
        if name in _ENDS_LINE:
            self.end_line()
        elif name != "wbr":
            # A checkbox has a margin: an editor without its extension would keep the space that follows it.
            self.after_space, self.space = name == "input", NOWHERE
        self.unsettled.append(text)
        if self.space < 0:
            self._settle_if_many()

    def end(self, name: str) -> bool:
        """End the innermost open element. Return whether the words before and after it are then to be kept apart."""
        start = self.starts.pop()
        if name not in INLINE:
            if self.space >= 0:
                self.end_line()
            self.after_space = True
        if 0 <= start == len(self.unsettled) - 1:
            return self._end_empty(name, start)
        if start != NOWHERE:
            self._end_tag(name)
        return False

    def _end_empty(self, name: str, start: int) -> bool:
        """End an element without content, whose start tag is the last piece. The result is that of ``end``."""
        is_implied = start in self._implied
        if is_implied or _is_dropped_empty(name, self.unsettled[start]):
            self.unsettled.pop()
            if is_implied:
                self._implied = self._implied[:-1]
            ended_line = start == self._ends_line_at
            if ended_line:
                self.after_space = False
            return ended_line
        if name in INLINE:
            self.after_space, self.space = False, NOWHERE
        self._end_tag(name)
        return False

    def _end_tag(self, name: str) -> None:
        self.unsettled.append(END_TAGS[name])
        if self.space < 0:
            self._settle_if_many()

    def end_line(self) -> None:
        place = self.space
        if place >= 0:
            self.space = NOWHERE
            text = self.unsettled[place] = self.unsettled[place][:-1]
            if not text:
                self._drop_around(place)
        self.after_space = True

    def begin_block(self) -> None:
        """End a line that has content, for a block whose start tag is the next piece."""
        if self.space >= 0 or not self.after_space:
            self.end_line()
            self._ends_line_at = len(self.unsettled)

    def _drop_around(self, place: int) -> None:
        """Drop the inline elements around an empty piece that have no other content."""
        pieces = self.unsettled
        before, after = place - 1, place + 1
        while before >= 0 and after < len(pieces):
            if not pieces[before]:
                before -= 1
                continue
            tag = _START_TAG.match(pieces[before])
            if tag is None or pieces[after] != END_TAGS[tag[1]] or not _is_dropped_empty(tag[1], pieces[before]):
                break
            pieces[before] = pieces[after] = ""
            before, after = before - 1, after + 1
        while pieces and not pieces[-1]:
            pieces.pop()


def _is_start_tag(piece: str) -> bool:
    """Return whether it is the start tag of an element that is not void."""
    tag = _START_TAG.match(piece)
    return tag is not None and tag[1] not in VOID


def _is_dropped_empty(name: str, tag: str) -> bool:
    """Return whether an element without content is dropped: not if the editor gives its node a content."""
    return name not in _MEANINGFUL_EMPTY and " data-" not in tag and (name != "colgroup" or tag == "<colgroup>")

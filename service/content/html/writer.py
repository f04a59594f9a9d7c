"""Writing canonical HTML: strictly nested, with white space as a browser shows it, and no element that is empty."""

import re
from collections import Counter

from service.content.html.elements import ELEMENTS, names
from service.content.html.markup import INLINE, VOID, WHITESPACE
from service.content.html.nesting import ENDS_OTHERS, SCOPES, TABLE_PARTS, OpenElements
from service.content.html.references import read_text, write_text
from service.content.html.start_tag import StartTag

MAX_DEPTH = 256
"""Maximum nesting; the tags of deeper elements are removed, their content is kept."""

_MEANINGFUL_EMPTY = names("p h1 h2 h3 h4 h5 h6 li dt dd pre summary td th tr")
"""Elements that show something without content: an editor writes an empty paragraph for a blank line."""
_ENDS_LINE = frozenset({"br", "hr", "col"})
_START_TAG = re.compile(r"<([a-z][a-z0-9]*)[ >]")
_END_TAGS = {name: f"</{name}>" for name in ELEMENTS}
_NOWHERE = -1
_SETTLED = -2
"""Index of a start tag that is settled."""
_MAX_PIECES = 512


class Writer:
    """Takes tags and text in the order of the source, nested in any way."""

    def __init__(self) -> None:
        self._open = OpenElements()
        self._names = self._open.names
        self._starts: list[int] = []
        """For each open element, the index of the piece with its start tag, ``_NOWHERE`` if it is not written."""
        self._settled: list[str] = []
        self._pieces: list[str] = []
        """What follows what is settled, and may still change. A short string takes fifty bytes in addition."""
        self._too_deep: Counter[str] = Counter()
        """Open elements that are not written because of ``MAX_DEPTH``."""
        self._preformatted = self._hidden = _NOWHERE
        """Depth of the outermost element that preserves white space, and of the one that is hidden."""
        self._taken_depth = _NOWHERE
        self._taken: list[tuple[int, float]] = [(_NOWHERE, 0.0)]
        """Depth of the open elements whose styles take space, and the part of the room that is taken there."""
        self.styles_reduced = 0
        """Styles that lost declarations, because no space was left."""
        self._after_space = True
        """Whether more white space would not be shown: at the start of a line, or after a space."""
        self._space = _NOWHERE
        """Index of the last piece, if it ends with a space, which is not shown if the line ends here."""
        self._implied = range(0)
        """Indices of the pieces with the start tags of the last cell that no tag of the source opened."""
        self._ends_line_at = _NOWHERE
        """Index of the piece with the start tag of the last block that ended a line with content."""

    def start(self, tag: StartTag) -> bool:
        """Return whether the tag has a meaning at this point. Otherwise it is not written."""
        name = tag.name
        names = self._names
        is_inline = name in INLINE
        if (
            tag.is_simple
            and len(names) < MAX_DEPTH
            and (is_inline or "p" not in names)
            and self._hidden < 0
            and not self._open.is_between_cells
        ):
            if not is_inline and (self._space >= 0 or not self._after_space):
                self._end_content_line()
            names.append(name)
            self._starts.append(len(self._pieces))
            self._pieces.append(tag.text)
            return True
        return self._start(tag)

    def _start(self, tag: StartTag) -> bool:
        name = tag.name
        if name in ENDS_OTHERS and not self._make_room(name):
            return False
        if self._open.is_between_cells and name not in TABLE_PARTS:
            self._open_cell()
        if name in VOID:
            if self._hidden < 0 and tag.text and not tag.is_hidden:
                self._write_void(name, tag.text)
            return True
        if len(self._names) >= MAX_DEPTH:
            self._too_deep[name] += 1
            self._leave_out(name)
            return False
        text = tag.text
        if self._hidden < 0:
            self._begin(tag)
            if tag.space:
                text = self._with_space(tag)
        self._push(name, text)
        return True

    def end(self, name: str) -> None:
        """Close the element of an end tag, and those in it, if there is one."""
        names = self._names
        if self._too_deep:
            if len(names) < MAX_DEPTH:
                self._too_deep.clear()
            elif self._too_deep[name] > 0:
                self._too_deep[name] -= 1
                self._leave_out(name)
                return
        if names and names[-1] == name:
            self._pop()
        elif (place := self._open.at_end(name)) is not None:
            self._close(place)
        elif name == "p":
            self.separate()

    def text(self, source: str) -> None:
        """Write text as it is in the source, with references."""
        self.literal(read_text(source) if "&" in source else source)

    def literal(self, text: str) -> None:
        """Write text in which no character has a meaning."""
        if self._preformatted >= 0:
            self._write_preformatted(text)
            return
        if "\n" in text:
            text = text.replace("\n", " ")
        if "\t" in text or "\f" in text:
            text = text.replace("\t", " ").replace("\f", " ")
        while "  " in text:
            text = text.replace("  ", " ")
        if self._after_space:
            text = text.removeprefix(" ")
        if not text or self._hidden >= 0:
            return
        if self._open.is_between_cells:
            if text == " ":
                return
            self._open_cell()
            text = text.removeprefix(" ")
        self._after_space = text[-1] == " "
        if len(self._pieces) >= _MAX_PIECES and text != " ":
            self._settle()
        self._space = len(self._pieces) if self._after_space else _NOWHERE
        self._pieces.append(write_text(text))

    def separate(self) -> None:
        """Keep the words before and after this place apart, where what a browser shows between them is not written."""
        self.literal(" ")

    def has_open(self, name: str) -> bool:
        return name in self._names

    def result(self) -> str:
        self._close(0)
        self._end_line()
        self._settle()
        return "".join(self._settled)

    def _settle(self) -> None:
        """Join the pieces. Called where none of them can change any more."""
        self._settled.append("".join(self._pieces))
        self._pieces.clear()
        self._starts[:] = [start if start == _NOWHERE else _SETTLED for start in self._starts]
        self._implied, self._ends_line_at = range(0), _NOWHERE

    def _write_preformatted(self, text: str) -> None:
        if self._open.is_between_cells:
            if not text.strip(WHITESPACE):
                return
            self._open_cell()
        if self._pieces and self._pieces[-1].startswith("<pre") and text[:2] != "\n\n":
            # A parser drops a line end at the start: content that begins with one needs another.
            text = text.removeprefix("\n")
        if text and self._hidden < 0:
            self._after_space, self._space = False, _NOWHERE
            self._pieces.append(write_text(text))
            if len(self._pieces) >= _MAX_PIECES:
                self._settle()

    def _write_void(self, name: str, text: str) -> None:
        if name in _ENDS_LINE:
            self._end_line()
        elif name != "wbr":
            # A checkbox has a margin: an editor without its extension would keep the space that follows it.
            self._after_space, self._space = name == "input", _NOWHERE
        self._pieces.append(text)
        if len(self._pieces) >= _MAX_PIECES and self._space < 0:
            self._settle()

    def _leave_out(self, name: str) -> None:
        if name not in INLINE:
            self.separate()

    def _make_room(self, name: str) -> bool:
        room = self._open.at_start(name)
        if room is None:
            return False
        place, implied = room
        self._close(place)
        for parent in implied:
            self._push(parent, f"<{parent}>")
        return True

    def _open_cell(self) -> None:
        """Open a cell for content between cells, which a browser would move before the table."""
        place, _ = self._open.at_start("td") or (len(self._names), ())
        self._close(place)
        first = len(self._pieces)
        self._make_room("td")
        self._push("td", "<td>")
        self._implied = range(first, len(self._pieces))

    def _begin(self, tag: StartTag) -> None:
        """Prepare for an element that is not in a hidden one."""
        if tag.is_hidden:
            self._hidden = len(self._names)
            return
        if tag.name not in INLINE and (self._space >= 0 or not self._after_space):
            self._end_content_line()
        if tag.preserves_space and tag.text and self._preformatted < 0:
            self._preformatted = len(self._names)

    def _with_space(self, tag: StartTag) -> str:
        """Return the text of a tag whose style takes space, without that where there is none left."""
        taken = self._taken[-1][1] + tag.space
        if taken > 1:
            self.styles_reduced += 1
            return tag.without_space()
        self._taken_depth = len(self._names)
        self._taken.append((self._taken_depth, taken))
        return tag.text

    def _push(self, name: str, text: str) -> None:
        if text and self._hidden < 0:
            self._starts.append(len(self._pieces))
            self._pieces.append(text)
        else:
            self._starts.append(_NOWHERE)
        if name in SCOPES:
            self._open.push(name)
        else:
            self._names.append(name)

    def _close(self, place: int) -> None:
        while len(self._names) > place:
            self._pop()

    def _pop(self) -> None:
        name = self._names[-1]
        if name in SCOPES:
            self._open.pop()
        else:
            self._names.pop()
        start = self._starts.pop()
        if self._taken_depth == len(self._names):
            self._taken.pop()
            self._taken_depth = self._taken[-1][0]
        if self._hidden >= 0:
            if self._hidden == len(self._names):
                self._hidden = _NOWHERE
            return
        is_inline = name in INLINE
        if not is_inline:
            if self._space >= 0:
                self._end_line()
            self._after_space = True
        if self._preformatted == len(self._names):
            self._preformatted = _NOWHERE
        if start == _NOWHERE:
            return
        if start == len(self._pieces) - 1:
            self._end_empty(name, start)
        else:
            self._append_end(name)

    def _end_empty(self, name: str, start: int) -> None:
        is_implied = start in self._implied
        if is_implied or _is_dropped_empty(name, self._pieces[start]):
            self._pieces.pop()
            if is_implied:
                self._implied = self._implied[:-1]
            if start == self._ends_line_at:
                self._after_space = False
                self.separate()
            return
        if name in INLINE:
            self._after_space, self._space = False, _NOWHERE
        self._append_end(name)

    def _append_end(self, name: str) -> None:
        self._pieces.append(_END_TAGS[name])
        if len(self._pieces) >= _MAX_PIECES and self._space < 0:
            self._settle()

    def _end_line(self) -> None:
        place = self._space
        if place >= 0:
            self._space = _NOWHERE
            text = self._pieces[place] = self._pieces[place][:-1]
            if not text:
                self._drop_around(place)
        self._after_space = True

    def _end_content_line(self) -> None:
        """End a line that has content, for a block whose start tag is the next piece."""
        self._end_line()
        self._ends_line_at = len(self._pieces)

    def _drop_around(self, place: int) -> None:
        """Drop the inline elements around an empty piece that have no other content."""
        pieces = self._pieces
        before, after = place - 1, place + 1
        while before >= 0 and after < len(pieces):
            if not pieces[before]:
                before -= 1
                continue
            tag = _START_TAG.match(pieces[before])
            if tag is None or pieces[after] != _END_TAGS[tag[1]] or not _is_dropped_empty(tag[1], pieces[before]):
                break
            pieces[before] = pieces[after] = ""
            before, after = before - 1, after + 1
        while pieces and not pieces[-1]:
            pieces.pop()


def _is_dropped_empty(name: str, tag: str) -> bool:
    """Return whether an element without content is dropped: not if the editor gives its node a content."""
    return name not in _MEANINGFUL_EMPTY and " data-" not in tag and (name != "colgroup" or tag == "<colgroup>")

"""Writing canonical HTML: strictly nested, with white space as a browser shows it, and no element that is empty."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from service.content.html.attributes import without_space
from service.content.html.markup import INLINE, VOID, WHITESPACE, collapsed
from service.content.html.nesting import ANYWHERE, SCOPES, TABLE_PARTS, USUAL_POSITIONS, OpenElements
from service.content.html.pieces import END_TAGS, MAX_UNSETTLED, NOWHERE, Pieces
from service.content.html.references import rewritten_text, write_text
from service.content.html.removal import Removal, Removals
from service.content.html.slab import Item
from service.content.html.start_tag import StartTag
from service.content.html.tokens import Token

MAX_DEPTH = 256
"""Maximum nesting; the tags of deeper elements are removed, their content is kept. The parts of a table may be three
levels deeper: those that are missing are added, which must not depend on the depth of the table."""


class _Context(NamedTuple):
    """What an element makes of its content, with the elements around it."""

    is_hidden: bool = False
    preserves_space: bool = False
    taken: float = 0.0
    """The part of the room that styles take."""


class Writer:
    """Takes tags and text in the order of the source, nested in any way. What it removes is recorded."""

    def __init__(self, removals: Removals) -> None:
        self._removals = removals
        self._pieces = Pieces()
        self._open = OpenElements()
        self._names = self._open.names
        self._contexts = [(-1, _Context())]
        """Depths of the open elements that change the context, each with its context."""
        self._too_deep: Counter[str] = Counter()
        """Open elements that are not written because of ``MAX_DEPTH``."""

    def write(  # noqa: C901, PLR0912, PLR0915 - see below
        self, items: Iterator[Item], texts: Sequence[str], handle: Callable[[StartTag | Token | None, int], bool]
    ) -> bool:
        """Write the items up to one for which ``handle`` returns false. Return whether all are written.

        ``handle`` gets the tags that need more than a writer, and uses the other methods. ``texts`` are as in the
        source. The usual cases are written out here: a call for each would take longer.
        """
        names, written = self._names, self._pieces
        starts, pieces = written.starts, written.unsettled
        is_shown, flows, special = self._state()
        for action, text, number in items:
            if isinstance(action, str):
                if is_shown and len(names) > special and names[-1] == action:
                    if action in SCOPES:
                        self._open.pop()
                    else:
                        names.pop()
                    if action not in INLINE:
                        if written.space >= 0:
                            written.end_line()
                        written.after_space = True
                    if 0 <= starts[-1] == len(pieces) - 1:
                        self._end_written(action)
                    elif starts.pop() != NOWHERE:
                        pieces.append(END_TAGS[action])
                else:
                    self.end(action)
                    is_shown, flows, special = self._state()
            elif not isinstance(action, StartTag) or action.alternative:
                if not handle(action, number):
                    return False
                is_shown, flows, special = self._state()
            elif (
                is_shown
                and (position := action.position)
                and len(names) < MAX_DEPTH
                and ((position is ANYWHERE and not self._open.is_between_cells) or self._open.is_at(position))
            ):
                if position.is_void:
                    written.void(action.name, action.text)
                else:
                    if not position.is_inline and (written.space >= 0 or not written.after_space):
                        written.begin_block()
                    if position.is_scope:
                        self._open.push(action.name)
                    else:
                        names.append(action.name)
                    starts.append(len(pieces))
                    pieces.append(action.text)
            else:
                self.start(action)
                is_shown, flows, special = self._state()
            if not text:
                continue
            if not flows or self._open.is_between_cells:
                self.text(texts[number])
            elif text[-1] == " " or written.after_space or len(pieces) >= MAX_UNSETTLED:
                if not written.after_space or text[0] != " ":
                    written.text(text)
                elif text != " ":
                    written.text(text[1:])
            else:
                written.space = NOWHERE
                pieces.append(text)
        return True

    def _state(self) -> tuple[bool, bool, int]:
        """Return whether content is shown, whether its white space is collapsed too, and up to which depth that is."""
        depth, context = self._contexts[-1]
        is_shown = not (context.is_hidden or self._too_deep)
        return is_shown, is_shown and not context.preserves_space, depth + 1

    def start(self, tag: StartTag) -> None:
        """Open an element of HTML, if its tag has a meaning at this point."""
        if tag.removed:
            self._removals.add_all(tag.removed)
        if tag.is_hidden:
            self._removals.add(Removal.HIDDEN)
        if not self.open(tag):
            self._removals.add(Removal.ELEMENT)
            if tag.name in TABLE_PARTS:
                self.separate()
        elif tag.name == "input" and not tag.text:
            self._removals.add(Removal.ELEMENT)
            self.separate()

    def open(self, tag: StartTag) -> bool:
        """Return whether the tag has a meaning at this point. Otherwise it is not written."""
        name = tag.name
        if not self._make_room(name):
            return False
        if self._open.is_between_cells and name not in TABLE_PARTS:
            self._open_cell()
        context = self._contexts[-1][1]
        if name in VOID:
            if tag.text and not (context.is_hidden or tag.is_hidden):
                self._pieces.void(name, tag.text)
            return True
        if len(self._names) >= MAX_DEPTH and name not in TABLE_PARTS:
            self._too_deep[name] += 1
            self._leave_out(name)
            return False
        if context.is_hidden:
            self._push(name, "", context)
        else:
            if not tag.is_hidden and name not in INLINE:
                self._pieces.begin_block()
            self._push(name, *self._in_context(tag, context))
        return True

    def _in_context(self, tag: StartTag, context: _Context) -> tuple[str, _Context]:
        """Return the text of a tag, without the style that takes space if there is none left, and its context."""
        text = tag.text
        if tag.space:
            taken = context.taken + tag.space
            if taken > 1:
                self._removals.add(Removal.STYLE)
                text = without_space(tag)
            else:
                context = context._replace(taken=taken)
        if tag.is_hidden:
            return "", context._replace(is_hidden=True)
        if tag.preserves_space and tag.text:
            context = context._replace(preserves_space=True)
        return text, context

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
        self._text(rewritten_text(source))

    def literal(self, text: str) -> None:
        """Write text without references."""
        self._text(write_text(text))

    def separate(self) -> None:
        """Keep the words before and after this place apart, where what a browser shows between them is not written."""
        self._text(" ")

    def is_in_element(self) -> bool:
        """Return whether an element is open, written or not."""
        return bool(self._names or self._too_deep)

    def has_open(self, name: str) -> bool:
        return name in self._names

    def take(self) -> str:
        """Return what was written since the last call and cannot change any more."""
        return self._pieces.take()

    def result(self) -> str:
        """Close all elements. Return what was written, or since ``take`` was called."""
        self._close(0)
        return self._pieces.result()

    def _text(self, text: str) -> None:
        """Write text in canonical form."""
        if self._open.is_between_cells:
            if not text.strip(WHITESPACE):
                return
            self._open_cell()
        context = self._contexts[-1][1]
        if context.is_hidden:
            return
        if context.preserves_space:
            self._pieces.preformatted(text)
            return
        text = collapsed(text)
        if self._pieces.after_space:
            text = text.removeprefix(" ")
        if text:
            self._pieces.text(text)

    def _leave_out(self, name: str) -> None:
        if name not in INLINE:
            self.separate()

    def _make_room(self, name: str) -> bool:
        """Close what a start tag closes and open what it implies. Return whether it has a meaning here."""
        position = USUAL_POSITIONS.get(name)
        if position is not None and self._open.is_at(position):
            return True
        room = self._open.at_start(name)
        if room is None:
            return False
        place, implied = room
        self._close(place)
        for parent in implied:
            self._push(parent, f"<{parent}>", self._contexts[-1][1])
        return True

    def _open_cell(self) -> None:
        """Open a cell for content between cells, which a browser would move before the table."""
        place, _ = self._open.at_start("td") or (len(self._names), ())
        self._close(place)
        first = len(self._pieces.unsettled)
        self._make_room("td")
        self._push("td", "<td>", self._contexts[-1][1])
        self._pieces.imply_from(first)

    def _push(self, name: str, text: str, context: _Context) -> None:
        self._pieces.start("" if context.is_hidden else text)
        if context is not self._contexts[-1][1]:
            self._contexts.append((len(self._names), context))
        self._open.push(name)

    def _close(self, place: int) -> None:
        while len(self._names) > place:
            self._pop()

    def _pop(self) -> None:
        depth, context = self._contexts[-1]
        name = self._open.pop()
        if depth == len(self._names):
            self._contexts.pop()
        if context.is_hidden:
            self._pieces.starts.pop()
        else:
            self._end_written(name)

    def _end_written(self, name: str) -> None:
        if self._pieces.end(name):
            self.separate()

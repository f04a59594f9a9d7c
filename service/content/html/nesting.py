"""Nesting: what a start or end tag closes, as in a browser, except that every element ends with its parent.

A browser's correction of badly nested HTML is not linear: each tag may cost its depth, and open formatting is reopened
in every following block, so that 80 KB can grow to 95 MB.
"""

from collections.abc import Sequence

from msgspec import Struct

from service.content.html.elements import ELEMENTS, names
from service.content.html.markup import INLINE, VOID

_ENDS_PARAGRAPH = names(
    "address article aside blockquote dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr",
    "li main nav ol p pre section summary table ul",
)
_HEADINGS = names("h1 h2 h3 h4 h5 h6")
_RUBY_TEXTS = names("rt rp")
_IN_RUBY = _RUBY_TEXTS | {"p", "li", "dd", "dt"}
"""What the start of a ruby text closes in a ruby."""
_MAY_BE_UNWRITTEN = frozenset({"span"})
"""Open elements that may be missing in what is written, so that nothing may depend on them."""
_ENDS_ITEM = {"li": frozenset({"li"}), "dd": frozenset({"dd", "dt"}), "dt": frozenset({"dd", "dt"})}
_HOLDS_ITEMS = _ENDS_PARAGRAPH - {"address", "div", "p"}
_CELLS = frozenset({"td", "th", "caption"})
_SECTIONS = frozenset({"tbody", "thead", "tfoot"})
_IMPLIED = {"col": ("colgroup",), "tr": ("tbody",), "td": ("tbody", "tr"), "th": ("tbody", "tr")}

TABLE_PARTS = _CELLS | _SECTIONS | {"tr", "col", "colgroup"}
SCOPES = _CELLS | {"table"}
"""Elements that an end tag in them does not reach beyond."""
ENDS_OTHERS = _ENDS_PARAGRAPH | TABLE_PARTS | _RUBY_TEXTS | {"a"}
"""Elements whose start tag may close open elements."""


class Position(Struct, frozen=True):
    """The usual position of a start tag, in which it closes and implies nothing."""

    is_inline: bool
    is_void: bool = False
    is_scope: bool = False
    outside: frozenset[str] = frozenset()
    """In none of these elements."""
    parents: frozenset[str] | None = None
    """Directly in one of these; ``None`` for anything but directly in a table or in its rows."""


_OUTSIDE = {
    **dict.fromkeys(_ENDS_PARAGRAPH, names("p")),
    **dict.fromkeys(_HEADINGS | {"table"}, _HEADINGS | {"p"}),
    "a": names("a"),
}
_PARENTS = {
    "li": names("ul ol"),
    **dict.fromkeys(("dt", "dd"), names("dl")),
    **dict.fromkeys(_SECTIONS | {"caption", "colgroup"}, names("table")),
    "tr": _SECTIONS,
    **dict.fromkeys(("td", "th"), names("tr")),
    "col": names("colgroup"),
}
ANYWHERE = Position(is_inline=True)
USUAL_POSITIONS = {
    **{
        name: Position(
            name in INLINE, name in VOID, name in SCOPES, _OUTSIDE.get(name, frozenset()), _PARENTS.get(name)
        )
        for name in ELEMENTS & ENDS_OTHERS - _RUBY_TEXTS
    },
    **dict.fromkeys(INLINE - ENDS_OTHERS - VOID, ANYWHERE),
    **dict.fromkeys((INLINE & VOID) | {"img"}, Position(is_inline=True, is_void=True)),
}


class OpenElements:
    """The names of the open elements, outermost first."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._scopes = [-1]
        """Indices of the open elements in ``SCOPES``."""
        self.is_between_cells = False
        """Whether a table is open, but no cell in it: content here would be moved before the table by a browser."""

    def push(self, name: str) -> None:
        if name in SCOPES:
            self._scopes.append(len(self.names))
            self.is_between_cells = name == "table"
        self.names.append(name)

    def pop(self) -> str:
        name = self.names.pop()
        if name in SCOPES:
            self._scopes.pop()
            scope = self._scopes[-1]
            self.is_between_cells = scope >= 0 and self.names[scope] == "table"
        return name

    def is_at(self, position: Position) -> bool:
        """Return whether the next start tag would be at this position."""
        if position.parents is None:
            return not self.is_between_cells and (not position.outside or position.outside.isdisjoint(self.names))
        names = self.names
        return bool(names) and names[-1] in position.parents and position.outside.isdisjoint(names)

    def at_start(self, name: str) -> tuple[int, Sequence[str]] | None:
        """Return the number of elements that stay open before a start tag, and the elements that it implies.

        ``None`` if the tag has no meaning here.
        """
        place, bottom = len(self.names), self._scopes[-1]
        if name in TABLE_PARTS:
            return self._at_table_part(name) if bottom >= 0 else None
        if name == "table" and self.is_between_cells:
            place, bottom = bottom, self._scopes[-2]
        if name in _ENDS_ITEM:
            place = self._before_item(_ENDS_ITEM[name], place, bottom)
        if name in _ENDS_PARAGRAPH:
            place = self._before_last("p", place, bottom)
            if name in _HEADINGS or name == "table":
                place = self._before_heading(place, bottom)
        elif name == "a":
            place = self._before_last("a", place, bottom)
        elif name in _RUBY_TEXTS:
            ends = _IN_RUBY if "ruby" in self.names[bottom + 1 :] else _RUBY_TEXTS
            while (before := self._before_top(ends, place)) < place:
                place = before
        return place, ()

    def at_end(self, name: str) -> int | None:
        """Return the index of the element that an end tag closes, ``None`` if it is not open in the same cell."""
        place = self._last_heading() if name in _HEADINGS else self._last(name)
        if place is None or name == "table":
            return place
        if name in _CELLS:
            reachable = place == self._scopes[-1]
        elif name in TABLE_PARTS:
            reachable = place > (self._last("table") or 0)
        else:
            reachable = place > self._scopes[-1]
        return place if reachable else None

    def _last(self, name: str) -> int | None:
        if name not in self.names:
            return None
        return len(self.names) - 1 - self.names[::-1].index(name)

    def _last_heading(self) -> int | None:
        """Return the index of the innermost heading in this cell: the end tag of any closes it."""
        bottom = self._scopes[-1] + 1
        inside = self.names[bottom:]
        if _HEADINGS.isdisjoint(inside):
            return None
        return len(self.names) - next(number for number, name in enumerate(reversed(inside), 1) if name in _HEADINGS)

    def _at_table_part(self, name: str) -> tuple[int, Sequence[str]]:
        """Stay in the innermost table, at the level of ``name``."""
        names, cell = self.names, self._scopes[-1]
        table = cell if self.is_between_cells else self._scopes[-2]
        end = len(names) if self.is_between_cells else cell
        place = table + 1
        parents = _IMPLIED.get(name, ())
        for number, parent in enumerate(parents):
            child = names[place] if place < end else ""
            if child != parent and not (child in _SECTIONS and parent in _SECTIONS):
                return place, parents[number:]
            place += 1
        return place, ()

    def _before_top(self, ends: frozenset[str], place: int) -> int:
        index = place - 1
        while index >= 0 and self.names[index] in _MAY_BE_UNWRITTEN:
            index -= 1
        return index if index >= 0 and self.names[index] in ends else place

    def _before_heading(self, place: int, bottom: int) -> int:
        """A heading in another would be twice as large, and the next one twice again: none is, not even in a table."""
        return next((index for index in range(bottom + 1, place) if self.names[index] in _HEADINGS), place)

    def _before_last(self, name: str, place: int, bottom: int) -> int:
        if place and self.names[place - 1] == name:
            return place - 1
        if name not in self.names:
            return place
        inside = self.names[bottom + 1 : place]
        return place - 1 - inside[::-1].index(name) if name in inside else place

    def _before_item(self, items: frozenset[str], place: int, bottom: int) -> int:
        inside = self.names[bottom + 1 : place]
        if not _HOLDS_ITEMS.isdisjoint(inside):
            for distance, name in enumerate(reversed(inside), 1):
                if name in _HOLDS_ITEMS:
                    return place - distance if name in items else place
        return place

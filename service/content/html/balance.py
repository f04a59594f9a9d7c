"""Balancing: hostile nesting is removed from HTML before a tree is built.

A browser's correction of badly nested HTML is not linear: each tag may cost its depth, and open formatting is reopened
in every following block, so that 80 KB can grow to 95 MB. After balancing every element ends with its parent, none is
deeper than ``MAX_DEPTH``, and whatever switches the tokenizer into another mode (comments, scripts, SVG, …) is removed,
so that the sanitiser parses the same structure. Balancing does not make HTML safe: the sanitiser does.
"""

import re
from collections import defaultdict

from service.content.html.elements import EMPTIED, names
from service.content.html.removal import Removal, Removals

MAX_DEPTH = 256
"""Maximum nesting; the tags of deeper elements are removed, their content is kept."""

_SPACE = r"\t\n\f\r\ "
_ATTRIBUTES = rf"""
    (?: [{_SPACE}/]++
      | [^{_SPACE}/>][^{_SPACE}/>=]*+
        (?: [{_SPACE}]*+=[{_SPACE}]*+ (?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^{_SPACE}>]++ )?+ )?+
    )*+
"""
# Every alternative that begins succeeds, at the latest at the end of the input: nothing is scanned twice.
_TOKEN = re.compile(
    rf"""
    <!--(?:-?>|.*?(?:--!?>|\Z))
  | <(?:[!?]|/(?![a-z]))[^>]*+(?:>|\Z)
  | <(?P<emptied>{"|".join(sorted(EMPTIED))})(?=[{_SPACE}/>]){_ATTRIBUTES}
    (?: >(?<=/>) | >.*?(?:</(?P=emptied)(?=[{_SPACE}/>])[^>]*+(?:>|\Z)|\Z) | \Z )
  | <(?P<end>/?)(?P<name>[a-z][^{_SPACE}/>]*+)(?P<attributes>{_ATTRIBUTES})(?:(?P<whole>>)|\Z)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)

_VOID = names(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr"
)
# A parser would switch its mode or scope for these.
_TRANSPARENT = names("applet body frameset head html listing marquee object plaintext xmp")
_ENDS_PARAGRAPH = names(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form h1",
    "h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre search section summary table ul",
)
_ENDS_ITSELF = frozenset({"a", "button", "nobr"})
_ENDS_ITEM = {"li": frozenset({"li"}), "dd": frozenset({"dd", "dt"}), "dt": frozenset({"dd", "dt"})}
_HOLDS_ITEMS = _ENDS_PARAGRAPH - {"address", "div", "p"} | {"button"}
_CELLS = frozenset({"td", "th", "caption"})
_SECTIONS = frozenset({"tbody", "thead", "tfoot"})
_IMPLIED = {"col": ("colgroup",), "tr": ("tbody",), "td": ("tbody", "tr"), "th": ("tbody", "tr")}
_TABLE_PARTS = _CELLS | _SECTIONS | {"tr", "col", "colgroup"}
_SCOPES = _CELLS | {"table"}
_SPECIAL = _VOID | _TRANSPARENT | _ENDS_PARAGRAPH | _ENDS_ITSELF | _TABLE_PARTS


def balance(html: str, elements: frozenset[str], removals: Removals) -> str:
    """Return ``html`` with every element closed, at the latest where its parent ends, and none too deep.

    Well-formed HTML is returned unchanged, except for comments, the elements that the policy empties, and end tags that
    a table may omit. Removals are recorded in ``removals``, also of those not in ``elements``. Linear in
    time.
    """
    kept: list[str] = []
    copied = 0
    open_elements = _OpenElements()
    for token in _TOKEN.finditer(html):
        keeps, end_tags = False, ""
        emptied, end, name, attributes, whole = token.groups()
        if not name:
            removals.add(Removal.SUBTREE if emptied else Removal.COMMENT)
        elif end:
            if whole:
                keeps, end_tags = open_elements.end(name.lower())
        else:
            name = name.lower()
            if whole:
                keeps, end_tags = open_elements.start(name)
            if not keeps or name not in elements:
                removals.add(Removal.ELEMENT)
            elif attributes:
                removals.tags.append(attributes)
        if keeps and not end_tags:
            continue
        text = html[copied : token.start()]
        # The following text must not turn a lone "<" into a tag.
        kept.append(text[:-1] + "&lt;" if text.endswith("<") else text)
        kept.append(end_tags)
        copied = token.start() if keeps else token.end()
    if not kept:
        return html
    kept.append(html[copied:])
    return "".join(kept)


class _OpenElements:
    """The open elements during the scan, outermost first, as a browser would have them.

    ``start`` and ``end`` take the name of a tag and return whether the tag is kept and which end tags precede it.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._scopes = [-1]
        """Indices of open tables and cells: an end tag does not close beyond the innermost."""

    def start(self, name: str) -> tuple[bool, str]:
        if name not in _SPECIAL:
            return self._push(name), ""
        if name in _TRANSPARENT:
            return False, ""
        end_tags = ""
        if name in _TABLE_PARTS:
            if len(self._scopes) == 1:
                return False, ""
            end_tags = self._enter_table_part(name)
        elif name == "table" and self._innermost_scope() == "table":
            end_tags = self._close(self._scopes[-1])
        if name in _ENDS_ITEM:
            end_tags += self._close_item(_ENDS_ITEM[name])
        if name in _ENDS_PARAGRAPH:
            end_tags += self._close_last("p")
        elif name in _ENDS_ITSELF:
            end_tags += self._close_last(name)
        if name in _VOID:
            return True, end_tags
        return self._push(name), end_tags

    def end(self, name: str) -> tuple[bool, str]:
        if self._names and self._names[-1] == name:
            self._pop()
            return len(self._names) < MAX_DEPTH, ""
        places = self._places[name]
        if not places:
            return False, ""
        place = places[-1]
        if name == "table":
            reachable = True
        elif name in _CELLS:
            reachable = place == self._scopes[-1]
        elif name in _TABLE_PARTS:
            reachable = place > self._places["table"][-1]
        else:
            reachable = place > self._scopes[-1]
        if not reachable:
            return False, ""
        end_tags = self._close(place + 1)
        self._pop()
        return place < MAX_DEPTH, end_tags

    def _enter_table_part(self, name: str) -> str:
        """Close elements in the innermost table down to the level of ``name``, and open those that it implies."""
        end_tags = self._close(self._scopes[-1]) if self._innermost_scope() in _CELLS else ""
        place = self._scopes[-1] + 1
        implied: list[str] = []
        for parent in _IMPLIED.get(name, ()):
            child = self._names[place] if place < len(self._names) else ""
            if not implied and (child == parent or (child in _SECTIONS and parent in _SECTIONS)):
                place += 1
            else:
                implied.append(parent)
        end_tags += self._close(place)
        for element in implied:
            self._push(element)
        return end_tags

    def _innermost_scope(self) -> str | None:
        return self._names[self._scopes[-1]] if len(self._scopes) > 1 else None

    def _close_last(self, name: str) -> str:
        places = self._places[name]
        return self._close(places[-1]) if places and places[-1] > self._scopes[-1] else ""

    def _close_item(self, items: frozenset[str]) -> str:
        bottom = max(self._scopes[-1], len(self._names) - MAX_DEPTH)
        for place in range(len(self._names) - 1, bottom, -1):
            if self._names[place] in items:
                return self._close(place)
            if self._names[place] in _HOLDS_ITEMS:
                break
        return ""

    def _close(self, place: int) -> str:
        """Close all elements from ``place`` on; return their end tags."""
        end_tags: list[str] = []
        while len(self._names) > place:
            name = self._pop()
            if len(self._names) < MAX_DEPTH:
                end_tags.append(f"</{name}>")
        return "".join(end_tags)

    def _push(self, name: str) -> bool:
        """Return whether it is within ``MAX_DEPTH``."""
        place = len(self._names)
        self._names.append(name)
        self._places[name].append(place)
        if name in _SCOPES:
            self._scopes.append(place)
        return place < MAX_DEPTH

    def _pop(self) -> str:
        name = self._names.pop()
        self._places[name].pop()
        if name in _SCOPES:
            self._scopes.pop()
        return name

"""The blocks of Markdown that are in no other, and what in them later text can change."""

import re
from typing import Any

from msgspec import Struct, field

from service.content.html.elements import names
from service.content.markdown.convert import PARSER
from service.content.markdown.raw_tags import HTML_NAMES

_OF_LINES = names(
    "a abbr b big br cite code del dfn em i img ins kbd mark q s samp small span strike strong sub sup tt u var wbr",
)
"""Elements of a line, which end with the block that they are in."""
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)([^>]*)")
_STYLE = re.compile(r"\bstyle\b", re.IGNORECASE)
_BRACKET = re.compile(rb"[\[\]]")
_DEFINES = re.compile(rb"\[((?:[^\[\]\\]|\\.)+)\]:", re.DOTALL)
_DISPLAYED = re.compile(rb"\$\$|\\\[")
_PARAGRAPH_END = re.compile(rb"\n[ \t>]*\n")
_PREFIX = re.compile(rb"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*")
_PRIVATE = 0xEE
"""The first byte of a character that may stand for a formula, in UTF-8, is not less."""
_LEAVES = frozenset({"Paragraph", "Heading", "Item", "TableCell"})
_CONTAINERS = frozenset({"List", "BlockQuote", "FootnoteDefinition"})
_WITHOUT_TEXT = frozenset({"CodeBlock", "FencedCode", "HtmlBlock", "Rule"})
_BY_LABEL = frozenset({"Reference", "Collapsed", "Shortcut"})


class Block(Struct):
    """A block: offsets in UTF-8 bytes."""

    kind: str
    """The name of the parser; ``FencedCode`` for one kind of its code blocks."""
    start: int
    end: int
    labels: set[str] = field(default_factory=set)
    """Texts in brackets that are no links: a later definition makes them links."""
    references: set[str] = field(default_factory=set)
    """Labels of links in it."""
    defines: frozenset[str] = frozenset()
    """Labels that are defined in it."""
    is_final: bool = True
    """Whether it has nothing else that depends on later blocks: no footnotes, and no definitions."""
    has_html: bool = False
    """Whether HTML in it may be open at its end."""
    opens_formula: bool = False
    """Whether it has a delimiter of a formula whose other one may be in a later block."""


def top_level(source: bytes) -> list[Block]:
    """Return the blocks of ``source``. Link reference definitions are in none."""
    blocks = _Reader(source).run()
    for block in blocks:
        if block.kind in _WITHOUT_TEXT:
            continue
        own = source[block.start : block.end]
        if block.kind in _CONTAINERS and b"]:" in own:
            block.defines = _defined(own)
        if b"[^" in own or block.defines:
            block.is_final = False
        if b"$$" in own or rb"\[" in own:
            block.opens_formula = _leaves_formula_open(source, block.start, block.end)
    return blocks


class _Reader:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._blocks: list[Block] = []
        self._depth = 0
        self._in_code = False
        self._has_brackets = b"[" in source
        self._bracket: int | None = None
        """The offset of the last bracket that is open."""

    def run(self) -> list[Block]:
        for event, place in PARSER.events_with_range(self._source.decode()):
            start, end = place["start"], place["end"]
            if isinstance(event, str):
                if self._depth == 0:
                    self._blocks.append(Block(event, start, end))
                continue
            name: str
            value: Any
            ((name, value),) = event.items()
            if name == "Start":
                self._start(value, start, end)
            elif name == "End":
                self._depth -= 1
                self._in_code = False
            elif name == "Text":
                if self._has_brackets and not self._in_code:
                    self._text(start, end)
            elif name == "InlineHtml":
                self._blocks[-1].has_html = self._blocks[-1].has_html or not _is_of_line(value)
        return self._blocks

    def _start(self, tag: str | dict[str, Any], start: int, end: int) -> None:
        kind, value = (tag, None) if isinstance(tag, str) else next(iter(tag.items()))
        if self._depth == 0:
            is_fenced = kind == "CodeBlock" and value != "Indented"
            self._blocks.append(Block("FencedCode" if is_fenced else kind, start, end))
        self._depth += 1
        self._in_code = kind == "CodeBlock"
        if kind in _LEAVES:
            self._bracket = None
        elif kind == "HtmlBlock":
            self._blocks[-1].has_html = True
        elif kind == "FootnoteDefinition":
            self._blocks[-1].is_final = False
        elif isinstance(value, dict) and value.get("link_type") in _BY_LABEL:
            self._blocks[-1].references.add(_normalised(value["id"].encode()))

    def _text(self, start: int, end: int) -> None:
        for found in _BRACKET.finditer(self._source, start, end):
            place = found.start()
            if place == start and _is_escaped(self._source, place):
                continue
            if found[0] == b"[":
                self._bracket = place
            elif self._bracket is not None:
                label = self._source[self._bracket + 1 : place]
                if label.strip():
                    self._blocks[-1].labels.add(_normalised(label))
                self._bracket = None


def labels_of(definitions: bytes) -> frozenset[str]:
    """Return the labels that are defined."""
    return frozenset(_normalised(found[1]) for found in _DEFINES.finditer(definitions))


def _normalised(label: bytes) -> str:
    return " ".join(label.decode().casefold().split())


def _is_of_line(tag: str) -> bool:
    """Return whether a tag in a line, as HTML or as text, changes nothing beyond its block."""
    found = _TAG.match(tag)
    if found is None:
        return True
    name = found[1].lower()
    return name not in HTML_NAMES or (name in _OF_LINES and _STYLE.search(found[2]) is None)


def _is_escaped(source: bytes, place: int) -> bool:
    first = place
    while first and source[first - 1] == ord("\\"):
        first -= 1
    return (place - first) % 2 == 1


def _defined(source: bytes) -> frozenset[str]:
    """Return the labels that a container defines."""
    labels = (found[1] for found in _DEFINES.finditer(source))
    return frozenset(_normalised(label) for label in labels if _is_definition(source, label))


def _is_definition(source: bytes, label: bytes) -> bool:
    """Return whether a reference to ``label`` after ``source`` is a link."""
    is_link = False
    for event in PARSER.events(b"".join([source, b"\n\n.\n\n[", label, b"]\n"]).decode()):
        if event == {"Start": "Paragraph"}:
            is_link = False
        elif isinstance(event, dict) and isinstance(start := event.get("Start"), dict):
            is_link = is_link or "Link" in start
    return is_link


def _leaves_formula_open(source: bytes, start: int, end: int) -> bool:
    r"""Return whether a delimiter is left, once formulas are hidden, whose other one could follow.

    It changes something if it is alone in its line, or if formulas follow in its paragraph: it could contain them.
    """
    for found in _DISPLAYED.finditer(source, start, end):
        if found[0] == rb"\[" and _is_escaped(source, found.start()):
            continue
        paragraph_end = _PARAGRAPH_END.search(source, found.end())
        if paragraph_end is None:
            return True
        rest = source[found.end() : paragraph_end.start()]
        if found[0] == rb"\[" and rb"\]" in rest:
            continue
        line = source.rfind(b"\n", 0, found.start()) + 1
        is_alone = _PREFIX.fullmatch(source, line, found.start()) and not rest.partition(b"\n")[0].strip()
        if is_alone or b"$" in rest or rb"\(" in rest or any(byte >= _PRIVATE for byte in rest):
            return True
    return False

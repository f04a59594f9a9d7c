"""The blocks of Markdown that are in no other, and which of them later text can change."""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from service.content.markdown.convert import PARSER
from service.content.markdown.raw_tags import HTML_NAMES

INLINE_NAMES = frozenset(
    "a abbr b big br cite code del dfn em i img ins kbd mark q s samp small span strike strong sub sup tt u var wbr".split()
)
"""Elements of a line, which end with the block that they are in."""

_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)([^>]*)")
_CHANGES_SPACE = re.compile(r"\bstyle\b|\bhidden\b", re.IGNORECASE)
_BRACKET = re.compile(rb"[\[\]]")
_DEFINES = re.compile(rb"\[((?:[^\[\]\\]|\\.)+)\]:", re.DOTALL)
_DISPLAYED = re.compile(rb"\$\$|\\\[")
_PARAGRAPH_END = re.compile(rb"\n[ \t>]*\n")
_PREFIX = re.compile(rb"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*")
_LEAVES = frozenset({"Paragraph", "Heading", "Item", "TableCell"})
_CONTAINERS = frozenset({"List", "BlockQuote", "FootnoteDefinition"})
_NO_TEXT = frozenset({"CodeBlock", "HtmlBlock", "Rule"})


class Block(Struct):
    """A block: offsets in UTF-8 bytes."""

    kind: str
    """The name of the parser; ``FencedCode`` for one kind of its code blocks."""
    start: int
    end: int
    labels: set[str]
    """Texts in brackets that are no links: a later definition makes them links."""
    is_final: bool = True
    """Whether what the block becomes depends, apart from its labels, on nothing that follows it."""
    opens_formula: bool = False
    """Whether it has a delimiter of a formula whose other one may be in a later block."""


def top_level(source: bytes) -> list[Block]:
    """Return the blocks of ``source``. Link reference definitions are in none."""
    blocks: list[Block] = []
    depth = 0
    has_brackets = b"[" in source
    bracket: int | None = None
    in_code = False
    block: Block | None = None
    for event, place in PARSER.events_with_range(source.decode()):
        if isinstance(event, str):
            if depth == 0:
                blocks.append(Block(event, place["start"], place["end"], set()))
            continue
        ((name, value),) = event.items()
        if name == "Start":
            kind, data = _kind(value)
            if depth == 0:
                block = Block(_name(kind, data), place["start"], place["end"], set())
                block.is_final = kind not in ("HtmlBlock", "FootnoteDefinition")
                blocks.append(block)
            depth += 1
            if kind in _LEAVES:
                bracket = None
            in_code = in_code or kind == "CodeBlock"
            if kind in ("HtmlBlock", "FootnoteDefinition") and block is not None:
                block.is_final = False
        elif name == "End":
            depth -= 1
            if in_code and _kind(value)[0] == "CodeBlock":
                in_code = False
        elif block is None:
            continue
        elif name == "Text":
            if has_brackets and not in_code:
                bracket = _read_brackets(source, place["start"], place["end"], bracket, block.labels)
        elif name == "InlineHtml":
            block.is_final = block.is_final and is_inline(value)
        elif name == "FootnoteReference":
            block.is_final = False
    for block in blocks:
        if block.kind in _NO_TEXT or block.kind == "FencedCode":
            continue
        own = source[block.start : block.end]
        if b"[^" in own or (block.kind in _CONTAINERS and _defines(own)):
            block.is_final = False
        if b"$$" in own or rb"\[" in own:
            block.opens_formula = _leaves_formula_open(source, block.start, block.end)
    return blocks


def _kind(value: Any) -> tuple[str, Any]:
    if isinstance(value, str):
        return value, None
    ((kind, data),) = value.items()
    return kind, data


def _name(kind: str, data: object) -> str:
    return "FencedCode" if kind == "CodeBlock" and data != "Indented" else kind


def is_inline(tag: str) -> bool:
    """Return whether a tag in a line, as HTML or as text, changes nothing beyond its block."""
    found = _TAG.match(tag)
    if found is None:
        return True
    name = found[1].lower()
    if name not in HTML_NAMES:
        return True
    return name in INLINE_NAMES and _CHANGES_SPACE.search(found[2]) is None


def _read_brackets(source: bytes, start: int, end: int, bracket: int | None, labels: set[str]) -> int | None:
    """Add the labels that end in a text to ``labels``. Return the offset of the open bracket."""
    for found in _BRACKET.finditer(source, start, end):
        place = found.start()
        if place == start and _is_escaped(source, place):
            continue
        if found[0] == b"[":
            bracket = place
        elif bracket is not None:
            label = source[bracket + 1 : place]
            if label.strip():
                labels.add(normalised_label(label.decode()))
            bracket = None
    return bracket


def _is_escaped(source: bytes, place: int) -> bool:
    first = place
    while first and source[first - 1] == ord("\\"):
        first -= 1
    return (place - first) % 2 == 1


def normalised_label(label: str) -> str:
    """Return what two labels have in common that name the same."""
    return " ".join(label.casefold().split())


def defined_labels(source: bytes) -> set[str]:
    """Return the labels before a colon, which may be definitions."""
    return {normalised_label(found[1].decode()) for found in _DEFINES.finditer(source)}


def _defines(source: bytes) -> bool:
    """Return whether a definition is in a container."""
    return any(_is_definition(source, found[1]) for found in _DEFINES.finditer(source))


def _is_definition(source: bytes, label: bytes) -> bool:
    events: Iterable[Any] = PARSER.events(b"".join([source, b"\n\n.\n\n[", label, b"]\n"]).decode())
    last = None
    for event in events:
        if isinstance(event, dict) and isinstance(start := event.get("Start"), dict) and "Link" in start:
            last = event
        elif event == {"Start": "Paragraph"}:
            last = None
    return last is not None


def _leaves_formula_open(source: bytes, start: int, stop: int) -> bool:
    r"""Return whether a delimiter is left, once formulas are hidden, whose other one could follow.

    It changes something if it is alone in its line, or if formulas follow in its paragraph: those that it may contain.
    """
    for found in _DISPLAYED.finditer(source, start, stop):
        if found[0] == rb"\[" and _is_escaped(source, found.start()):
            continue
        paragraph_end = _PARAGRAPH_END.search(source, found.end())
        if paragraph_end is None or b"\r" in source:
            return True
        rest = source[found.end() : paragraph_end.start()]
        if found[0] == rb"\[" and rb"\]" in rest:
            continue
        line = source.rfind(b"\n", 0, found.start()) + 1
        is_alone = _PREFIX.fullmatch(source, line, found.start()) and not rest.partition(b"\n")[0].strip()
        if is_alone or b"$" in rest or rb"\(" in rest or _has_private(rest):
            return True
    return False


def _has_private(text: bytes) -> bool:
    """Return whether a character may stand for a formula."""
    return any(byte >= 0xEE for byte in text)  # noqa: PLR2004 - the lead byte of U+E000

"""The allow-list of styles: for each property, the components that its value may have. Other declarations are dropped.

No style may cover what is outside the content. So nothing is positioned, floated, layered or moved back: there are no
negative lengths, no ``calc()``, no units of the viewport, no ``opacity`` (it raises content over what follows). Each
length has a limit, such that a tag adds no more space than as many empty lines or characters would, and content grows
downwards alone. A longer length is shortened to its limit, which keeps the look of a document better than without it.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.content.html.elements import TABLE_ELEMENTS, TEXT_ELEMENTS, names
from service.content.html.rule import Pattern, either
from service.content.html.style.length import MAX_FONT_PX

_HEX = "#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
_WORD = "[a-z]{3,24}"
_FUNCTION = r"(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color-mix)\([0-9a-z#.,%/ +\-]{1,80}\)"
_COLOUR = f"(?:{_HEX}|{_WORD}|{_FUNCTION})"
_STOP = rf"(?:{_COLOUR}|-?[0-9]{{1,4}}(?:\.[0-9]{{1,4}})?(?:%|px|deg|turn|rad)?|at|to|in)"
_STOPS = rf"{_STOP}(?: {_STOP}){{0,5}}"
_GRADIENT = rf"(?:repeating-)?(?:linear|radial|conic)-gradient\( ?{_STOPS}(?: ?, ?{_STOPS}){{0,15}} ?\)"
_FONT = r"""(?:"[^()<>\\"'@{};:*]{1,60}"|'[^()<>\\"'@{};:*]{1,60}'|[^\W\d][\w\-]{0,40}(?: [^\W\d][\w\-]{0,40}){0,7}"""
_FONT += r"""|-[a-z][\w\-]{0,40})"""


class Components(Struct, frozen=True):
    """What the components of a value may be; at most ``count`` of them, separated by spaces."""

    words: frozenset[str] = frozenset()
    pattern: Pattern | None = None
    """Of any other component that is no length."""
    px: float | None = None
    """The largest length; ``None`` for no length at all."""
    percent: float = 0
    count: int = 1


class Sides(Struct, frozen=True):
    """The rules of a property that sets one value for each side, top first, as ``padding`` does."""

    vertical: Components
    horizontal: Components


ValueRule = Components | Sides | Pattern
"""A pattern is that of the whole value, in any case."""


def _words(*groups: str, count: int = 1) -> Components:
    return Components(names(*groups), count=count)


def _length(words: str, px: float, percent: float = 0, count: int = 1) -> Components:
    return Components(names(words), None, px, percent, count)


_ANY_WORD = Pattern("a word", re.compile("[a-z][a-z-]{1,40}"))
_COLOURS = Pattern("a colour", re.compile(_COLOUR))
_GRADIENTS = Pattern("a gradient of colours", re.compile(_GRADIENT))
_WEIGHT = Pattern("a number from 1 to 1000", re.compile("[1-9][0-9]{0,2}|1000"))
_MULTIPLE = Pattern("a number", re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,6})?"))
_LINE_STYLES = names("none hidden dotted dashed solid double groove ridge inset outset")
_BORDER_WORDS = _LINE_STYLES | {"thin", "medium"}
_DECORATION = "none underline overline line-through solid double dotted dashed wavy auto from-font"
_THIN_LINE = Components(_LINE_STYLES | {"0"}, _COLOURS, 1, count=3)


def _sides(prefix: str, suffix: str, vertical: Components, horizontal: Components) -> dict[str, ValueRule]:
    rules: dict[str, ValueRule] = {f"{prefix}{suffix}": Sides(vertical, horizontal)}
    for names_, rule in (("top bottom", vertical), ("left right", horizontal)):
        rules |= dict.fromkeys((f"{prefix}-{side}{suffix}" for side in names_.split()), rule)
    for name, rule in (("block", vertical), ("inline", horizontal)):
        rules[f"{prefix}-{name}{suffix}"] = Components(rule.words, rule.pattern, rule.px, rule.percent, 2)
    return rules


def _borders(px: float) -> dict[str, ValueRule]:
    """Rules of borders that are at most ``px`` wide."""
    line = Components(_BORDER_WORDS, _COLOURS, px, count=3)
    width, style, colour = _length("thin medium", px), Components(_LINE_STYLES), Components(pattern=_COLOURS)
    rules: dict[str, ValueRule] = {"border": line}
    rules |= {f"border-{side}": line for side in ("top", "right", "bottom", "left", "block", "inline")}
    for suffix, rule in (("-width", width), ("-style", style), ("-color", colour)):
        rules |= _sides("border", suffix, rule, rule)
    return rules


STYLE_RULES: Mapping[str, ValueRule] = {
    # Colours
    "color": Components(pattern=_COLOURS),
    "background": Components(pattern=either(_COLOURS, _GRADIENTS)),
    "background-color": Components(pattern=_COLOURS),
    "background-image": Components(frozenset({"none"}), _GRADIENTS),
    # Fonts
    "font-family": Pattern("names of fonts", re.compile(rf"{_FONT}(?: ?, ?{_FONT}){{0,15}}", re.IGNORECASE)),
    "font-size": _length(
        "xx-small x-small small medium large x-large xx-large xxx-large larger smaller inherit", MAX_FONT_PX, 300
    ),
    "font-style": _words("normal italic oblique inherit"),
    "font-weight": Components(
        names("normal bold bolder lighter inherit"),
        _WEIGHT,
    ),
    "font-variant": Components(pattern=_ANY_WORD, count=6),
    "font-stretch": Components(pattern=_ANY_WORD, px=0, percent=200),
    "font-kerning": _words("auto normal none"),
    # Lines of text
    "line-height": Components(names("normal"), _MULTIPLE, 9999, 9999),
    "letter-spacing": _length("normal", 8),
    "word-spacing": _length("normal", 16),
    "text-indent": _length("", 96, 10),
    "text-align": _words("left right center justify start end inherit"),
    "text-align-last": _words("auto left right center justify start end"),
    "vertical-align": _words("baseline sub super top middle bottom text-top text-bottom"),
    "direction": _words("ltr rtl"),
    "white-space": _words("normal pre-wrap pre-line break-spaces"),
    "tab-size": Components(pattern=Pattern("a number up to 16", re.compile("[0-9]|1[0-6]"))),
    "hyphens": _words("none manual auto"),
    "overflow-wrap": _words("anywhere break-word"),
    "word-wrap": _words("break-word"),
    "word-break": _words("normal break-all break-word"),
    # Decorations of text
    "text-decoration": Components(names(_DECORATION), _COLOURS, 8, count=5),
    "text-decoration-color": Components(pattern=_COLOURS),
    "text-decoration-line": _words("none underline overline line-through", count=3),
    "text-decoration-style": _words("solid double dotted dashed wavy"),
    "text-decoration-thickness": _length("auto from-font", 8),
    "text-underline-offset": _length("auto", 8),
    "text-emphasis": Components(pattern=_COLOURS, count=3),
    "text-transform": _words("none capitalize uppercase lowercase full-width inherit"),
    # Space around
    **_sides("margin", "", _length("auto", 72, 5), _length("auto", 240, 25)),
    **_sides("padding", "", _length("", 48, 4), _length("", 96, 25)),
    # Sizes: those of a block become the limits that box.py describes
    "width": _length("auto", 9999, 100),
    "min-width": _length("", 300),
    "max-width": _length("none", 9999, 100),
    "height": _length("auto", 120),
    "min-height": _length("", 120),
    "max-height": _length("none", 9999),
    # Borders
    **_borders(8),
    "border-radius": Components(frozenset(), None, 9999, 100, 4),
    "border-collapse": _words("collapse separate"),
    "border-spacing": _length("", 20, count=2),
    # Lists and tables
    "list-style": Components(names("inside"), _ANY_WORD, count=2),
    "list-style-position": _words("inside"),
    "list-style-type": Components(pattern=_ANY_WORD),
    "caption-side": _words("top bottom"),
    "empty-cells": _words("show hide"),
}


class Kind(StrEnum):
    """Kinds of elements with rules of their own."""

    TEXT = "in a line of text"
    BLOCK = "block"
    LIST = "list"
    TABLE = "table"
    CELL = "part of a table"
    IMAGE = "image"


KINDS = (
    dict.fromkeys(TEXT_ELEMENTS, Kind.TEXT)
    | dict.fromkeys(TABLE_ELEMENTS - {"caption"}, Kind.CELL)
    | {"ul": Kind.LIST, "ol": Kind.LIST, "table": Kind.TABLE, "img": Kind.IMAGE}
)
"""The kinds of elements that are no blocks."""

OF_KIND: Mapping[Kind, Mapping[str, ValueRule | None]] = {
    # A vertical padding or border of these would cover what is above the content; they have no size.
    Kind.TEXT: {
        **dict.fromkeys(names("width min-width max-width height min-height max-height")),
        **dict.fromkeys(_borders(0).keys() - names("border border-left border-right border-top border-bottom")),
        **dict.fromkeys(names("border border-left border-right border-top border-bottom"), _THIN_LINE),
        **_sides("margin", "", _length("auto", 72), _length("auto", 32, 5)),
        **_sides("padding", "", Components(frozenset(), None, 0), _length("", 32, 5)),
    },
    # Some of these lengths would make an element wider than its parent, or smaller than its content.
    Kind.BLOCK: {"min-width": None, "max-height": None},
    Kind.LIST: {"min-width": None, "max-height": None},
    Kind.TABLE: {"max-width": _length("", 9999, 100), "min-height": None, "max-height": None},
    Kind.CELL: {
        "width": _length("auto", 600, 100),
        "min-width": _length("", 50),
        "max-width": None,
        "min-height": None,
        "max-height": None,
    },
    Kind.IMAGE: {
        "min-width": None,
        "max-width": _length("", 9999, 100),
        "min-height": None,
        "height": _length("auto", 180),
    },
}
"""What is different for elements of a kind; ``None`` for properties that they do not have."""
RULES: Mapping[Kind, Mapping[str, ValueRule]] = {
    kind: {name: rule for name, rule in {**STYLE_RULES, **changes}.items() if rule is not None}
    for kind, changes in OF_KIND.items()
}

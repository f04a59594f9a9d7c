"""Attributes by which old HTML sets what styles set now, as declarations. filter.py still checks these."""

import re
from collections.abc import Callable, Mapping, Sequence

from service.content.html.elements import names

_Read = Callable[[str], str | None]
_COLOUR = re.compile("#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_COLOUR_NAME = re.compile("[a-z]{3,20}", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]{1,5}(?:\.[0-9]{1,4})?)(?:\s*px)?\s*(%?)\s*", re.IGNORECASE)
_FACE = re.compile(r"[^()<>\\\"'@{};:*]{1,60}")
_PLAIN_FACE = re.compile("[a-z][a-z -]*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
_TEXT_ALIGNS = {"left": "left", "right": "right", "center": "center", "middle": "center", "justify": "justify"}
_VERTICAL_ALIGNS = {name: name for name in ("top", "middle", "bottom", "baseline")} | {
    "absmiddle": "middle",
    "texttop": "text-top",
}
_FONT_SIZES = ("x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large")
_DEFAULT_FONT_SIZE = 3
_LIST_TYPES = {
    "1": "decimal",
    "a": "lower-alpha",
    "A": "upper-alpha",
    "i": "lower-roman",
    "I": "upper-roman",
} | {name: name for name in ("disc", "circle", "square", "none")}


def legacy_style(element: str, attributes: Mapping[str, str]) -> str:
    """Return declarations for ``attributes`` of ``element``, both as in the source; empty for none.

    Give it those attributes that are not kept. The declarations belong before those of the author, which win.
    """
    declarations: list[str] = []
    for name, value in attributes.items():
        for elements, style_property, read in _TABLE.get(name, ()):
            if not elements or element in elements:
                own = read(value.strip(" \t\n\f\r"))
                if own:
                    declarations.append(f"{style_property}: {own}")
                break
    return "; ".join(declarations)


def _among(values: Mapping[str, str]) -> _Read:
    return lambda value: values.get(value.lower())


def _colour(value: str) -> str | None:
    if digits := _COLOUR.fullmatch(value):
        return f"#{digits[1]}"
    return value.lower() if _COLOUR_NAME.fullmatch(value) else None


def _faces(value: str) -> str | None:
    faces = [face.strip(" \t\n\f\r\"'") for face in value.split(",")]
    quoted = (face if _PLAIN_FACE.fullmatch(face) else f"'{face}'" for face in faces if _FACE.fullmatch(face))
    return ", ".join(quoted) or None


def _font_size(value: str) -> str | None:
    if not _NUMBER.fullmatch(value):
        return None
    size = int(value) + (_DEFAULT_FONT_SIZE if value[0] in "+-" else 0)
    return _FONT_SIZES[min(max(size, 1), len(_FONT_SIZES)) - 1]


def _list_type(value: str) -> str | None:
    return _LIST_TYPES.get(value) or _LIST_TYPES.get(value.lower())


def _length(value: str) -> str | None:
    match = _LENGTH.fullmatch(value)
    return f"{match[1]}{match[2] or 'px'}" if match else None


def _line(value: str) -> str | None:
    return "1px solid" if _LENGTH.fullmatch(value) and value != "0" else None


_TABLE: Mapping[str, Sequence[tuple[frozenset[str], str, _Read]]] = {
    "align": (
        (names("img"), "vertical-align", _among(_VERTICAL_ALIGNS)),
        (names("table hr"), "margin", _among({"center": "0 auto", "right": "0 0 0 auto"})),
        (names(""), "text-align", _among(_TEXT_ALIGNS)),
    ),
    "bgcolor": ((names(""), "background-color", _colour),),
    "border": ((names("table"), "border", _line),),
    "cellspacing": ((names("table"), "border-spacing", _length),),
    "color": ((names(""), "color", _colour),),
    "face": ((names("font basefont"), "font-family", _faces),),
    "height": ((names("tr td th img"), "height", _length),),
    "size": ((names("font basefont"), "font-size", _font_size),),
    "type": ((names("ol ul li"), "list-style-type", _list_type),),
    "valign": ((names(""), "vertical-align", _among(_VERTICAL_ALIGNS)),),
    "width": ((names("table td th col colgroup hr img"), "width", _length),),
}
"""For each attribute, the property that it sets on these elements (none: on every other), and how to read it."""
LEGACY = frozenset(_TABLE)
"""Attributes that ``legacy_style`` reads."""

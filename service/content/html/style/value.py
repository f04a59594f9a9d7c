"""Values of single declarations, checked and shortened by the rules of properties.py."""

import re
from collections.abc import Mapping, Sequence

from service.content.html.elements import names
from service.content.html.rule import Pattern
from service.content.html.style.length import MAX_FONT_PX, PX, UNITS, absolute_px, length, shortest, sides
from service.content.html.style.properties import Components, Sides, ValueRule

Declared = tuple[str, str]
"""A property and its value."""

_MAX_CHARACTERS = 500
_FUNCTION_OR_WORD = r"(?:[a-z\-]+\((?:[^()]|\([^()]*\))*\)|[^ ()]+)"
_COMPONENT = re.compile(_FUNCTION_OR_WORD)
_COMPONENTS = re.compile(rf"{_FUNCTION_OR_WORD}(?: {_FUNCTION_OR_WORD})*")
_URL = re.compile(r"""url\((?:"[^"]*"|'[^']*'|[^()"']*)\)""")
_IN_BACKGROUND = names("none repeat space round scroll fixed local top bottom left right center auto cover contain")
_WEIGHT = re.compile("bold|bolder|lighter|[1-9]00")
_FONT = re.compile(
    r"((?:[a-z1-9][a-z0\-]+ )*?)([0-9.]+[a-z%]+|[a-z\-]*(?:small|medium|large))(?: ?/ ?([^ ]+))? (.+)", re.IGNORECASE
)
_MAX_LINE_HEIGHT = 2.0
BASE_FONT_PX = 16.0
_REPLACED = {("font-size", "larger"): "large", ("white-space", "pre"): "pre-wrap"}
"""A font that grows with each nesting has no limit; a line that does not break has none either."""


def declared(name: str, value: str, rules: Mapping[str, ValueRule]) -> Sequence[Declared]:
    """Return what is left of a declaration, empty for nothing.

    These shorthands become the properties that they set: ``font``, ``list-style``, and a ``background`` with more than
    a colour.
    """
    value = " ".join(value.split())
    rule = rules.get(name)
    if len(value) > _MAX_CHARACTERS:
        return ()
    if rule is None:
        parts = _parts_of_font(value) if name == "font" else ()
        return [pair for part in parts for pair in declared(*part, rules)]
    if isinstance(rule, Pattern):
        return [(name, value)] if rule.matches(value) else ()
    value = value.lower()
    value = _REPLACED.get((name, value), value)
    if name == "list-style":
        words = [word for word in value.split(" ") if word != "outside"]
        return [
            pair
            for word in words
            for pair in declared(f"list-style-{'position' if word == 'inside' else 'type'}", word, rules)
        ]
    if name == "font-size":
        value = _without_growth(value)
    corrected = _component(value, rule) if isinstance(rule, Components) else None
    if corrected is None and (" " in value or isinstance(rule, Sides)):
        corrected = _corrected(value, rule)
    if corrected is None and name == "background":
        name, corrected = "background-color", _colour_of_background(value, rules["background-color"])
    return [(name, corrected)] if corrected else ()


def line_height(value: str, font_size: str | None) -> str | None:
    """Return the value as a multiple of the font's size; ``None`` if lines would overlap.

    Any other line height would be inherited as a length, by text in a larger font.
    """
    number, unit = length(value) or (0.0, "none")
    if unit == "none":
        return value
    if unit == "%":
        number /= 100
    elif unit in PX:
        number *= PX[unit] / (absolute_px(font_size or "") or BASE_FONT_PX)
    if number < 1:
        return None
    return value if not unit and number <= _MAX_LINE_HEIGHT else f"{min(number, _MAX_LINE_HEIGHT):.4g}"


def _corrected(value: str, rule: Components | Sides) -> str | None:
    if not _COMPONENTS.fullmatch(value):
        return None
    components = _COMPONENT.findall(value)
    if isinstance(rule, Sides):
        return _corrected_sides(components, rule)
    if len(components) > rule.count:
        return None
    corrected = [_component(component, rule) for component in components]
    return None if None in corrected else " ".join(filter(None, corrected))


def _corrected_sides(components: list[str], rule: Sides) -> str | None:
    given = sides(components)
    above = {side: _component(side, rule.vertical) for side in given[::2]}
    beside = {side: _component(side, rule.horizontal) for side in given[1::2]}
    four = [(beside if i % 2 else above)[side] or "" for i, side in enumerate(given)]
    if not all(four) or not given:
        return None
    return " ".join(components if four == given else shortest(four))


def _component(component: str, rule: Components) -> str | None:
    """Return the component, a length at most as long as the rule allows; ``None`` if it is not allowed."""
    if component in rule.words or (rule.pattern and rule.pattern.matches(component)):
        return component
    if rule.px is None:
        return None
    number, unit = length(component) or (-1.0, "")
    if not (unit or number == 0):
        return None
    if number == 0:
        return component
    longest = rule.percent if unit == "%" else rule.px / UNITS[unit]
    if number <= longest:
        return component
    return f"{longest:.4f}".rstrip("0").rstrip(".") + unit if longest else "0"


def _colour_of_background(value: str, rule: ValueRule) -> str | None:
    others = " ".join(_URL.sub(" ", value).split())
    if isinstance(rule, Components) and _COMPONENTS.fullmatch(others):
        for component in _COMPONENT.findall(others):
            if component not in _IN_BACKGROUND and _component(component, rule):
                return str(component)
    return None


def _without_growth(size: str) -> str:
    """Return a size relative to the parent's as one relative to the page's, where it grows."""
    number, unit = length(size) or (0.0, "")
    if unit not in {"em", "%"}:
        return size
    times = number / (100 if unit == "%" else 1)
    return size if times <= 1 else f"{min(times, MAX_FONT_PX / PX['rem']):g}rem"


def _parts_of_font(value: str) -> Sequence[Declared]:
    match = _FONT.fullmatch(value)
    if not match:
        return ()
    words, size, height, family = match.groups()
    parts = [("font-weight" if _WEIGHT.fullmatch(word) else "font-style", word) for word in words.lower().split()]
    parts.append(("font-size", size))
    if height:
        parts.append(("line-height", height))
    return [*parts, ("font-family", family)]

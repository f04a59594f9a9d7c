"""The space that nested elements add around their content: its sum is bounded, as nothing else in CSS bounds it."""

import re

from service.content.html.style.length import UNITS, length, sides

ROOM_PX = 128.0, 560.0
"""Space above or below, and on the left and right in sum, that the elements around one place may take together."""
_PERCENT_PX = 6.0
"""A percentage is one of the width of the container."""
_LINE_PX = {"thin": 1.0, "medium": 3.0}
_FUNCTION = re.compile(r"[a-z\-]+\([^()]*\)")
"""A colour: its percentages are no lengths."""
_TAKES = re.compile(
    r"(?:\A|;)\s*+(margin|padding|border)(?:-(top|bottom|block|left|right|inline))?(?:-width)?\s*+:([^;]*)"
)
"""In lower case: this is faster than ``IGNORECASE``."""


def space_taken(style: str) -> float:
    """Return the part of the room that an allowed style takes; ``style_without_space`` is for those beyond 1 in sum."""
    vertical = horizontal = 0.0
    for kind, side, value in _TAKES.findall(style.lower()):
        lengths = [_px(component) for component in (_FUNCTION.sub("", value) if "(" in value else value).split()]
        if kind == "border" or side:
            largest = max(lengths, default=0.0)
            above, beside = largest, largest if side in {"left", "right"} else 2 * largest
        else:
            top, right, bottom, left = sides(lengths)
            above, beside = max(top, bottom), right + left
        if side not in {"left", "right", "inline"}:
            vertical += above
        if side not in {"top", "bottom", "block"}:
            horizontal += beside
    return max(vertical / ROOM_PX[0], horizontal / ROOM_PX[1])


def style_without_space(style: str) -> str | None:
    """Return an allowed style without what takes space, ``None`` if nothing is left."""
    kept = [text.strip() for text in style.split(";") if not _TAKES.match(text.strip().lower())]
    return "; ".join(filter(None, kept)) or None


def _px(component: str) -> float:
    number, unit = length(component) or (_LINE_PX.get(component, 0.0), "px")
    return number * (_PERCENT_PX if unit == "%" else UNITS.get(unit, 0.0))

"""Lengths in styles: units, and the sides of a shorthand."""

import re
from collections.abc import Sequence
from typing import TypeVar

PX = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6, "rem": 16.0}
"""Pixels of the absolute units; ``rem`` is that of a usual page."""
MAX_FONT_PX = 48.0
UNITS = PX | {"em": MAX_FONT_PX, "ic": MAX_FONT_PX, "ex": MAX_FONT_PX / 2, "ch": MAX_FONT_PX / 2}
"""Pixels of every unit, for limits: those relative to the font count with the largest font."""

_LENGTH = re.compile(rf"([0-9]{{1,6}}(?:\.[0-9]{{1,20}})?|\.[0-9]{{1,20}})({'|'.join(UNITS)}|%)?")
_SIDES = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}
_T = TypeVar("_T")


def length(value: str) -> tuple[float, str] | None:
    """Return the number and the unit of a length, empty if it has none; ``None`` if it is no length."""
    match = _LENGTH.fullmatch(value)
    return (float(match[1]), str(match[2] or "")) if match else None


def absolute_px(value: str, em: float = 0.0) -> float | None:
    """Return the pixels of an absolute length, or of one in ``em`` if their pixels are given; ``None`` for others."""
    number, unit = length(value) or (0.0, "")
    px = (PX | {"em": em}).get(unit)
    return number * px if px else None


def sides(components: Sequence[_T]) -> list[_T]:
    """Return the four sides that one to four components set, top first; empty for more."""
    return [components[i] for i in _SIDES[len(components)]] if len(components) in _SIDES else []


def shortest(four: Sequence[str]) -> Sequence[str]:
    """Return the least components that set these four sides."""
    return next(four[:count] for count in _SIDES if sides(four[:count]) == four)

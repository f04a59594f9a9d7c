"""Declarations that limit what attributes set: sizes of images and cells, and markers of lists."""

import re
from collections.abc import Mapping

LIMITED = frozenset({"img", "td", "th", "ol", "li"})
MAX_IMAGE_PX = 600.0
MAX_CELL_PX = 120.0
_SIZE = re.compile(r"([0-9.]+)(?:px)?")
_MAX_NUMBER, _MAX_ROMAN_NUMBER = {"ol": 999, "li": 99}, 20
"""The space beside a list has room for the markers up to these. An item may be in a list with Roman numbers."""


def size_style(element: str, attributes: Mapping[str, str]) -> str:
    """Return a style by which an image or a cell is not larger than its parent or its content; empty if not needed."""
    width, height = _px(attributes.get("width", "")), _px(attributes.get("height", ""))
    if element == "img" and max(width, height) > MAX_IMAGE_PX:
        return "max-width: 100%; height: auto"
    if element in {"td", "th"} and height > MAX_CELL_PX:
        return f"height: {MAX_CELL_PX:g}px"
    return ""


def marker_style(element: str, attributes: Mapping[str, str]) -> str:
    """Return a style that moves long markers of a list into its text; empty if not needed."""
    number = attributes.get({"ol": "start", "li": "value"}.get(element, ""), "0")
    is_roman = attributes.get("type") in {"i", "I"} or "roman" in attributes.get("style", "").lower()
    if is_roman and "reversed" in attributes:
        return "list-style-position: inside"
    longest = _MAX_ROMAN_NUMBER if is_roman else _MAX_NUMBER.get(element, 0)
    is_short = len(number) <= len(str(longest)) and number.isdecimal() and int(number) <= longest
    return "" if is_short else "list-style-position: inside"


def _px(value: str) -> float:
    match = _SIZE.fullmatch(value)
    return float(match[1]) if match and match[1].count(".") <= 1 and match[1] != "." else 0.0

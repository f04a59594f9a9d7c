"""Rules that depend on several declarations of a style, such that no element leaves its parent."""

from service.content.html.elements import names
from service.content.html.style.length import absolute_px, sides
from service.content.html.style.properties import Kind
from service.content.html.style.value import BASE_FONT_PX, line_height

MAX_OWN_WIDTH_PX = 300.0
"""A wider table or image is also at most as wide as its parent."""
MARKER_PX = 20.0
"""The space that a list keeps for its markers."""
_AT_MOST_AUTO = names("0 0px 0pt 0in 0cm 0em 0% auto")
_SHORT_MARKERS = names(
    "arabic-indic circle decimal decimal-leading-zero disc inherit initial lower-alpha lower-greek lower-latin",
    "lower-roman none persian square unset upper-alpha upper-latin upper-roman",
)
"""Types with one character for each digit, and those whose numbers attribute_limits.py limits."""
_LINES = names("border border-left border-right border-top border-bottom")
_PADDINGS = names("padding padding-left padding-right padding-inline")
_MAY_CHANGE = _LINES | _PADDINGS | names("width max-width height line-height list-style-type")
"""Without any of these properties, ``fitted`` changes nothing."""


def fitted(style: dict[str, str], kind: Kind) -> dict[str, str]:
    """Return the declarations of ``style``, changed where together they would make content overlap or overflow.

    It is the same mapping if nothing can be changed.

    - A line height is a multiple of the font's size, and not less.
    - A border of an element in a line of text has a width, because the usual one is too wide there.
    - A block is as wide as its parent: its ``width`` is the limit of that, ``max-width``; its ``height`` is the least,
      ``min-height``, because longer content would overflow.
    - A table or image with a width has no horizontal margin or padding but ``auto``, and is at most as wide as its
      parent. An image keeps its proportions.
    - A list without space for its markers has none; markers that may be long are in the text of the items.
    """
    if _MAY_CHANGE.isdisjoint(style):
        return style
    fitted = dict(style)
    if fitted.get("list-style-type", "none") not in _SHORT_MARKERS:
        fitted["list-style-position"] = "inside"
    if "line-height" in fitted:
        height = line_height(fitted["line-height"], fitted.get("font-size"))
        if height is None:
            del fitted["line-height"]
        else:
            fitted["line-height"] = height
    match kind:
        case Kind.TEXT:
            return {name: value for name, value in fitted.items() if name not in _LINES or _has_width(value)}
        case Kind.BLOCK | Kind.LIST:
            return _block(fitted, kind)
        case Kind.TABLE | Kind.IMAGE:
            return _sized(fitted, kind)
    return fitted


def _has_width(border: str) -> bool:
    return border == "none" or any(component[0] in ".0123456789" for component in border.split(" "))


def _block(style: dict[str, str], kind: Kind) -> dict[str, str]:
    width, height = style.pop("width", "auto"), style.pop("height", "auto")
    if width != "auto" and not (width.endswith("%") and "max-width" in style):
        style["max-width"] = width
    if height != "auto":
        style["min-height"] = height
    if kind is Kind.LIST and style.get("list-style-type") != "none":
        for name in _PADDINGS & style.keys():
            # The markers are on the left; on the right where the text runs from there.
            nearest = _horizontal(name, style[name])[-1:]
            if not nearest or (absolute_px(nearest[0], BASE_FONT_PX) or 0) < MARKER_PX:
                del style[name]
    return style


def _sized(style: dict[str, str], kind: Kind) -> dict[str, str]:
    width = style.get("width", "auto")
    own_px = absolute_px(width if width != "auto" else style.get("max-width", ""))
    if own_px is not None and own_px > MAX_OWN_WIDTH_PX:
        style["max-width"] = "100%"
        if kind is Kind.IMAGE and style.get("height"):
            style["height"] = "auto"
    if width != "auto":
        for name in list(style):
            is_extent = name.startswith("margin") and not _AT_MOST_AUTO.issuperset(_horizontal(name, style[name]))
            is_around = kind is Kind.IMAGE and name.startswith(("padding", "border")) and name != "border-radius"
            if is_extent or is_around:
                del style[name]
    return style


def _horizontal(name: str, value: str) -> list[str]:
    """Return the components of the left and right side."""
    components = value.split(" ")
    if name in {"margin", "padding"}:
        return sides(components)[1::2]
    return [] if name.endswith(("top", "bottom", "block")) else components

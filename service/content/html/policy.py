"""The allow-list of HTML in a document for an editor. Whatever is not listed is removed.

The tables: ``ELEMENTS``, then ``ATTRIBUTES`` with the rule for each value, then ``SCHEMES`` and the ``STYLE_`` sets.
There is no ``id`` and no ``name`` (they clobber variables of a page), no event attribute, no form, no ``svg`` or
``math``.
"""

import re
from collections.abc import Mapping
from enum import Enum


class Value(Enum):
    """Values that a pattern cannot check; sanitise.py has the rules."""

    TEXT = "text"
    """Anything: it is only displayed."""
    LINK = "link"
    """Relative, or with one of ``SCHEMES``."""
    IMAGE = "image"
    """A link, or a raster image as base64 in a ``data:`` URL."""
    CLASSES = "classes"
    """Names, without those that ``CLASS`` does not match."""
    RELATIONS = "relations"
    """Words, without those that are not in ``RELATIONS``."""
    STYLE = "style"
    """Declarations, without those that the ``STYLE_`` sets do not allow."""


def names(*groups: str) -> frozenset[str]:
    """Return the names in ``groups``, which are separated by spaces."""
    return frozenset(" ".join(groups).split())


def _one_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


TEXT_ELEMENTS = names(
    "a abbr b bdi bdo br cite code del dfn em i img input ins kbd label mark q rp rt ruby s samp small span strike",
    "strong sub sup time u var wbr",
)
BLOCK_ELEMENTS = names(
    "address article aside blockquote dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr",
    "li main nav ol p pre section summary ul",
)
TABLE_ELEMENTS = names("caption col colgroup table tbody td tfoot th thead tr")
ELEMENTS = TEXT_ELEMENTS | BLOCK_ELEMENTS | TABLE_ELEMENTS

EMPTIED = names(
    "audio canvas iframe math noembed noframes noscript script select style svg template textarea title video",
)
"""Elements that are removed with their content. The content of any other disallowed element is kept."""

_FLAG = _one_of("")
_COUNT = _one_of(r"[1-9][0-9]{0,3}")
_INTEGER = _one_of(r"-?[0-9]{1,9}")
_LENGTH = _one_of(r"[0-9]{1,5}(?:\.[0-9]{1,4})?(?:px|%)?")
_CELL = {
    "colspan": _COUNT,
    "rowspan": _COUNT,
    "align": _one_of("left", "right", "center", "justify"),
    "valign": _one_of("top", "middle", "bottom", "baseline"),
    "width": _LENGTH,
    "height": _LENGTH,
    "colwidth": _one_of(r"[0-9]{1,5}(?:,[0-9]{1,5}){0,99}"),
}
_COLUMN = {"span": _COUNT, "width": _LENGTH}

ATTRIBUTES: Mapping[str, Mapping[str, Value | re.Pattern[str]]] = {
    "*": {
        "class": Value.CLASSES,
        "dir": _one_of("ltr", "rtl", "auto"),
        "lang": _one_of(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}"),
        "style": Value.STYLE,
        "title": Value.TEXT,
    },
    "a": {"href": Value.LINK, "target": _one_of("_blank"), "rel": Value.RELATIONS},
    "blockquote": {"cite": Value.LINK},
    "col": _COLUMN,
    "colgroup": _COLUMN,
    "details": {"open": _FLAG},
    "img": {"src": Value.IMAGE, "alt": Value.TEXT, "width": _LENGTH, "height": _LENGTH},
    "input": {"type": _one_of("checkbox"), "checked": _one_of("", "checked"), "disabled": _one_of("", "disabled")},
    "li": {"value": _INTEGER, "data-type": _one_of("taskItem"), "data-checked": _one_of("true", "false")},
    "mark": {"data-color": _one_of(r"#[0-9A-Fa-f]{3,8}", r"[A-Za-z]{1,30}", r"(?:rgb|hsl)a?\([0-9., %/]{1,40}\)")},
    "ol": {"start": _INTEGER, "type": _one_of("[1aAiI]"), "reversed": _FLAG},
    "q": {"cite": Value.LINK},
    "td": _CELL,
    "th": {**_CELL, "scope": _one_of("col", "row", "colgroup", "rowgroup")},
    "time": {"datetime": _one_of(r"[0-9A-Z:.+\- ]{1,40}")},
    "ul": {"data-type": _one_of("taskList")},
}
"""Attributes by element (``*`` for every element), with a rule that the whole value must match.

An ``input`` without its ``type`` is not a checkbox and is removed; a link with a ``target`` gets the ``rel`` that makes
it safe.
"""

RELATIONS = names("nofollow noopener noreferrer sponsored ugc")

CLASS = _one_of(
    r"(?:language|lang|hljs)-[A-Za-z0-9_+#.\-]{1,40}",
    "hljs",
    "contains-task-list",
    "task-list-item",
    "task-list-item-checkbox",
)
"""Classes that describe content. A page could style others: ``fixed inset-0`` covers the whole page."""

SCHEMES = frozenset({"http", "https", "mailto", "tel"})

IMAGE_DATA = re.compile(r"data:image/(?:avif|bmp|gif|jpe?g|png|webp);base64,[A-Za-z0-9+/=%\s]*", re.IGNORECASE)

STYLE_PROPERTIES = names(
    # Colours
    "background background-color background-image color opacity",
    # Sizes
    "height margin max-height max-width min-height min-width padding width",
    # Text
    "direction font font-family font-feature-settings font-kerning font-size font-stretch font-style font-variant",
    "font-weight hyphens letter-spacing line-height list-style list-style-position list-style-type overflow-wrap",
    "quotes tab-size text-align text-align-last text-decoration text-decoration-color text-decoration-line",
    "text-decoration-style text-decoration-thickness text-emphasis text-indent text-transform text-underline-offset",
    "vertical-align white-space word-break word-spacing word-wrap",
    # Borders
    "border border-collapse border-color border-radius border-spacing border-style border-width",
    # Tables
    "caption-side empty-cells table-layout",
    # Sides
    *(
        f"margin-{side} padding-{side} border-{side} border-{side}-color border-{side}-style border-{side}-width"
        for side in ("top", "right", "bottom", "left", "block", "inline")
    ),
)

STYLE_FUNCTIONS = names(
    "calc clamp color-mix conic-gradient hsl hsla hwb lab lch linear-gradient max min oklab oklch radial-gradient",
    "repeating-conic-gradient repeating-linear-gradient repeating-radial-gradient rgb rgba",
)

"""The elements of HTML by what becomes of them: kept, renamed, a link, or dropped with their content.

An element in none of these tables loses its tags and keeps its content, also one whose name SVG or MathML has.
"""

from collections.abc import Mapping

from msgspec import Struct


class Renamed(Struct, frozen=True):
    """The element, and the style, that an old element or one of a form becomes."""

    name: str
    style: str = ""


def names(*groups: str) -> frozenset[str]:
    """Return the names in ``groups``, which are separated by spaces."""
    return frozenset(" ".join(groups).split())


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

RENAMED: Mapping[str, Renamed] = {
    "acronym": Renamed("abbr"),
    "big": Renamed("span", "font-size: large"),
    "center": Renamed("div", "text-align: center"),
    "dialog": Renamed("div"),
    "dir": Renamed("ul"),
    "fieldset": Renamed("div"),
    "font": Renamed("span"),
    "form": Renamed("div"),
    "image": Renamed("img"),
    "legend": Renamed("div"),
    "listing": Renamed("pre"),
    "marquee": Renamed("div"),
    "menu": Renamed("ul"),
    "multicol": Renamed("div"),
    "nobr": Renamed("span"),
    "optgroup": Renamed("div"),
    "option": Renamed("p"),
    "plaintext": Renamed("pre"),
    "search": Renamed("div"),
    "textarea": Renamed("div"),
    "tt": Renamed("code"),
    "xmp": Renamed("pre"),
}
"""Old elements and those of forms, whose content is shown in the place of the element."""

EMBEDS: Mapping[str, str] = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "object": "data",
    "oembed": "url",
    "source": "src",
    "video": "src",
}
"""Elements that embed a document or a medium, and the attribute with its address. They become a link to it."""

DROPPED_WITH_CONTENT = names(
    # What runs, styles or is a stock of markup
    "script style template",
    # What a browser does not show
    "audio canvas datalist iframe noembed noframes noscript title video",
)
"""Elements that are dropped with their content."""

DROPPED_INSIDE: Mapping[str, frozenset[str]] = {
    "math": names("annotation annotation-xml"),
    "svg": names("defs desc metadata"),
}
"""Elements that are dropped with their content only inside of the named one. Elsewhere they are unknown tags."""

LITERAL = names("textarea xmp")
"""Elements whose content is text, with every ``<``."""

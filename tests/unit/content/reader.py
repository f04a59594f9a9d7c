"""A second HTML parser, independent of that of the sanitiser, and a search for dangerous markup."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from html5lib import HTMLParser
from html5lib.treebuilders import getTreeBuilder

from service.content.html.elements import names

# These lists are independent of the policy that is tested.
_HARMLESS_ELEMENTS = names(
    "a abbr address article aside b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt",
    "em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label li main mark nav ol p",
    "pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr u",
    "ul var wbr",
)
_HARMLESS_ATTRIBUTES = names(
    "align alt checked class cite colspan colwidth datetime dir disabled height href",
    "aria-checked lang open rel reversed role rowspan scope span src start style target title type valign value width",
)
_HARMLESS_DATA = re.compile(
    r"data-(?:(?:id|label|mention|mention-suggestion-char|denotation-char|lexical-mention|entity-type|entity-id|slug-id"
    r"|creator-id|actorid|name|callout-type|callout-emoji|callout-icon|list|item-type|language|highlight-language|row"
    r"|color|background-color|text-color|text-alignment|style-type|layout|page-break|indent|katex|type|checked)"
    r"|(?P<formula>latex|value))"
)
_DANGEROUS_DATA = re.compile(r"[<>{}`\\]|^\s*[a-z][a-z0-9+.\-]*:\S|^\s*//|url\(", re.IGNORECASE)
_DANGEROUS_FORMULA = re.compile(r"\\(?:href|url|html|includegraphics|class|style|cssId|require|def|let|csname)")
_HARMLESS_RELATIONS = names("nofollow noopener noreferrer sponsored ugc")
_URL_ATTRIBUTES = ("href", "src", "cite")
_URL_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*(?=:)", re.IGNORECASE)
_SKIPPED_IN_URLS = re.compile(
    r"[\x00-\x20\x7f-\xa0\xad\u034f\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff]"
)
_HARMLESS_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_RASTER = re.compile(r"data:image/(?:png|gif|jpe?g|webp|avif|bmp);base64,[A-Za-z0-9+/=\s]*")
_DANGEROUS_STYLE = re.compile(
    r"""
      (?:url|src|image|image-set|cross-fade|element|paint)\s*\(  # loads
    | (?:var|attr|env|if)\s*\(                                  # is not what is written
    | expression | behavior | binding | javascript | progid     # runs
    | animation | transition | @ | /\* | [\\<>{}]
    | (?:calc|min|max|clamp|round|fit-content|anchor)\s*\(      # has no limit
    | [0-9](?:[sld]?v(?:w|h|i|b|min|max)|r?lh|cq[a-z]+)\b
    | [:\s]-[0-9.] | (?<![.0-9])[0-9]{5} | [0-9]e[+-]?[0-9] | nowrap
    | (?:^|;)\s*(?:opacity|filter|zoom|scale|rotate|translate|outline|box-shadow|text-shadow|overflow|table-layout|font
      |columns?|column-count|writing-mode|visibility|pointer-events|clip-path|mask|order|gap|quotes|max-height)\s*:
    | (?:^|;)\s*(?:position|inset|top|right|bottom|left|z-index|transform|float|display|content|cursor|all)\s*:
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HARMLESS_CLASS = re.compile(
    r"(?:language|lang|hljs)-[^\s]+|hljs|contains-task-list|task-list-item(?:-checkbox)?"
    r"|(?:ql-(?:align|indent|direction|size|font|color|bg|syntax|code-block|formula)|todo-list|mce-|tox-checklist)[a-z0-9_-]*"
    r"|(?:text|marker|pen|image|markdown-alert|footnote|notice)-[a-z-]+|math-tex|image|image_resized|table|page-break"
    r"|mention|callout|details|info|tip|success|warning|admonition|markdown-alert|footnotes"
)

Mark = tuple[str, str, tuple[tuple[str, str], ...]]


def parsed(html: str, *, scripting: bool = False) -> Element:
    """Return the ``body`` with ``html`` in it; with ``scripting`` the content of ``noscript`` is text, as in a browser.

    The parser reads a whole document, because as a fragment it would drop content that may not occur in a table.
    """
    parser = HTMLParser(getTreeBuilder("etree"), namespaceHTMLElements=False)
    document: Element = parser.parse(f"<!DOCTYPE html><body>{html}", scripting=scripting)
    return document[-1]


def outline(*fragments: str) -> list[Mark]:
    """Return the tree of ``fragments``, parsed one by one and concatenated: start tags, end tags and text."""
    marks: list[Mark] = []
    for fragment in fragments:
        for mark in _inside(parsed(fragment)):
            if mark[0] == "text" and marks and marks[-1][0] == "text":
                marks[-1] = ("text", marks[-1][1] + mark[1], ())
            else:
                marks.append(mark)
    return marks


def _inside(element: Element) -> Iterator[Mark]:
    if element.text:
        yield "text", element.text, ()
    for child in element:
        yield "open", str(child.tag), tuple(sorted(child.attrib.items()))
        yield from _inside(child)
        yield "close", str(child.tag), ()
        if child.tail:
            yield "text", child.tail, ()


def dangers(html: str) -> list[str]:
    """Return descriptions of the markup that could do harm on a page; empty for safe HTML."""
    return [
        danger
        for scripting in (False, True)
        for element in parsed(html, scripting=scripting).iter()
        for danger in _dangers_of(element)
    ]


def _dangers_of(element: Element) -> Iterator[str]:
    name = str(element.tag)
    if name not in _HARMLESS_ELEMENTS and name != "body":
        yield f"element {name}"
    if name == "input" and element.get("type") != "checkbox":
        yield "an input that is not a checkbox"
    relations = frozenset(element.get("rel", "").split())
    if element.get("target") and not relations >= {"noopener", "noreferrer"}:
        yield "target without noopener"
    if not relations <= _HARMLESS_RELATIONS:
        yield f"rel {sorted(relations)}"
    for attribute, value in element.attrib.items():
        yield from _dangers_of_attribute(name, attribute, value)


def _dangers_of_attribute(element: str, attribute: str, value: str) -> Iterator[str]:
    data = _HARMLESS_DATA.fullmatch(attribute)
    if attribute not in _HARMLESS_ATTRIBUTES and data is None:
        yield f"attribute {attribute}"
    if data and (_DANGEROUS_FORMULA if data["formula"] else _DANGEROUS_DATA).search(value):
        yield f"{attribute} {value!r}"
    if attribute == "role" and value != "checkbox":
        yield f"role {value!r}"
    if attribute in _URL_ATTRIBUTES:
        scheme = _URL_SCHEME.match(_SKIPPED_IN_URLS.sub("", value))
        raster = element == "img" and attribute == "src" and _RASTER.fullmatch(value)
        if scheme and scheme[0].lower() not in _HARMLESS_SCHEMES and not raster:
            yield f"{attribute} {value!r}"
    if attribute == "style" and _DANGEROUS_STYLE.search(value):
        yield f"style {value!r}"
    if attribute == "class" and not all(map(_HARMLESS_CLASS.fullmatch, value.split())):
        yield f"class {value!r}"

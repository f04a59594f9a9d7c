"""The form of sanitised HTML, and reading it with regular expressions.

The sanitiser writes ``<`` only at the start of a tag and ``>`` only at its end (references elsewhere), names in lower
case, attributes as `` name="value"``, and only the four references below. Every element except void ones is closed.
"""

import re
from collections.abc import Iterator

from service.content.html.elements import TEXT_ELEMENTS, names

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")

VOID = names("br col hr img input wbr")

INLINE = TEXT_ELEMENTS - {"img"}
"""Elements that flow in a line of text. Editors treat an image as a block."""

REFERENCES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\xa0", "&amp;": "&"}
REFERENCE = re.compile(r"(&(?:lt|gt|nbsp|amp);)")
"""``split`` with it returns plain text and references in turn."""

WHITESPACE = " \t\n\f\r"
"""White space in HTML: a no-break space is content."""

_INDENTED_LINE = re.compile(r"\n[ \t\n\f]+")
_TAG_IN_LINE = re.compile(rf"</?(?:{'|'.join(sorted(INLINE - {'br'}))})(?: [^>]*)?>")
_ANY_TAG = re.compile("<[^>]*>")
_SHOWS_WITHOUT_TEXT = re.compile(r"<(?:hr|img|input|table)(?=[ >])")


def collapsed(text: str) -> str:
    """Return ``text`` with each run of white space as one space. Linear in time."""
    if "\n" in text:
        text = _INDENTED_LINE.sub(" ", text).replace("\n", " ")
    if "\t" in text or "\f" in text:
        text = text.replace("\t", " ").replace("\f", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def resolve_references(text: str) -> str:
    """Return ``text`` with its character references resolved."""
    if "&" in text:
        for reference, character in REFERENCES.items():  # "&amp;" last
            text = text.replace(reference, character)
    return text


def tag_name(tag: str) -> str:
    """Return the name of the element, given a tag without its delimiters."""
    return tag[1:] if tag[0] == "/" else tag.partition(" ")[0]


def slabs(html: str, start: int = 0, characters: int = 16_384) -> Iterator[str]:
    """Yield ``html`` from ``start`` on in slabs of about ``characters`` that end before a ``<``.

    A list of all parts would take fifty bytes for each in addition to its characters.
    """
    while start < len(html):
        end = html.find("<", start + characters)
        yield html[start : end if end >= 0 else len(html)]
        start = end if end >= 0 else len(html)


def visible_text(html: str) -> str:
    """Return the visible text. Inline tags are dropped; any other tag, and a line break, is a line end."""
    if "<" not in html:
        return resolve_references(html)
    return resolve_references("".join(_ANY_TAG.sub("\n", _TAG_IN_LINE.sub("", slab)) for slab in slabs(html)))


def has_visible_content(html: str) -> bool:
    """Return whether anything is visible: text, or an element that shows without text."""
    return _SHOWS_WITHOUT_TEXT.search(html) is not None or bool(visible_text(html).strip())

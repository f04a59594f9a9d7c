"""The form of sanitised HTML, and reading it with regular expressions.

The sanitiser writes ``<`` only at the start of a tag and ``>`` only at its end (references elsewhere), names in lower
case, attributes as `` name="value"``, and only the four references below. Every element except void ones is closed.
"""

import re

from service.content.html.elements import TEXT_ELEMENTS, names

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")

PARTS = re.compile(r"<([^>]*)>")
"""``split`` with it returns text and tags (without their delimiters) in turn: text first and last, maybe empty."""

VOID = names("br col hr img input wbr")

INLINE = TEXT_ELEMENTS - {"img"}
"""Elements that flow in a line of text. Editors treat an image as a block."""

REFERENCES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\xa0", "&amp;": "&"}
REFERENCE = re.compile(r"(&(?:lt|gt|nbsp|amp);)")
"""``split`` with it returns plain text and references in turn."""

WHITESPACE = " \t\n\f\r"
"""White space in HTML: a no-break space is content."""

_SHOWS_WITHOUT_TEXT = re.compile(r"<(?:hr|img|input|table)(?=[ >])")


def resolve_references(text: str) -> str:
    """Return ``text`` with its character references resolved."""
    if "&" not in text:
        return text
    pieces = REFERENCE.split(text)
    pieces[1::2] = map(REFERENCES.__getitem__, pieces[1::2])
    return "".join(pieces)


def tag_name(tag: str) -> str:
    """Return the name of the element, given a tag without its delimiters."""
    return tag[1:] if tag[0] == "/" else tag.partition(" ")[0]


class _VisibleTags(dict[str, str]):
    """What is visible of each tag. Most tags of a document are equal to others."""

    def __missing__(self, tag: str) -> str:
        name = tag_name(tag)
        self[tag] = text = "" if name in INLINE and name != "br" else "\n"
        return text


def visible_text(html: str) -> str:
    """Return the visible text. Inline tags are dropped; any other tag, and a line break, is a line end."""
    parts = PARTS.split(html)
    if len(parts) > 1:
        parts[1::2] = map(_VisibleTags().__getitem__, parts[1::2])
    return resolve_references("".join(parts))


def has_visible_content(html: str) -> bool:
    """Return whether anything is visible: text, or an element that shows without text."""
    return _SHOWS_WITHOUT_TEXT.search(html) is not None or bool(visible_text(html).strip())

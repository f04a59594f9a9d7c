"""The form of sanitised HTML, and reading it with regular expressions.

The sanitiser writes ``<`` only at the start of a tag and ``>`` only at its end (references elsewhere), names in lower
case, attributes as `` name="value"``, and only the four references below. Every element except void ones is closed.
"""

import re

from service.content.html.elements import TEXT_ELEMENTS, names

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")

VOID = names("br col hr img input wbr")

INLINE = TEXT_ELEMENTS - {"img"}
"""Elements that flow in a line of text. Editors treat an image as a block."""

REFERENCES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\xa0", "&amp;": "&"}
"""``&amp;`` is last, so that they can be resolved in order: ``&amp;lt;`` stands for ``&lt;``."""
REFERENCE = re.compile(f"({'|'.join(REFERENCES)})")
"""``split`` with it returns plain text and references in turn."""

WHITESPACE = " \t\n\f\r"
"""White space in HTML: a no-break space is content."""

_SHOWS_WITHOUT_TEXT = re.compile(r"<(?:hr|img|input|table)(?=[ >])")
_INLINE_TAG = re.compile(rf"</?(?:{'|'.join(sorted(INLINE - {'br'}))})(?=[ >])[^>]*>")


def resolve_references(text: str) -> str:
    """Return ``text`` with its character references resolved."""
    if "&" in text:
        for reference, character in REFERENCES.items():
            text = text.replace(reference, character)
    return text


def visible_text(html: str) -> str:
    """Return the visible text. Inline tags are dropped; any other tag, and a line break, is a line end."""
    return resolve_references(TAG.sub("\n", _INLINE_TAG.sub("", html)))


def has_visible_content(html: str) -> bool:
    """Return whether anything is visible: text, or an element that shows without text."""
    return _SHOWS_WITHOUT_TEXT.search(html) is not None or bool(visible_text(html).strip())

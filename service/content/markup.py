"""What may be relied on in sanitised HTML, and how it is read with regular expressions.

The sanitiser writes ``<`` only where a tag begins and ``>`` only where one ends (in text and in attribute values they
are references), names in lower case, attributes as `` name="value"``, and of references only the four below. Every
element but the void ones is closed.
"""

import re

from service.content.policy import TEXT_ELEMENTS, names

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")

VOID = names("br col hr img input wbr")

INLINE = TEXT_ELEMENTS - {"img"}
"""Elements that flow in a line of text. An image is a block to an editor."""

REFERENCES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\xa0", "&amp;": "&"}
"""With ``&amp;`` the last, so that they can be resolved one after the other: ``&amp;lt;`` stands for ``&lt;``."""
REFERENCE = re.compile(f"({'|'.join(REFERENCES)})")
"""Split with it, a text comes apart into what is written plainly and the references between."""

WHITESPACE = " \t\n\f\r"
"""HTML's own: a no-break space is content."""

_SHOWS_WITHOUT_TEXT = re.compile(r"<(?:hr|img|input|table)(?=[ >])")
_INLINE_TAG = re.compile(rf"</?(?:{'|'.join(sorted(INLINE - {'br'}))})(?=[ >])[^>]*>")


def decoded(text: str) -> str:
    """``text`` with its character references resolved."""
    if "&" in text:
        for reference, character in REFERENCES.items():
            text = text.replace(reference, character)
    return text


def visible_text(html: str) -> str:
    """What a reader sees. Inline tags leave no trace; any other tag, and a line break, is a line end."""
    return decoded(TAG.sub("\n", _INLINE_TAG.sub("", html)))


def shows_anything(html: str) -> bool:
    """Whether there is anything to see: text, or what shows without any."""
    return _SHOWS_WITHOUT_TEXT.search(html) is not None or bool(visible_text(html).strip())

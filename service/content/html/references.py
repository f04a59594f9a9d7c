"""Character references: read as HTML defines them, written as the canonical form has them."""

import re
from html import unescape
from html.entities import html5

# In a value, a name without its semicolon is text if "=" or another letter follows it: "?a=1&copy=2".
_REFERENCE_IN_VALUE = re.compile(r"&(#[0-9]+;?|#[xX][0-9A-Fa-f]+;?|[A-Za-z][A-Za-z0-9]{0,31}(?:;|(?![A-Za-z0-9=])))")


def read_text(source: str) -> str:
    """Return the text of ``source``, which has no tags."""
    return _without_cr(unescape(source)) if "&" in source else source


def read_value(source: str) -> str:
    """Return the value of an attribute."""
    return _without_cr(_REFERENCE_IN_VALUE.sub(_resolved, source)) if "&" in source else source


def write_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def write_value(value: str) -> str:
    return write_text(value).replace('"', "&quot;")


def _without_cr(text: str) -> str:
    """Replace what ``&#13;`` stands for: written as it is, it would be read as a line end."""
    return text.replace("\r", "\n")


def _resolved(found: re.Match[str]) -> str:
    name = found[1]
    return unescape(found[0]) if name[0] == "#" else html5.get(name, found[0])

"""Character references: read as HTML defines them, written as the canonical form has them."""

import re
from functools import lru_cache
from html import unescape
from html.entities import html5

# In a value, a name without its semicolon is text if "=" or another letter follows it: "?a=1&copy=2".
_REFERENCE_IN_VALUE = re.compile(r"&(#[0-9]+;?|#[xX][0-9A-Fa-f]+;?|[A-Za-z][A-Za-z0-9]{0,31}(?:;|(?![A-Za-z0-9=])))")

# Eight digits are already more than any character has: beyond a length, a number is refused by ``int``.
_NUMBER = re.compile("&#(?:0*([0-9]{1,8})[0-9]*|([xX])0*([0-9A-Fa-f]{1,8})[0-9A-Fa-f]*)")
_SHORT_CHARACTERS = 12
"""The length of a reference with eight digits: most are shorter, and a substitution takes longer than to read one."""

_WRITTEN_OTHERWISE = re.compile('[&<>\xa0"]')
_AMPERSAND = re.compile("&(?!(?:amp|lt|gt|nbsp);)")
_OTHER_REFERENCE = re.compile(rf"{_AMPERSAND.pattern}(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]{{0,31}});?")


def read_text(source: str) -> str:
    """Return the text of ``source``, which has no tags."""
    return _without_cr(unescape(_shortened(source))) if "&" in source else source


def read_value(source: str) -> str:
    """Return the value of an attribute."""
    return _without_cr(_REFERENCE_IN_VALUE.sub(_resolved, source)) if "&" in source else source


def write_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def rewritten_text(source: str) -> str:
    """Return ``write_text(read_text(source))``. It is fast for text that is written so."""
    if "&" in source:
        source = _OTHER_REFERENCE.sub(_rewritten, source)
        source = _AMPERSAND.sub("&amp;", source)
    return source.replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def write_value(value: str) -> str:
    return write_text(value).replace('"', "&quot;") if _WRITTEN_OTHERWISE.search(value) else value


def _without_cr(text: str) -> str:
    """Replace what ``&#13;`` stands for: written as it is, it would be read as a line end."""
    return text.replace("\r", "\n")


def _shortened(source: str) -> str:
    """Return ``source`` with numbers of at most eight digits, in references to the same characters."""
    is_long = len(source) > _SHORT_CHARACTERS and "&#" in source
    return _NUMBER.sub(r"&#\1\2\3", source) if is_long else source


def _resolved(found: re.Match[str]) -> str:
    name = found[1]
    return unescape(_shortened(found[0])) if name[0] == "#" else html5.get(name, found[0])


def _rewritten(found: re.Match[str]) -> str:
    return _rewritten_reference(_shortened(found[0]))


@lru_cache(maxsize=1024)
def _rewritten_reference(reference: str) -> str:
    return write_text(read_text(reference))

"""Stand-ins: characters that the cleaner sees in the place of those on which its time is quadratic.

When it writes a text, it searches the rest of it again after each character that it escapes, and after each of U+0080
to U+00BF: 100 KB of quotation marks take 0.3 s. In HTML with no references but the canonical ones, none of these has a
meaning. The stand-ins are noncharacters, which Unicode reserves for use inside a program.
"""

import re
import string

_RESERVED = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5"
"""All are replaced in the source: results do not depend on which of them are in use."""
_AMPERSAND = _RESERVED[0]
_PREFIX = _RESERVED[1]
_LETTERS = string.ascii_letters + string.digits + "_-"
_FIRST = "\x80"
_LEAD_BYTE = b"\xc2"
"""Of these characters, and of no other, in UTF-8."""
_SEARCHED_STAND_INS = {ord(_FIRST) + number: _PREFIX + letter for number, letter in enumerate(_LETTERS)}
_LETTER = re.compile(f"{_PREFIX}([{re.escape(_LETTERS)}])")


def without_stand_ins(html: str) -> str:
    """Return ``html`` with a replacement character for each character that is, or was, a stand-in."""
    if not html.isascii():
        for character in _RESERVED:
            html = html.replace(character, "\ufffd")
    return html


def hide(html: str) -> str:
    """Return HTML ``without_stand_ins`` with stand-ins. The cleaner takes its references for text."""
    has_searched = _LEAD_BYTE in html.encode()
    html = html.replace("&", _AMPERSAND)
    return html.translate(_SEARCHED_STAND_INS) if has_searched else html


def reveal(html: str) -> str:
    """Return the HTML that ``hide`` was given."""
    html = html.replace(_AMPERSAND, "&")
    if _PREFIX not in html:
        return html
    return _LETTER.sub(lambda found: chr(ord(_FIRST) + _LETTERS.index(found[1])), html)

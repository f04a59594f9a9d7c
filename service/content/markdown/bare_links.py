"""Addresses that are links without brackets, as in GitHub Flavored Markdown, beside text of any script."""

import re
from collections.abc import Callable
from urllib.parse import quote

ADDRESS = re.compile(
    # The first set makes the search fast. Ends before white space, "<" and quotes, and punctuation of CJK text.
    r"[hHwW](?<![A-Za-z0-9][hHwW])(?:[tT][tT][pP][sS]?://|[wW][wW]\.)"
    r"[^\s<>\"`\u201c\u201d\u00ab\u00bb\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb\ufe10-\ufe19\ufe30-\ufe6b"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]++",
)
_EMAIL = (
    r"(?<![A-Za-z0-9.+_\-/])(?:mailto:)?[A-Za-z0-9.+_\-]++"
    r"@[A-Za-z0-9_\-]++(?:\.[A-Za-z0-9_\-]*[A-Za-z0-9])+(?!\.?[A-Za-z0-9_\-])"
)
_LINK = re.compile(rf"{ADDRESS.pattern}|{_EMAIL}")
_HOST = re.compile(r"(?:https?://)?(?:[^/?#@]*+@)?([^/?#:]*+)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9\-]*+(?=[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff])")
_TRAILING = frozenset("?!.,:;*_~'|\\\u2018\u2019\u2026")
_ENTITY = re.compile(r"&[A-Za-z0-9]{1,31};\Z")
_BRACKETS = {")": "(", "]": "["}
_SAFE_IN_URL = "!#$%&'(),*+-./:;=?@_~"


def linked(text: str, restored: Callable[[str], str]) -> str:
    """Return ``text`` as HTML, with its addresses as links; ``restored`` returns an address as it was written."""
    pieces: list[str] = []
    copied = 0
    for match in _LINK.finditer(text):
        address = match[0]
        if "@" not in address or "://" in address or address[:4].lower() == "www.":
            address = address[: address_end(address)]
        if not address:
            continue
        scheme = "http://" if address[:4].lower() == "www." else ""
        if not scheme and "://" not in address and address[:7].lower() != "mailto:":
            scheme = "mailto:"
        pieces += (
            escape_text(text[copied : match.start()]),
            f'<a href="{href(scheme + restored(address))}">{escape_text(address)}</a>',
        )
        copied = match.start() + len(address)
    return "".join(pieces) + escape_text(text[copied:])


def href(url: str) -> str:
    """Return ``url`` as the value of an attribute, with the characters encoded that a URL cannot have."""
    if not url.isalnum() or not url.isascii():
        url = quote(url, safe=_SAFE_IN_URL)
    return url.replace("&", "&amp;").replace("'", "&#x27;")


def escape_text(text: str) -> str:
    """Return ``text`` as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def unescape_text(html: str) -> str:
    """Return the text that ``escape_text`` has escaped."""
    return html.replace("&quot;", '"').replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")


def address_end(address: str) -> int:
    """Return the length of ``address`` without the punctuation, brackets and words of the text that follows it.

    It is 0 if there is no host.
    """
    host = _HOST.match(address)
    if host is None or not host[1][:1].isalnum() or (address[:4].lower() == "www." and not address[4:5].isalnum()):
        return 0
    end = len(address)
    if not host[1].isascii():
        # A name of Latin letters that continues in a script without spaces is the end of the host, and text.
        start = host.start(1) + host[1].rfind(".") + 1
        if start > host.start(1) and (name := _NAME.match(address, start)):
            end = name.end()
    surplus = {close: address.count(close, 0, end) - address.count(open_, 0, end) for close, open_ in _BRACKETS.items()}
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last == ";" and (entity := _ENTITY.search(address, max(0, end - 33), end)):
            end = entity.start() + 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end

"""Text that is appended without parsing: it changes nothing before it, and has no meaning in Markdown."""

import re

_PLAIN = (
    r"A-Za-z0-9,.;'\"?(\u00c0-\u024f\u0391-\u03c9\u0410-\u044f\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff"
    r"\uff0c\u3002\u3001"
)
_TOKEN = re.compile(rf" ?(?:[{_PLAIN}]+(?: |\Z))*")
_LAST_WORD = re.compile(rf"(?:^|[ \n])[{_PLAIN}]*\Z")
_ADDRESS = re.compile(r"http|www|ww\.", re.IGNORECASE)
_LINE = re.compile(
    r"(?:\|(?:[^\n<]*[^\n<\\])?\|[ ]*|\|[ ]*)?[ ]{0,12}(?:[*+-][ ]{1,4}|[0-9]{1,9}[.)][ ]{1,4}|#{1,6}[ ]+)?"
    r"(?:\*\*|[*`]|(?=[^\W_]))[^\W\d_][^<\n]*"
)
"""A row of a table up to its last cell, or a marker, and text."""
_LOOKED_AT = 64


def may_be_followed(source: str) -> bool:
    """Return whether plain text after ``source``, of which a paragraph, heading or item is the end, is only appended.

    That is known from the last line: it has begun, its last word is plain, and no tag is in it.
    """
    line = source[source.rfind("\n") + 1 :]
    return _LINE.fullmatch(line) is not None and is_plain_end(source)


def is_plain_end(source: str) -> bool:
    """Return whether the last word is plain."""
    end = source[-_LOOKED_AT:]
    if _LAST_WORD.search(end) is None:
        return False
    word = end[max(end.rfind(" "), end.rfind("\n")) + 1 :]
    return len(word) < _LOOKED_AT and not _ADDRESS.search(word)


def is_plain(text: str) -> bool:
    """Return whether ``text`` has only words, with one space between them."""
    return _TOKEN.fullmatch(text) is not None

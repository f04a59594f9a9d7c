"""Tokens of HTML: what begins at a ``<``, as a browser's tokenizer reads it."""

import re
from functools import cached_property, lru_cache
from typing import NamedTuple

from service.content.html.references import read_value

_SPACE = r"\t\n\f\r\ "
_ATTRIBUTES = rf"""
    (?: [{_SPACE}/]++
      | [^{_SPACE}/>][^{_SPACE}/>=]*+
        (?: [{_SPACE}]*+=[{_SPACE}]*+ (?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^{_SPACE}>]++ )? )?
    )*
"""
# Every alternative that begins succeeds, at the latest at the end of the input: nothing is scanned twice.
_TOKEN = re.compile(
    rf"""
    <!--(?:-?>|.*?(?:--!?>|\Z))
  | <(?:[!?]|/(?![A-Za-z]))[^>]*+(?:>|\Z)
  | <(?P<end>/?)(?P<name>[A-Za-z][^{_SPACE}/>]*+)(?P<attributes>{_ATTRIBUTES})(?:(?P<whole>>)|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    rf"""([^{_SPACE}/>][^{_SPACE}/>=]*+)
    (?: [{_SPACE}]*+=[{_SPACE}]*+ (?: "([^"]*+)"? | '([^']*+)'? | ([^{_SPACE}>]++) )? )?""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A tag, or with an empty ``name`` a comment, declaration, processing instruction or unfinished tag."""

    name: str
    """In lower case."""
    attributes: str
    """As written."""
    is_end: bool
    end: int
    """Offset after the token."""


def preprocessed(html: str) -> str:
    """Return ``html`` without carriage returns and NUL, as a browser's tokenizer sees it."""
    return html.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def token_at(html: str, start: int) -> Token:
    """Return the token that begins with the ``<`` at ``start``, before a letter or one of ``/!?``."""
    found = _TOKEN.match(html, start)
    assert found is not None
    return _token(found)


def whole_tag(text: str) -> Token | None:
    """Return the tag whose text without brackets this is, wherever that is in a source; ``None`` if it is none.

    Its offsets are those in the tag alone.
    """
    found = _TOKEN.match(f"<{text}>")
    return _token(found) if found is not None and found["whole"] and found.end() == len(text) + 2 else None


def _token(found: re.Match[str]) -> Token:
    end, name, attributes, whole = found.groups()
    return Token(name.lower() if whole else "", attributes or "", bool(end), found.end())


def attributes_of(written: str) -> list[tuple[str, str]]:
    """Return the attributes of a tag: names in lower case, and values."""
    return [
        (name.lower(), read_value(double or single or bare))
        for name, double, single, bare in _ATTRIBUTE.findall(written)
    ]


_END_TAG_NAME = re.compile(rf"</([A-Za-z][^{_SPACE}/>]*+)")


class RawText:
    """Finds the end of elements whose content is dropped, or text. Linear in time over all calls for one content."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._without_end: set[str] = set()

    def end(self, name: str, start: int) -> tuple[int, int] | None:
        """Return where the content that begins at ``start`` ends, and where its end tag does; ``None`` without one."""
        if name in self._without_end:
            return None
        found = end_tag(name).search(self._html, start)
        if found is None:
            self._without_end.add(name)
            return None
        return found.span()

    def has_end(self, name: str, start: int) -> bool:
        """Return whether an end tag of ``name``, which is in lower case, occurs after ``start``."""
        return self._last_ends.get(name, -1) >= start

    def has_whole_end(self, name: str, start: int) -> bool:
        """Return whether ``has_end`` is true whatever follows."""
        ends = _END_TAG_NAME.finditer(self._html, start)
        return any(found[1].lower() == name and found.end() < len(self._html) for found in ends)

    @cached_property
    def _last_ends(self) -> dict[str, int]:
        return {found[1].lower(): found.start() for found in _END_TAG_NAME.finditer(self._html)}


@lru_cache(maxsize=64)
def end_tag(name: str) -> re.Pattern[str]:
    """Return the pattern of an end tag of ``name``, which the end of the source may cut off."""
    return re.compile(rf"</{name}(?=[{_SPACE}/>])[^>]*+(?:>|\Z)", re.IGNORECASE)


@lru_cache(maxsize=64)
def end_tag_name(name: str) -> re.Pattern[str]:
    """Return the pattern of what may be the beginning of an end tag of ``name``; see ``RawText.has_whole_end``."""
    return re.compile(rf"</{re.escape(name)}", re.IGNORECASE)


_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_TAG = re.compile("</?[A-Za-z]")
_END_OF_COMMENT = re.compile("--!?>")


END_OF_TAG = re.compile(">")
"""What may end a tag."""


class UnfinishedTag:
    """Finds the end of a tag whose text grows. Linear in time over all calls."""

    def __init__(self) -> None:
        self._place = 0
        """What is before it is the name and whole attributes."""
        self.end = END_OF_TAG
        """What may end the tag, or an attribute whose end is before that of the tag."""

    def has_end(self, text: str) -> bool:
        """Return whether ``text``, which begins with the tag, has its end."""
        step = _TAG_NAME if self._place == 0 else _WHOLE_ATTRIBUTE
        while (found := step.match(text, self._place)) is not None and found.end() < len(text):
            self._place = found.end()
            step = _WHOLE_ATTRIBUTE
        quoted = _OPEN_QUOTE.match(text, self._place) if found is None else None
        self.end = _ENDS_OF_VALUES[quoted[1]] if quoted else END_OF_TAG
        return self._place > 0 and text.startswith(">", self._place)


_TAG_NAME = re.compile(rf"</?[A-Za-z][^{_SPACE}/>]*+", re.VERBOSE)
_VALUE = rf"""(?: "[^"]*+" | '[^']*+' | (?!["'])[^{_SPACE}>]*+ )"""
_WHOLE_ATTRIBUTE = re.compile(
    rf"""[{_SPACE}/]++
      | [^{_SPACE}/>][^{_SPACE}/>=]*+ (?: [{_SPACE}]*+=[{_SPACE}]*+ {_VALUE} | (?![{_SPACE}]*+(?:=|\Z)) )""",
    re.VERBOSE,
)
_OPEN_QUOTE = re.compile(rf"""[^{_SPACE}/>][^{_SPACE}/>=]*+[{_SPACE}]*+=[{_SPACE}]*+(["'])""", re.VERBOSE)
_ENDS_OF_VALUES = {quote: re.compile(quote) for quote in ('"', "'")}


def end_of_unfinished(html: str, start: int) -> re.Pattern[str] | None:
    """Return what may end the token at ``start``, given that it has no name; ``None`` if it has its end."""
    if html.startswith("<!--", start):
        return None if _COMMENT.match(html, start) else _END_OF_COMMENT
    return END_OF_TAG if _TAG.match(html, start) or html.find(">", start) < 0 else None

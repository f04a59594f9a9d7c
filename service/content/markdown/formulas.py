r"""Formulas in TeX: ``\( \)``, ``\[ \]``, ``$ $`` and ``$$ $$``.

They are found before Markdown is parsed for its result, since TeX and Markdown read the same characters: ``\\``, ``_``,
``*``, and ``+`` or ``-`` at the start of a line. A first parse reports what is code or HTML.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pyromark import Markdown

from service.content.markdown.elements import elements
from service.content.markdown.shield import CLOSINGS, DISPLAYED, Formula, Shield

_DELIMITER = re.compile(rb"\\[\\$()\[\]]|\$\$?|\n(?=[ \t>]*+\n)")
_CLOSES = {opening.encode(): closing.encode() for opening, closing in CLOSINGS.items()}
_DISPLAYED = frozenset(opening.encode() for opening in DISPLAYED)
_LINE_PREFIX = re.compile(rb"[ \t]*+(?:(?:>|[-*+](?=[ \t])|[0-9]{1,9}[.)](?=[ \t]))[ \t]*+)*")
_LONGEST_PREFIX = 200
_REST_IS_BLANK = re.compile(rb"[ \t]*+(?:\n|\Z)")
_SPACE = b" \t\n"
_ALPHANUMERIC = re.compile(rb"[0-9A-Za-z]")
# "the $n$th" is a formula, "$HOME/$USER" and "$5/$6" are not.
_AFTER_DOLLAR = re.compile(rb"(?![0-9A-Za-z])|(?:th|st|nd|rd|s)(?![0-9A-Za-z])")
_PRICE = re.compile(rb"[0-9][0-9.,]*+[kKmMbB]?[ \t\n]+\(?(?!mod\b)[A-Za-z]{2}")
_WORDS = re.compile(rb"[\w\s,.;\-]*+\Z|[^0-9A-Za-z]*+\Z")
_LEAVES = frozenset({"Paragraph", "Heading", "Item", "TableCell"})
_OPAQUE = frozenset({"Code", "CodeBlock", "HtmlBlock", "InlineHtml"})


class _Place:
    """A place in the document that moves forwards, and what the first parse found there."""

    def __init__(self, markdown: str, parser: Markdown) -> None:
        self._elements = elements(markdown, parser)
        self._next = next(self._elements, None)
        self._opaque_end = self._table_end = self._offset = 0
        self.leaf = 0
        """The number of the leaf block."""
        self.blocks = 0
        """The number of blocks before it that cannot be in a formula."""

    def move(self, offset: int) -> None:
        """Move to ``offset``, in bytes."""
        self._offset = offset
        while self._next is not None and self._next.start <= offset:
            _, end, kind, value = self._next
            if kind in _LEAVES:
                self.leaf += 1
            elif kind == "Table":
                self._table_end = end
            elif kind in _OPAQUE or (kind == "Link" and value["link_type"] == "Autolink"):
                self._opaque_end = max(self._opaque_end, end)
                self.blocks += kind == "HtmlBlock" or (kind == "CodeBlock" and value != "Indented")
            self._next = next(self._elements, None)

    def is_opaque(self) -> bool:
        """Return whether it is in code, HTML or an address."""
        return self._offset < self._opaque_end

    def is_in_table(self) -> bool:
        """Return whether it is in a table."""
        return self._offset < self._table_end


class _Opener(NamedTuple):
    delimiter: bytes
    start: int
    end: int
    leaf: int
    blocks: int
    """The numbers of its place."""
    starts_line: bool
    is_line: bool
    """Whether there is nothing else in its line."""


def hide_formulas(markdown: str, shield: Shield, parser: Markdown, found: list[tuple[int, int]] | None = None) -> str:
    """Return ``markdown`` with each formula hidden by ``shield``.

    The places of the formulas, in UTF-8 bytes, are appended to ``found``.
    """
    if markdown.count("$") < 2 and r"\)" not in markdown and r"\]" not in markdown:  # noqa: PLR2004 - a pair
        return markdown
    source = markdown.encode()
    hidden = bytearray()
    copied = 0
    for start, end, formula in _formulas(source, _Place(markdown, parser)):
        hidden += source[copied:start]
        hidden += shield.add(formula).encode()
        if found is not None:
            found.append((start, end))
        copied = end
    if not copied:
        return markdown
    hidden += source[copied:]
    return hidden.decode()


def _formulas(source: bytes, place: _Place) -> Iterator[tuple[int, int, Formula]]:
    """Yield the start and end of each formula, and the formula."""
    last = {opening: source.rfind(closing) for opening, closing in _CLOSES.items()}
    opener: _Opener | None = None
    has_blank_line = False
    for match in _DELIMITER.finditer(source):
        token = match[0]
        place.move(match.start())
        if place.is_opaque():
            continue
        if opener is not None and (place.blocks > opener.blocks or (token == b"\n" and not opener.is_line)):
            opener = None
        if token == b"\n":
            has_blank_line = True
            continue
        if opener is not None and token == _CLOSES[opener.delimiter]:
            formula = None
            if not has_blank_line or _REST_IS_BLANK.match(source, match.end()):
                formula = _formula(source, opener, match, place)
            if formula is not None:
                yield opener.start, match.end(), formula
            if formula is not None or token not in _CLOSES:
                opener = None
                continue
        # A dollar sign in the text of a displayed formula does not open another.
        is_nested = opener is not None and opener.delimiter in _DISPLAYED and token not in _DISPLAYED
        if not is_nested and match.start() < last.get(token, 0) and _opens(source, match):
            opener = _opener(source, match, place)
            has_blank_line = False


def _opener(source: bytes, match: re.Match[bytes], place: _Place) -> _Opener:
    start, end = match.span()
    starts_line = match[0] in _DISPLAYED and _starts_line(source, start)
    is_line = starts_line and _REST_IS_BLANK.match(source, end) is not None
    return _Opener(match[0], start, end, place.leaf, place.blocks, starts_line, is_line)


def _opens(source: bytes, match: re.Match[bytes]) -> bool:
    start, end = match.span()
    if match[0] != b"$":
        return True
    return source[end] not in _SPACE and not (start and _ALPHANUMERIC.match(source, start - 1))


def _starts_line(source: bytes, place: int) -> bool:
    line = source.rfind(b"\n", max(0, place - _LONGEST_PREFIX), place) + 1
    prefix = _LINE_PREFIX.match(source, line, place) if line or place < _LONGEST_PREFIX else None
    return prefix is not None and prefix.end() == place


def _formula(source: bytes, opener: _Opener, closing: re.Match[bytes], place: _Place) -> Formula | None:
    """Return the formula from ``opener`` to ``closing``, if it is one."""
    start, end = closing.span()
    content = source[opener.end : start]
    in_one_leaf = opener.leaf == place.leaf or opener.starts_line
    if not in_one_leaf or not content.strip() or (place.is_in_table() and b" | " in content):
        return None
    if opener.delimiter == b"$" and (
        content[-1] in _SPACE or not _AFTER_DOLLAR.match(source, end) or _PRICE.match(content)
    ):
        return None
    if opener.delimiter == rb"\[":
        # Brackets may be escaped so that they are none: "\[1\]", "\[text\](address)".
        is_block = opener.starts_line and _REST_IS_BLANK.match(source, end)
        if source[end : end + 1] in {b"(", b"[", b":"} or (not is_block and _WORDS.match(content)):
            return None
    if opener.starts_line and b"\n" in content:
        line = source.rfind(b"\n", max(0, opener.start - _LONGEST_PREFIX), opener.start) + 1
        if quotes := source.count(b">", line, opener.start):
            content = re.sub(rb"(?m)^[ \t]*+(?:>[ \t]?){1,%d}" % quotes, b"", content)
    if opener.delimiter == b"$" and content[:1] == content[-1:] == b"`":  # GitHub's other form: $`…`$
        content = content.strip(b"`")
    if place.is_in_table():
        content = content.replace(rb"\|", b"|")
    return Formula(opener.delimiter.decode(), content.decode(), closing[0].decode())

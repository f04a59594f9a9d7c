"""Layout: the items at the top level of sanitised HTML, where no element is open."""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from service.content.html.markup import INLINE, TAG, VOID, WHITESPACE

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
# Blocks that editors support only by an extension: without it their content is merged into the preceding paragraph.
_UNKNOWN_BLOCKS = frozenset({"details", "dt", "main", "nav", "summary"})


class Kind(Enum):
    TEXT = "text"
    INLINE = "inline"
    LINE_BREAK = "line break"
    MIXED = "mixed"
    """An inline element that contains a block, or a block that some editors do not support."""
    PARAGRAPH = "paragraph"
    """A paragraph or heading with visible text and inline elements only."""
    BLOCK = "block"
    """Any other block, an image included."""

    @property
    def flows(self) -> bool:
        """Whether it is part of a run of text."""
        return self is not _PARAGRAPH and self is not _BLOCK


_TEXT, _INLINE, _PARAGRAPH, _BLOCK = (
    Kind.TEXT,
    Kind.INLINE,
    Kind.PARAGRAPH,
    Kind.BLOCK,
)  # the attribute lookup of an enum is slow


class Item(NamedTuple):
    """An item of the top level in ``[start, end)``."""

    kind: Kind
    start: int
    end: int


def items(html: str) -> Iterator[Item]:
    """Yield the items of the top level of ``html``, in order and without gaps. Linear in time."""
    depth = start = end = 0
    outermost = ""
    only_inline = True
    for tag in TAG.finditer(html):
        closes, name = tag.groups()
        if closes:
            depth -= 1
        elif depth == 0:
            if end < tag.start():
                yield Item(_TEXT, end, tag.start())
            start, outermost, only_inline = tag.start(), name, True
            depth = name not in VOID
        else:
            only_inline = only_inline and name in INLINE
            depth += name not in VOID
        if depth == 0:
            end = tag.end()
            yield Item(_kind(outermost, html[start:end], only_inline=only_inline), start, end)
    if end < len(html):
        yield Item(_TEXT, end, len(html))


def _kind(name: str, element: str, *, only_inline: bool) -> Kind:
    if name == "br":
        return Kind.LINE_BREAK
    if name in INLINE:
        return _INLINE if only_inline else Kind.MIXED
    if name in _UNKNOWN_BLOCKS:
        return Kind.MIXED
    if only_inline and name in _PARAGRAPHS and TAG.sub("", element).strip(WHITESPACE):
        return _PARAGRAPH
    return _BLOCK

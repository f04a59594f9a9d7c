"""Layout: the nodes of sanitised HTML that are in no element, and how an editor joins them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from service.content.html.elements import names
from service.content.html.markup import INLINE, VOID

WRAPPERS = names("article aside div footer header main nav section")
UNSUPPORTED = WRAPPERS | names("address dd dl dt figcaption figure hgroup")
"""Blocks of which editors read only the content."""

_START_TAG = re.compile(r"<([a-z][a-z0-9]*)(?: [^>]*+)?>")

_WRAPPED = rf"(?:<(?:{'|'.join(sorted(UNSUPPORTED))})(?: [^>]*+)?>)*"
_PARAGRAPHS = names("p h1 h2 h3 h4 h5 h6")
_BLOCKS = _PARAGRAPHS | names("ul ol blockquote pre hr")
_BEGINS_AS_BLOCK = re.compile(rf"{_WRAPPED}<(?:{'|'.join(sorted(_BLOCKS))})[ >]")
_INLINE_TAG = rf"</?(?:{'|'.join(sorted(INLINE))})(?: [^>]*+)?>"
_PARAGRAPH_WITH_TEXT = re.compile(rf"<(p|h[1-6])(?: [^>]*+)?>(?=(?:<[^>]*+>|\s)*[^<\s])(?:[^<]++|{_INLINE_TAG})*</\1>")
_FLOWING_CONTENT = re.compile(rf"(?:[^<]++|</?(?:{'|'.join(sorted(INLINE | {'img'}))})(?: [^>]*+)?>)*")


class Node(NamedTuple):
    """An element, or the text between two, in ``[start, end)``."""

    name: str
    """Empty for text."""
    start: int
    end: int


def nodes(html: str) -> Iterator[Node]:
    """Yield the nodes of ``html`` that are in no element, in order and without gaps. Linear in time."""
    place = 0
    while place < len(html):
        tag = _START_TAG.match(html, place)
        if tag is None:
            name, end = "", html.find("<", place)
            if end == place:
                raise ValueError("An end tag has no start tag.")
            if end < 0:
                end = len(html)
        else:
            name, end = tag[1], tag.end()
            if name not in VOID:
                end = _end(html, name, end)
        yield Node(name, place, end)
        place = end


def flows(html: str, name: str, start: int, end: int) -> bool:
    """Return whether a node is text, an image, or an inline element without a block in it."""
    return not name or name == "img" or (name in INLINE and _FLOWING_CONTENT.fullmatch(html, start, end) is not None)


def begins_as_block(html: str, node: Node) -> bool:
    """Return whether every editor begins a block with ``node``."""
    name = node.name
    return name in _BLOCKS or (name in UNSUPPORTED and _BEGINS_AS_BLOCK.match(html, node.start) is not None)


def ends_as_paragraph(html: str, node: Node) -> bool:
    """Return whether ``node`` ends with a paragraph or heading that has text, so that an editor appends behind it."""
    if node.name in _PARAGRAPHS:
        return _PARAGRAPH_WITH_TEXT.fullmatch(html, node.start, node.end) is not None
    if node.name not in UNSUPPORTED:
        return False
    end = node.end
    while (name := html[(tag := html.rfind("<", node.start, end)) + 2 : end - 1]) in UNSUPPORTED:
        end = tag
    if name not in _PARAGRAPHS:
        return False
    start = max(html.rfind(f"<{name}{after}", node.start, tag) for after in " >")
    return _PARAGRAPH_WITH_TEXT.fullmatch(html, start, end) is not None


def _end(html: str, name: str, place: int) -> int:
    """Return the end of the element ``name`` whose content begins at ``place``."""
    end = html.find(f"</{name}>", place)
    if end < 0:
        raise ValueError(f"The element {name} has no end.")
    if html.find(f"<{name}", place, end) < 0:
        return end + len(f"</{name}>")
    depth = 1
    for tag in _tags(name).finditer(html, place):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    raise ValueError(f"The element {name} has no end.")


@cache
def _tags(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){name}(?: [^>]*+)?>")

"""White space beside images, which are words of a line to a page and blocks to an editor."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from service.content.html.markup import INLINE, TAG, VOID

_LINE_TAG = rf"<(?:img|/?(?:{'|'.join(sorted(INLINE))}))(?: [^>]*+)?>"
_TAGS = re.compile(rf"(?: ?{_LINE_TAG})* ?")
_PREFORMATTED = re.compile(r"<pre[ >].*?</pre>", re.DOTALL)
KEEPS_SPACE = "white-space: pre"
_IS_LINE_TAG = re.compile(_LINE_TAG)


def with_loose_images(html: str) -> str:
    """Return canonical ``html`` with a line end for white space beside an image, if it is at the edge of its block.

    A page shows the line end as a space. An editor in which images are blocks drops it, if it is a text of its own,
    which it is between two tags; a ``wbr`` makes it one beside other text. White space between two images is at an edge
    too. Linear in time.
    """
    image = html.find("<img")
    if image < 0:
        return html
    preformatted = [*_preformatted(html)]
    pieces: list[str] = []
    copied = 0
    while image >= 0:
        start = _start_of_tags(html, image, copied)
        end = _TAGS.match(html, image).end()  # type: ignore[union-attr]  # it matches anywhere
        loosened = _loosened(html, start, end)
        if loosened != html[start:end] and bisect_right(preformatted, image) % 2 == 0:
            pieces += html[copied:start], loosened
            copied = end
        image = html.find("<img", end)
    return "".join([*pieces, html[copied:]]) if pieces else html


def _preformatted(html: str) -> Iterator[int]:
    """Yield where elements that preserve white space begin and end, in turn."""
    if KEEPS_SPACE not in html:
        for found in _PREFORMATTED.finditer(html):
            yield from found.span()
        return
    depth = around = 0
    """The number of open elements, and of those with the outermost of these elements."""
    for tag in TAG.finditer(html):
        if tag[1]:
            if depth == around:
                yield tag.end()
                around = 0
            depth -= 1
        elif tag[2] not in VOID:
            depth += 1
            if not around and (tag[2] == "pre" or KEEPS_SPACE in tag[0]):
                yield tag.start()
                around = depth


def _start_of_tags(html: str, place: int, first: int) -> int:
    """Return where the tags and spaces before ``place`` begin, not before ``first``."""
    while place > first:
        before = place - (html[place - 1] == " ")
        tag = html.rfind("<", first, before) if html[before - 1] == ">" else -1
        if tag < 0 or _IS_LINE_TAG.fullmatch(html, tag, before) is None:
            return before
        place = tag
    return place


def _loosened(html: str, start: int, end: int) -> str:
    """Return the tags, images among them, in ``[start, end)``."""
    tags = html[start:end]
    begins = start == 0 or html[start - 1] == ">"
    ends = end == len(html) or html[end] == "<"
    first, last = 0, len(tags)
    if not begins and not ends:
        first, last = tags.index("<img"), tags.index(">", tags.rindex("<img")) + 1
    edge = tags[first:last]
    if ends and not begins and edge.startswith(" "):
        edge = f"<wbr>{edge}"
    if begins and not ends and edge.endswith(" "):
        edge = f"{edge[:-1]}\n<wbr>"
    return tags[:first] + edge.replace(" <", "\n<") + tags[last:]

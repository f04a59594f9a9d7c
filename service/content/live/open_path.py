"""The elements that are open at a place of HTML that grows."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from service.content.html.markup import TAG, VOID
from service.content.live.growing_text import GrowingText

_STEP_CHARACTERS = 1024
"""The distance of places that are remembered."""
_LAST_START_TAG = re.compile(rf"<(?!/|(?:{'|'.join(sorted(VOID))})[ >])[^<>]*>\s*\Z")


class Element:
    """An open element in others."""

    __slots__ = ("_close", "name", "parent")

    def __init__(self, name: str, parent: "Element | None") -> None:
        self.name = name
        self.parent = parent
        """``None`` around all elements."""
        self._close: str | None = None

    @property
    def close(self) -> str:
        """The end tags of the element and of those around it."""
        if self._close is None:
            self._close = "".join(f"</{element.name}>" for element in self.path())
        return self._close

    def path(self) -> "Iterator[Element]":
        """Yield the element and those around it, the innermost first."""
        element = self
        while element.parent is not None:
            yield element
            element = element.parent


ROOT = Element("", None)


def after(element: Element, html: str) -> Element:
    """Return the innermost open element after ``html``, before which it is ``element``."""
    if "<" in html:
        for tag in TAG.finditer(html):
            if tag[1]:
                element = element.parent or ROOT
            elif tag[2] not in VOID:
                element = Element(tag[2], element)
    return element


class OpenPath:
    """The innermost open element at any place. Linear in time over all calls that go forward."""

    def __init__(self, text: GrowingText) -> None:
        self._text = text
        self._places = [0]
        self._elements = [ROOT]

    def truncate(self, start: int) -> None:
        """What follows ``start`` is to be replaced."""
        while self._places[-1] > start:
            del self._places[-1], self._elements[-1]

    def at(self, place: int) -> Element:
        """Return the innermost element that is open at ``place``, which is not inside a tag."""
        index = bisect_right(self._places, place) - 1
        start = self._places[index]
        element = after(self._elements[index], self._text.slice(start, place))
        if index == len(self._places) - 1 and place >= start + _STEP_CHARACTERS:
            self._places.append(place)
            self._elements.append(element)
        return element


def without_start_tags(html: str) -> int:
    """Return the length of ``html`` without the start tags, and the white space, at its end: nothing shows of them."""
    end = len(html)
    while (start := html.rfind("<", 0, end)) >= 0 and _LAST_START_TAG.match(html, start, end):
        end = start
    return end

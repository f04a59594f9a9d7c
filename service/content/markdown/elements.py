"""Where the elements of a document are, for those parts of this package that look at it before it is converted."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pyromark import Markdown


class Element(NamedTuple):
    """An element: offsets in UTF-8 bytes, the parser's name of its kind, and its data."""

    start: int
    end: int
    kind: str
    value: Any


def elements(markdown: str, parser: Markdown) -> Iterator[Element]:
    """Yield the elements of ``markdown`` in the order of their starts."""
    for event, place in parser.events_with_range(markdown):
        if isinstance(event, str):
            continue
        for name, data in event.items():
            if name != "Start":
                if name in ("Code", "InlineHtml"):
                    yield Element(place["start"], place["end"], name, data)
            elif isinstance(data, str):
                yield Element(place["start"], place["end"], data, None)
            elif isinstance(data, dict):
                for kind, value in data.items():
                    yield Element(place["start"], place["end"], kind, value)

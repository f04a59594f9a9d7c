"""Counts of what sanitising removes from a document, by kind. The removed content itself is not recorded."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Removal(StrEnum):
    """Kinds of removals. Attributes of a removed element are not counted."""

    ELEMENT = "element"
    """Tags of an element that is not allowed, or not at that position; its content is kept."""
    SUBTREE = "subtree"
    """An element with its content: a script, a style sheet, a title."""
    HIDDEN = "hidden"
    """An element with its content, because it is hidden."""
    COMMENT = "comment"
    """A comment, declaration or processing instruction."""
    EVENT_HANDLER = "event_handler"
    """An attribute that contains script: ``onclick``."""
    URL = "url"
    """A URL, because of its scheme or its position."""
    LINK_HOST = "link_host"
    """The address of a link, because of its host."""
    IMAGE_HOST = "image_host"
    """An image, because of its host."""
    STYLE = "style"
    """Declarations of a ``style`` attribute, some or all: counted once for each attribute."""
    CLASS = "class"
    """Names of a ``class`` attribute, some or all: counted once for each attribute."""
    ATTRIBUTE = "attribute"
    """Any other attribute, also a duplicate."""
    MARKUP = "markup"
    """All markup of a document that did not reach a fixpoint and is sent as text: counted once, alone."""


class Removals:
    """Counter of removals during sanitising.

    Corrections are not counted: misplaced tags, white space, empty elements.
    """

    def __init__(self) -> None:
        self._counts: Counter[Removal] = Counter()

    def add(self, kind: Removal) -> None:
        self._counts[kind] += 1

    def add_all(self, kinds: Iterable[Removal]) -> None:
        for kind in kinds:
            self._counts[kind] += 1

    def counts(self) -> Mapping[Removal, int]:
        """Return the counts by kind; kinds without a removal are absent."""
        return dict(self._counts)

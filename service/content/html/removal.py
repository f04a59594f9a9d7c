"""Counts of what sanitising removes from a document, by kind. The removed content itself is not recorded."""

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Removal(StrEnum):
    """Kinds of removals. Attributes of a removed element are not counted."""

    ELEMENT = "element"
    """Tags of an element that is not allowed, or not at that position; its content is kept."""
    SUBTREE = "subtree"
    """An element with its content: a script, a style sheet, a drawing."""
    COMMENT = "comment"
    """A comment, declaration or processing instruction."""
    EVENT_HANDLER = "event_handler"
    """An attribute that contains script: ``onclick``."""
    URL = "url"
    """A URL, because of its scheme or its position."""
    IMAGE_HOST = "image_host"
    """The address of an image, because its host is not in ``IMAGE_HOSTS``."""
    LINK_HOST = "link_host"
    """The address of a link, because its host is not in ``LINK_HOSTS``."""
    STYLE = "style"
    """Declarations of a ``style`` attribute, some or all: counted once for each attribute."""
    CLASS = "class"
    """Names of a ``class`` attribute, some or all: counted once for each attribute."""
    ATTRIBUTE = "attribute"
    """Any other attribute, also a duplicate."""
    MARKUP = "markup"
    """All markup of a document that did not reach a fixpoint and is sent as text: counted once, alone."""


_NAME = r"[^\t\n\f\r />][^\t\n\f\r />=]*+"
_VALUE = r"""[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"?|'[^']*+'?|[^\t\n\f\r >]++)?+"""
_ATTRIBUTE = re.compile(rf"({_NAME})(?:{_VALUE})?+")
_KEPT_ATTRIBUTES = re.compile(r"<[a-z][a-z0-9]* ([^>]*)>")

_URLS = frozenset({"action", "background", "cite", "formaction", "href", "poster", "src", "srcset", "xlink:href"})
_COUNTED_WHERE_FILTERED = frozenset({"class", "style"})
_OWN = frozenset({"rel"})
"""Set by the sanitiser itself."""


class Removals:
    """Counter of removals during sanitising.

    The tree parser of the sanitiser does not report what it drops. Attributes are therefore counted by name in the tags
    that are kept, and again in the result; the difference was removed. Corrections are not counted: end tags, misplaced
    tags, characters that HTML does not allow. For an ``input`` removed because of its type, the type is counted too.
    """

    def __init__(self) -> None:
        self._counts: Counter[Removal] = Counter()
        self.tags: list[str] = []
        """The attributes of tags that are kept."""

    def add(self, kind: Removal) -> None:
        self._counts[kind] += 1

    def counts(self, html: str) -> Mapping[Removal, int]:
        """Return the counts by kind, given the sanitised ``html``; kinds without a removal are absent."""
        if self.tags:
            lost = _names("\n".join(self.tags)) - _names("\n".join(_KEPT_ATTRIBUTES.findall(html)))
            for name, count in lost.items():
                if name not in _COUNTED_WHERE_FILTERED and name not in _OWN:
                    self._counts[_kind(name)] += count
            self.tags.clear()
            # These were counted where they were filtered.
            self._counts[Removal.URL] -= self._counts[Removal.IMAGE_HOST] + self._counts[Removal.LINK_HOST]
        return dict(+self._counts)


def _names(attributes: str) -> Counter[str]:
    return Counter(map(str.lower, _ATTRIBUTE.findall(attributes)))


def _kind(attribute: str) -> Removal:
    if attribute.startswith("on"):
        return Removal.EVENT_HANDLER
    return Removal.URL if attribute in _URLS else Removal.ATTRIBUTE

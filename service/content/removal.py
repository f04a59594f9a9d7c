"""What sanitising takes out of a document, counted by kind. Never what it was."""

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Removal(StrEnum):
    """Kinds of what is taken out. An attribute of an element that is itself taken out is not counted."""

    ELEMENT = "element"
    """Tags of an element that is not allowed, or not where it stands; what was in it stays."""
    SUBTREE = "subtree"
    """An element with all that was in it: a script, a style sheet, a drawing."""
    COMMENT = "comment"
    """A comment, declaration or processing instruction."""
    EVENT_HANDLER = "event_handler"
    """An attribute that holds a program: ``onclick``."""
    URL = "url"
    """An address, for its scheme or where it stands."""
    STYLE = "style"
    """Declarations of a ``style`` attribute, some or all: counted once for each attribute."""
    CLASS = "class"
    """Names of a ``class`` attribute, some or all: counted once for each attribute."""
    ATTRIBUTE = "attribute"
    """Any other attribute, also one written twice."""
    MARKUP = "markup"
    """All markup of a document that did not settle and goes out as text: counted once, and nothing else with it."""


_NAME = r"[^\t\n\f\r />][^\t\n\f\r />=]*+"
_VALUE = r"""[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"?|'[^']*+'?|[^\t\n\f\r >]++)?+"""
_ATTRIBUTE = re.compile(rf"({_NAME})(?:{_VALUE})?+")
_KEPT_ATTRIBUTES = re.compile(r"<[a-z][a-z0-9]* ([^>]*)>")

_URLS = frozenset({"action", "background", "cite", "formaction", "href", "poster", "src", "srcset", "xlink:href"})
_COUNTED_WHERE_FILTERED = frozenset({"class", "style"})
_OWN = frozenset({"rel"})
"""Given and taken by the sanitiser as the link needs it."""


class Removals:
    """Counts what goes, on the way through the sanitiser.

    The sanitiser's tree parser does not say what it drops. So attributes are counted by name in the tags that are to
    stay and again in the result, and the difference is what went. Not counted is what only mends: end tags, tags out of
    order, characters that HTML does not have. Of an ``input`` that goes for its type, the type is counted too.
    """

    def __init__(self) -> None:
        self._counts: Counter[Removal] = Counter()
        self.tags: list[str] = []
        """What stands after the names of tags that are to stay."""

    def add(self, kind: Removal) -> None:
        self._counts[kind] += 1

    def counts(self, html: str) -> Mapping[Removal, int]:
        """By kind, given what is left: only kinds of which there was one."""
        if self.tags:
            lost = _names("\n".join(self.tags)) - _names("\n".join(_KEPT_ATTRIBUTES.findall(html)))
            for name, count in lost.items():
                if name not in _COUNTED_WHERE_FILTERED and name not in _OWN:
                    self._counts[_kind(name)] += count
            self.tags.clear()
        return dict(self._counts)


def _names(attributes: str) -> Counter[str]:
    return Counter(map(str.lower, _ATTRIBUTE.findall(attributes)))


def _kind(attribute: str) -> Removal:
    if attribute.startswith("on"):
        return Removal.EVENT_HANDLER
    return Removal.URL if attribute in _URLS else Removal.ATTRIBUTE

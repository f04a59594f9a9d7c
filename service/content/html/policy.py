"""The allow-lists of HTML: ``EDITOR`` for a document in an editor, ``PAGE`` for a web page. The rest is removed.

There is no ``id`` and no ``name`` (they clobber variables of a page), no event attribute, no form, and no attribute
that a framework reads as an instruction: the ``data-`` attributes are those of nodes.py, one by one.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.content.html.classes import OF_EDITORS, class_rule
from service.content.html.elements import ELEMENTS, names
from service.content.html.nodes import NODES, data_attributes
from service.content.html.rule import COUNT, FLAG, INTEGER, LENGTH, WIDTHS, Pattern, Rule, Value, one_of
from service.content.html.style.properties import STYLE_RULES

Attributes = Mapping[str, Mapping[str, Rule]]
"""Rules by attribute, by element; ``*`` is every element."""


_NOTHING: Mapping[str, Rule] = {}


class PolicyName(StrEnum):
    """The reader that a policy is for."""

    EDITOR = "editor"
    PAGE = "page"


class Policy(Struct, frozen=True):
    """What HTML may contain."""

    name: PolicyName
    attributes: Attributes
    """An ``input`` without its ``type`` is not a checkbox and is removed; a link with a ``target`` gets the ``rel``
    that makes it safe."""
    classes: Pattern
    """Of one class. A page could style others than these: ``fixed inset-0`` covers the whole page."""
    styles: frozenset[str]
    """Properties in ``style`` attributes, with values by the rules of style/properties.py."""
    elements: frozenset[str] = ELEMENTS
    relations: frozenset[str] = names("nofollow noopener noreferrer sponsored ugc")

    def rule(self, element: str, attribute: str) -> Rule | None:
        """Return the rule for the value; ``None`` if the policy has no such element or attribute."""
        if element not in self.elements:
            return None
        return self.attributes.get(element, _NOTHING).get(attribute) or self.attributes["*"].get(attribute)


_CELL: Mapping[str, Rule] = {
    "colspan": COUNT,
    "rowspan": COUNT,
    "align": one_of("left", "right", "center", "justify"),
    "valign": one_of("top", "middle", "bottom", "baseline"),
    "width": LENGTH,
    "height": LENGTH,
}
_COLUMN: Mapping[str, Rule] = {
    # A column without cells takes the space between two.
    "span": Pattern("a whole number from 1 to 20", re.compile("[1-9]|1[0-9]|20")),
    "width": LENGTH,
}

_GENERAL: Attributes = {
    "*": {
        "class": Value.CLASSES,
        "dir": one_of("ltr", "rtl", "auto"),
        "lang": Pattern("a language tag", re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}")),
        "style": Value.STYLE,
        "title": Value.TEXT,
    },
    "a": {"href": Value.LINK, "target": one_of("_blank"), "rel": Value.RELATIONS},
    "blockquote": {"cite": Value.LINK},
    "col": _COLUMN,
    "colgroup": _COLUMN,
    "details": {"open": FLAG},
    "img": {"src": Value.IMAGE, "alt": Value.TEXT, "width": LENGTH, "height": LENGTH},
    "input": {"type": one_of("checkbox"), "checked": one_of("", "checked"), "disabled": one_of("", "disabled")},
    "li": {"value": INTEGER},
    "ol": {"start": INTEGER, "type": one_of("1", "a", "A", "i", "I"), "reversed": FLAG},
    "q": {"cite": Value.LINK},
    "td": _CELL,
    "th": {**_CELL, "scope": one_of("col", "row", "colgroup", "rowgroup")},
    "time": {"datetime": Pattern("a date, a time or both", re.compile(r"[0-9A-Z:.+\- ]{1,40}"))},
}
_OF_EDITORS: Attributes = {"td": {"colwidth": WIDTHS}, "th": {"colwidth": WIDTHS}}


def _merged(*tables: Mapping[str, Mapping[str, Rule]]) -> Attributes:
    merged: dict[str, dict[str, Rule]] = {}
    for table in tables:
        for element, rules in table.items():
            merged.setdefault(element, {}).update(rules)
    return merged


EDITOR = Policy(
    PolicyName.EDITOR,
    attributes=_merged(_GENERAL, _OF_EDITORS, data_attributes(NODES)),
    classes=class_rule("those of code, and those that editors write", *OF_EDITORS.values()),
    styles=frozenset(STYLE_RULES),
)
PAGE = Policy(
    PolicyName.PAGE,
    attributes=_merged(_GENERAL, data_attributes(node for node in NODES if node.page)),
    classes=class_rule("those of code"),
    styles=names(
        "color background-color direction font-style font-variant font-weight list-style-position",
        "list-style-type text-align",
        "text-decoration text-decoration-line text-transform vertical-align white-space",
    ),
)
POLICIES: Mapping[PolicyName, Policy] = {policy.name: policy for policy in (EDITOR, PAGE)}

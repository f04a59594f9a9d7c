"""Sanitising: HTML reduced to what policy.py allows, safe for any page and editor."""

import re
from collections.abc import Callable, Mapping
from html import escape

import nh3
from msgspec import Struct

from service.content.html.attributes import AttributeFilter
from service.content.html.balance import balance
from service.content.html.elements import EMPTIED
from service.content.html.removal import Removal, Removals
from service.content.html.urls import SCHEMES
from service.content.rules import ContentRules
from service.protocol.errors import PreparedTooLarge

MAX_PASSES = 5
"""A document that is not stable after this number of passes is sent as text."""

_REQUIRED_RELATIONS = ("noopener", "noreferrer")
"""Required on a link that opens a new page, which must not get access to the page that it was opened from."""

# No possessive groups: Python before 3.11.5 does not match them reliably.
_NEEDS_CORRECTION = re.compile(
    r"""<(?: a (?:\ (?!target=)[a-z\-]++="[^"]*+")* \ target="_blank" [^>]*+ >
          | img (?:\ (?!src=)[a-z\-]++="[^"]*+")* >
          | input (?:\ (?!type=)[a-z\-]++="[^"]*+")* >
          | pre (?:\ [^>]*+)? >\n
    )""",
    re.VERBOSE,
)
# Matched from the beginning, because a value may end with the text of this attribute.
_ALT = re.compile(r'<img(?: (?!alt=)[a-z\-]++="[^"]*+")* alt="([^"]*+)"')
_RELATIONS = re.compile(r'<a(?: (?!rel=)[a-z\-]++="[^"]*+")*( rel="([^"]*+)")')


class SanitisedHtml(Struct, frozen=True):
    """Safe HTML, and the number of removals by kind."""

    html: str
    removed: Mapping[Removal, int]
    """Kinds without a removal are absent."""


def sanitise_html(html: str, rules: ContentRules, max_characters: int) -> SanitisedHtml:
    """Return safe HTML in the form that markup.py describes. Sanitising it again changes nothing.

    Raises ``PreparedTooLarge`` if the result is longer than ``max_characters``. Linear in time except where the tree
    parser is not: thousands of attributes in one tag, of ampersands in one text, or of elements that must be moved out
    of a table. 100 KB of these may take half a second.
    """
    removals = Removals()
    clean = _cleaner(rules, removals)
    before = balance(html, rules.policy.elements, removals)
    for _ in range(MAX_PASSES):
        # Removing an element may leave HTML that parses as another tree, such as a paragraph in a paragraph.
        after = clean(before)
        check_prepared_size(after, max_characters)
        if after == before:
            return SanitisedHtml(after, removals.counts(after))
        before = after
    text = clean(escape(html, quote=False))
    check_prepared_size(text, max_characters)
    return SanitisedHtml(text, {Removal.MARKUP: 1})


def check_prepared_size(html: str, max_characters: int) -> None:
    """Raise ``PreparedTooLarge`` if ``html`` is too long."""
    if len(html) > max_characters:
        raise PreparedTooLarge(
            f"The content grew to {len(html)} characters of HTML; at most {max_characters} are allowed. "
            "Send it in parts."
        )


def _cleaner(rules: ContentRules, removals: Removals) -> Callable[[str], str]:
    """Return a function for one pass over the tree. It caches styles, so each content gets its own."""
    policy = rules.policy
    attributes = _CaughtFaults(AttributeFilter(rules, removals))
    cleaner = nh3.Cleaner(
        tags=policy.elements,
        clean_content_tags=EMPTIED,
        attributes={element: set(row) for element, row in policy.attributes.items()},
        attribute_filter=attributes.allowed,
        url_schemes=SCHEMES | {"data"},
        link_rel=None,
    )

    def correct(match: re.Match[str]) -> str:
        """Return the corrected tag, where a rule depends on more than one attribute or on the following text."""
        tag = match[0]
        if tag.startswith("<a"):
            return _with_relations(tag)
        if tag.startswith("<input"):  # not a checkbox
            removals.add(Removal.ELEMENT)
            return ""
        if tag.startswith("<img"):  # no source
            found = _ALT.match(tag)
            return found[1].replace("&quot;", '"') if found else ""
        # A parser drops the first line end of a "pre": content that begins with one needs another.
        return tag + "\n"

    def clean(html: str) -> str:
        cleaned = cleaner.clean(html)
        if attributes.fault is not None:
            raise attributes.fault
        return _NEEDS_CORRECTION.sub(correct, cleaned)

    return clean


def _with_relations(link: str) -> str:
    """Return the tag of a link with the required ``rel`` in place of its own, if any."""
    found = _RELATIONS.match(link)
    start, end = found.span(1) if found else (len(link) - 1, len(link) - 1)
    relations = found[2].split() if found else []
    missing = [relation for relation in _REQUIRED_RELATIONS if relation not in relations]
    return f'{link[:start]} rel="{" ".join(missing + relations)}"{link[end:]}'


class _CaughtFaults:
    """An attribute filter whose exceptions are kept: the tree parser would only print them, with the value."""

    def __init__(self, attributes: AttributeFilter) -> None:
        self.fault: Exception | None = None
        """The last exception."""
        self._attributes = attributes

    def allowed(self, element: str, attribute: str, value: str) -> str | None:
        """Also called for removed elements."""
        try:
            return self._attributes.allowed(element, attribute, value)
        except Exception as fault:  # noqa: BLE001 - raised after the parser has finished
            self.fault = fault
            return None

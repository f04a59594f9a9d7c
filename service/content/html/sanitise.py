"""Sanitising: HTML reduced to what policy.py allows, safe for any page and editor."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from html import escape

import nh3
from msgspec import Struct

from service.content.html.balance import balance
from service.content.html.policy import ATTRIBUTES, CLASS, ELEMENTS, EMPTIED, IMAGE_DATA, RELATIONS, SCHEMES, Value
from service.content.html.removal import Removal, Removals
from service.content.html.style import StyleFilter
from service.protocol.errors import PreparedTooLarge

MAX_PASSES = 5
"""A document that is not stable after this number of passes is sent as text."""

_Read = Callable[[str], str | None]
"""Return the allowed part of a value, ``None`` for nothing."""
_NOTHING: Mapping[str, _Read] = {}

_REQUIRED_RELATIONS = ("noopener", "noreferrer")
"""Required on a link that opens a new page, which must not get access to the page that it was opened from."""

# No possessive groups: Python before 3.11.5 does not match them reliably.
_NEEDS_CORRECTION = re.compile(
    r"""<(?: a (?:\ (?!target=)[a-z\-]++="[^"]*+")* \ target="_blank" [^>]*+ >
          | input (?:\ (?!type=)[a-z\-]++="[^"]*+")* >
          | pre (?:\ [^>]*+)? >\n
    )""",
    re.VERBOSE,
)
# Matched from the beginning, because a value may end with the text of this attribute.
_RELATIONS = re.compile(r'<a(?: (?!rel=)[a-z\-]++="[^"]*+")*( rel="([^"]*+)")')


class SanitisedHtml(Struct, frozen=True):
    """Safe HTML, and the number of removals by kind."""

    html: str
    removed: Mapping[Removal, int]
    """Kinds without a removal are absent."""


def sanitise_html(html: str, max_characters: int) -> SanitisedHtml:
    """Return safe HTML in the form that markup.py describes. Sanitising it again changes nothing.

    Raises ``PreparedTooLarge`` if the result is longer than ``max_characters``. Linear in time except where the tree
    parser is not: thousands of attributes in one tag, of ampersands in one text, or of elements that must be moved out
    of a table. 100 KB of these may take half a second.
    """
    removals = Removals()
    clean = _cleaner(removals)
    before = balance(html, removals)
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


def _cleaner(removals: Removals) -> Callable[[str], str]:
    """Return a function for one pass over the tree. It caches styles, so each content gets its own."""
    attributes = _AttributeFilter(removals)
    cleaner = nh3.Cleaner(
        tags=ELEMENTS,
        clean_content_tags=EMPTIED,
        attributes={element: set(rules) for element, rules in ATTRIBUTES.items()},
        attribute_filter=attributes.filtered,
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


class _AttributeFilter:
    """Filter of attribute values by the policy; records styles and classes that lose something in ``removals``."""

    def __init__(self, removals: Removals) -> None:
        self.fault: Exception | None = None
        """The last exception in the filter: the tree parser would only print it, with the value."""
        self._removals = removals
        self._styles = StyleFilter()
        reads: Mapping[Value, _Read] = {
            Value.TEXT: str,
            Value.LINK: lambda url: url if _is_link(url) else None,
            Value.IMAGE: lambda url: url if _is_link(url) or IMAGE_DATA.fullmatch(url) else None,
            Value.CLASSES: self._classes,
            Value.RELATIONS: lambda names: " ".join(filter(RELATIONS.__contains__, names.split())) or None,
            Value.STYLE: self._style,
        }
        tables = {
            element: {name: reads[rule] if isinstance(rule, Value) else _matching(rule) for name, rule in rules.items()}
            for element, rules in ATTRIBUTES.items()
        }
        general = tables.pop("*")
        self._reads = dict.fromkeys(ELEMENTS, general) | {name: general | table for name, table in tables.items()}

    def filtered(self, element: str, attribute: str, value: str) -> str | None:
        """Return the allowed part of the value; ``None`` removes the attribute. Also called for removed elements."""
        read = self._reads.get(element, _NOTHING).get(attribute)
        try:
            return None if read is None else read(value)
        except Exception as fault:  # noqa: BLE001 - raised after the parser has finished
            self.fault = fault
            return None

    def _classes(self, value: str) -> str | None:
        names = value.split()
        kept = [name for name in names if CLASS.fullmatch(name)]
        if len(kept) < len(names):
            self._removals.add(Removal.CLASS)
        return " ".join(kept) or None

    def _style(self, value: str) -> str | None:
        kept = self._styles.allowed(value)
        if kept != value:
            self._removals.add(Removal.STYLE)
        return kept


def _matching(pattern: re.Pattern[str]) -> _Read:
    return lambda value: value if pattern.fullmatch(value) else None


def _is_link(url: str) -> bool:
    """Return whether the URL is relative or has an allowed scheme in every browser's reading.

    Browsers skip some control and space characters in a URL; more are skipped here, because the rest must be harmless
    in either reading.
    """
    head, colon, _ = url.partition(":")
    if not colon:
        return True
    scheme = "".join(character for character in head if unicodedata.category(character)[0] not in "CZ")
    return scheme.lower() in SCHEMES or any(delimiter in scheme for delimiter in "/?#")

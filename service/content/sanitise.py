"""Sanitising: HTML made safe for any page and editor, as policy.py allows it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from html import escape

import nh3
from msgspec import Struct

from service.content.balance import balanced
from service.content.policy import ATTRIBUTES, CLASS, ELEMENTS, EMPTIED, IMAGE_DATA, RELATIONS, SCHEMES, Value
from service.content.removal import Removal, Removals
from service.content.style import StyleFilter
from service.protocol.errors import PreparedTooLarge

MAX_PASSES = 5
"""After so many a tree that still does not read back as it was written is sent as text."""

_Read = Callable[[str], str | None]
"""What stays of a value, if anything."""
_NOTHING: Mapping[str, _Read] = {}

_OUTWARDS = ("noopener", "noreferrer")
"""What a link that opens a page of its own must say: that page must not get hold of the one it came from."""

# Groups are not possessive here, as Python before 3.11.5 does not match such ones reliably.
_WANTS_MENDING = re.compile(
    r"""<(?: a (?:\ (?!target=)[a-z\-]++="[^"]*+")* \ target="_blank" [^>]*+ >
          | input (?:\ (?!type=)[a-z\-]++="[^"]*+")* >
          | pre (?:\ [^>]*+)? >\n
    )""",
    re.VERBOSE,
)
# From the beginning, as a value may end like this attribute begins.
_RELATIONS = re.compile(r'<a(?: (?!rel=)[a-z\-]++="[^"]*+")*( rel="([^"]*+)")')


class Sanitised(Struct, frozen=True):
    """Safe HTML, and how much of what kind had to go for it."""

    html: str
    removed: Mapping[Removal, int]
    """Only kinds of which there was one."""


def sanitised(html: str, max_characters: int) -> Sanitised:
    """Safe HTML in the form that markup.py describes. Sanitising it again changes nothing.

    Raises ``PreparedTooLarge`` when it is longer than ``max_characters``. Linear in time but for what is not so in the
    tree parser: thousands of attributes in one tag or of ampersands in one text, and what must be moved out of a table.
    Of 100 KB that may take half a second.
    """
    removals = Removals()
    clean = _cleaner(removals)
    before = balanced(html, removals)
    for _ in range(MAX_PASSES):
        # Taking an element away may leave what reads back as another tree: a paragraph in a paragraph, for one.
        after = clean(before)
        check_size(after, max_characters)
        if after == before:
            return Sanitised(after, removals.counts(after))
        before = after
    text = clean(escape(html, quote=False))
    check_size(text, max_characters)
    return Sanitised(text, {Removal.MARKUP: 1})


def check_size(html: str, max_characters: int) -> None:
    """Raises ``PreparedTooLarge``."""
    if len(html) > max_characters:
        raise PreparedTooLarge(
            f"The content grew to {len(html)} characters of HTML; at most {max_characters} are allowed. "
            "Send it in parts."
        )


def _cleaner(removals: Removals) -> Callable[[str], str]:
    """One pass over the tree. Made anew for each content, as it remembers the styles that it has seen."""
    attributes = _AttributeFilter(removals)
    cleaner = nh3.Cleaner(
        tags=ELEMENTS,
        clean_content_tags=EMPTIED,
        attributes={element: set(rules) for element, rules in ATTRIBUTES.items()},
        attribute_filter=attributes.filtered,
        url_schemes=SCHEMES | {"data"},
        link_rel=None,
    )

    def mended(match: re.Match[str]) -> str:
        """What depends on more than one attribute, or on what follows a tag."""
        tag = match[0]
        if tag.startswith("<a"):
            return _outwards(tag)
        if tag.startswith("<input"):  # not a checkbox
            removals.add(Removal.ELEMENT)
            return ""
        # A parser drops the first line end of a "pre", so one that is content needs another before it.
        return tag + "\n"

    def clean(html: str) -> str:
        cleaned = cleaner.clean(html)
        if attributes.fault is not None:
            raise attributes.fault
        return _WANTS_MENDING.sub(mended, cleaned)

    return clean


def _outwards(link: str) -> str:
    """The tag of a link with the ``rel`` that it needs, in the place of the one that it has, if any."""
    found = _RELATIONS.match(link)
    start, end = found.span(1) if found else (len(link) - 1, len(link) - 1)
    relations = found[2].split() if found else []
    missing = [relation for relation in _OUTWARDS if relation not in relations]
    return f'{link[:start]} rel="{" ".join(missing + relations)}"{link[end:]}'


class _AttributeFilter:
    """Reads values as the policy says, and tells ``removals`` of styles and classes that lose something."""

    def __init__(self, removals: Removals) -> None:
        self.fault: Exception | None = None
        """What broke here last: the tree parser would only print it, with the value that it broke at."""
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
        """What stays of the value; ``None`` if the attribute goes. It may be asked of elements that go too."""
        read = self._reads.get(element, _NOTHING).get(attribute)
        try:
            return None if read is None else read(value)
        except Exception as fault:  # noqa: BLE001 - raised when the parser is done
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
    """Whether the URL is relative or has an allowed scheme, however a browser may read it.

    Browsers skip some control and space characters in a URL; more are skipped here, as what is left must be harmless
    either way.
    """
    head, colon, _ = url.partition(":")
    if not colon:
        return True
    scheme = "".join(character for character in head if unicodedata.category(character)[0] not in "CZ")
    return scheme.lower() in SCHEMES or any(delimiter in scheme for delimiter in "/?#")

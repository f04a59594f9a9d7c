"""Sanitising: HTML made safe for any page and editor, as policy.py allows it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from html import escape

import nh3

from service.core.content.balance import balanced
from service.core.content.policy import ATTRIBUTES, CLASS, ELEMENTS, EMPTIED, IMAGE_DATA, SCHEMES, Value
from service.core.content.style import StyleFilter
from service.core.errors import PreparedTooLarge

MAX_PASSES = 5
"""After so many a tree that still does not read back as it was written is sent as text."""

_WANTS_MENDING = re.compile(r"<(?:a|input|pre)(?=[ >])[^>]*>\n?")


def sanitised(html: str, max_characters: int) -> str:
    """Safe HTML in the form that markup.py describes. Sanitising it again changes nothing.

    Raises ``PreparedTooLarge`` when it is longer than ``max_characters``. Linear in time.
    """
    clean = _cleaner()
    before = balanced(html)
    for _ in range(MAX_PASSES):
        # Taking an element away may leave what reads back as another tree: a paragraph in a paragraph, for one.
        after = clean(before)
        check_size(after, max_characters)
        if after == before:
            return after
        before = after
    return clean(escape(html, quote=False))


def check_size(html: str, max_characters: int) -> None:
    """Raises ``PreparedTooLarge``."""
    if len(html) > max_characters:
        raise PreparedTooLarge(
            f"The content grew to {len(html)} characters of HTML; at most {max_characters} are allowed. "
            "Send it in parts."
        )


def _cleaner() -> Callable[[str], str]:
    """One pass over the tree. Made anew for each content, as it remembers the styles that it has seen."""
    general = ATTRIBUTES["*"]
    read: Mapping[Value, Callable[[str], str | None]] = {
        Value.TEXT: str,
        Value.LINK: lambda url: url if _is_link(url) else None,
        Value.IMAGE: lambda url: url if _is_link(url) or IMAGE_DATA.fullmatch(url) else None,
        Value.CLASSES: lambda classes: " ".join(filter(CLASS.fullmatch, classes.split())) or None,
        Value.STYLE: StyleFilter().allowed,
    }

    def filtered(element: str, attribute: str, value: str) -> str | None:
        rule = ATTRIBUTES.get(element, general).get(attribute) or general.get(attribute)
        if rule is None:
            return None  # it is asked of every attribute, also of those that go anyway
        if isinstance(rule, Value):
            return read[rule](value)
        return value if rule.fullmatch(value) else None

    cleaner = nh3.Cleaner(
        tags=ELEMENTS,
        clean_content_tags=EMPTIED,
        attributes={element: set(rules) for element, rules in ATTRIBUTES.items()},
        attribute_filter=filtered,
        url_schemes=SCHEMES | {"data"},
        link_rel=None,
    )
    return lambda html: _WANTS_MENDING.sub(_mended, cleaner.clean(html))


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


def _mended(match: re.Match[str]) -> str:
    """What depends on more than one attribute, or on what follows a tag."""
    tag = match[0]
    if tag.startswith("<a"):
        return tag.replace(' target="_blank"', ' target="_blank" rel="noopener noreferrer"', 1)
    if tag.startswith("<input"):
        return tag if ' type="checkbox"' in tag else tag[match[0].index(">") + 1 :]
    # A parser drops the first line end of a "pre", so one that is content needs another before it.
    return tag + "\n" if tag.endswith("\n") else tag

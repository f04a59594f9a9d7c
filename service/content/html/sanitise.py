"""Sanitising: HTML reduced to what the policy allows, safe for any page and editor."""

import re
from collections.abc import Mapping

import nh3
from msgspec import Struct

from service.content.html.known_tags import tag_reader
from service.content.html.markup import slabs
from service.content.html.normalise import normalise
from service.content.html.policy import POLICIES, Policy
from service.content.html.references import write_text
from service.content.html.removal import Removal, Removals
from service.content.html.stand_ins import hide, reveal, without_stand_ins
from service.content.html.urls import SCHEMES
from service.content.rules import ContentRules
from service.protocol.errors import PreparedTooLarge

MAX_PASSES = 5
"""A document that is not stable after this number of passes is sent as text."""

_SLAB_CHARACTERS = 8192
_MIN_CHECKED_CHARACTERS = 512
_OTHER_REFERENCE = re.compile("&(?!(?:amp|lt|gt|nbsp|quot);)")
"""Not written by the normaliser. The cleaner does not see references; see stand_ins.py."""
_END_TAGS = re.compile(r"(?:</[a-z][a-z0-9]*>)*")

_DROPPED_AT_START = "\ufeff "
"""A parser drops one byte order mark; white space behind it is then at the start."""

# A parser drops the first line end of a "pre": content that begins with one needs another.
_LINE_END_IN_PRE = re.compile(r"(<pre(?: [^>]*+)?>)\n")


class SanitisedHtml(Struct, frozen=True):
    """Safe HTML, and the number of removals by kind."""

    html: str
    removed: Mapping[Removal, int]
    """Kinds without a removal are absent."""


def sanitise_html(html: str, rules: ContentRules, max_characters: int) -> SanitisedHtml:
    """Return safe HTML in the form that markup.py describes. Sanitising it again changes nothing.

    The normaliser writes what the policy allows, and the cleaner, which builds the tree that a browser would, must
    agree: it returns the same text. Otherwise its result is normalised again. Raises ``PreparedTooLarge`` if the result
    is longer than ``max_characters``. Linear in time and memory.
    """
    removals = Removals()
    reader = tag_reader(rules)
    html = normalise(without_stand_ins(html), reader, removals)
    for _ in range(MAX_PASSES):
        check_prepared_size(html, max_characters)
        if is_stable(html, rules.policy):
            return SanitisedHtml(html, removals.counts())
        cleaned = _cleaned(hide(html.lstrip(_DROPPED_AT_START)), rules.policy)
        html = normalise(reveal(cleaned), reader, removals)
    text = write_text(html)
    check_prepared_size(text, max_characters)
    return SanitisedHtml(text, {Removal.MARKUP: 1})


def is_stable(html: str, policy: Policy) -> bool:
    """Return whether ``html`` is canonical, and the cleaner returns it as it is.

    It is given one slab after the other, because its tree takes a hundred times the memory of hostile HTML. At the end
    of a slab it adds the end tags of the elements that are open in its tree, which are the whole state of a parser as
    long as it agrees: inside of their start tags, the next slab is read as it is in the document.
    """
    if _OTHER_REFERENCE.search(html):
        return False
    before = ""
    for slab in slabs(html, characters=_SLAB_CHARACTERS):
        hidden = before + hide(slab)
        cleaned = _cleaned(hidden, policy)
        end_tags = cleaned[len(hidden) :]
        if not cleaned.startswith(hidden) or not _END_TAGS.fullmatch(end_tags):
            return False
        before = "".join(f"<{name}" for name in reversed(end_tags.split("</")[1:]))
    return not before


class Stability:
    """Checks ``is_stable`` for HTML that comes in parts, each of whole tags and references."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._before = ""
        """The start tags of the elements that are open before what is checked again."""
        self._html = ""
        self._open = ""
        """The same at the last tag."""

    def accepts(self, html: str) -> bool:
        """Return whether the HTML is stable with ``html`` as its end."""
        if _OTHER_REFERENCE.search(html):
            return False
        # White space at the start of a document, or of preformatted text, would be dropped.
        if len(self._html) >= _MIN_CHECKED_CHARACTERS and html[0] != "\n" and (self._open or html[0] == "<"):
            self._before, self._html = self._open, ""
        self._html += html
        if "<" not in html:
            return True
        hidden = self._before + hide(self._html)
        cleaned = _cleaned(hidden, self._policy)
        end_tags = cleaned[len(hidden) :]
        self._open = "".join(f"<{name}" for name in reversed(end_tags.split("</")[1:]))
        return cleaned.startswith(hidden) and _END_TAGS.fullmatch(end_tags) is not None


def _cleaned(hidden: str, policy: Policy) -> str:
    return _LINE_END_IN_PRE.sub(r"\1\n\n", _CLEANERS[policy.name].clean(hidden))


def check_prepared_size(html: str, max_characters: int) -> None:
    """Raise ``PreparedTooLarge`` if ``html`` is too long."""
    check_prepared_length(len(html), max_characters)


def check_prepared_length(length: int, max_characters: int) -> None:
    """Raise ``PreparedTooLarge`` if there are too many characters of HTML."""
    if length > max_characters:
        raise PreparedTooLarge(
            f"The content grew to {length} characters of HTML; at most {max_characters} are allowed. Send it in parts."
        )


def _cleaner(policy: Policy) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(policy.elements),
        clean_content_tags=set(),
        attributes={element: set(rules) for element, rules in policy.attributes.items()},
        url_schemes=SCHEMES | {"data"},
        link_rel=None,
        strip_comments=True,
    )


_CLEANERS = {name: _cleaner(policy) for name, policy in POLICIES.items()}

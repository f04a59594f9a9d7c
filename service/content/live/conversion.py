"""Conversion of a part of Markdown that begins and ends between blocks which are in no other."""

import re
from typing import NamedTuple

from service.content.chunking.blocks import blocks_of, is_simple_run, to_blocks
from service.content.chunking.opening import Opener
from service.content.html.markup import INLINE
from service.content.html.sanitise import check_prepared_length, is_stable, sanitise_html
from service.content.live.html_source import HtmlSource
from service.content.markdown.convert import PARSER
from service.content.markdown.formulas import hide_formulas
from service.content.markdown.masks import hide_characters
from service.content.markdown.reasoning import without_reasoning
from service.content.markdown.render import HtmlRenderer
from service.content.markdown.shapes import Cells, hide_shapes
from service.content.markdown.shield import Shield
from service.content.rules import ContentRules

_TEXT = "<b>x</b>"
"""What shows that HTML before it is complete, and closes nothing."""
_ENDS_AS_BLOCK = re.compile(rf"</(?!(?:{'|'.join(sorted(INLINE))})>)[a-z0-9]+>\Z|<hr>\Z")


class Before(NamedTuple):
    """What the parts before it leave behind."""

    definitions: str = ""
    """The source of the link reference definitions, with a blank line at its end."""
    cells_written: int = 0
    cells_added: int = 0
    html_characters: int = 0
    """Of the HTML that was not sanitised."""


class Written(NamedTuple):
    """The HTML of a part, which is not sanitised, and what it leaves behind."""

    html: str
    before: Before
    leaves_open: bool
    """Whether a tag in a line waits for an end tag."""


def write(markdown: str, before: Before, rules: ContentRules, later_definitions: str = "") -> Written:
    """Convert a part to HTML that is not sanitised."""
    part = without_reasoning(markdown, frozenset(rules.reasoning_tags), PARSER)
    whole = before.definitions + part if before.definitions and "[" in part else part
    if later_definitions and "[" in part:
        whole = f"{whole}\n\n{later_definitions}"
    shield = Shield(whole)
    cells = Cells(before.cells_written, before.cells_added)
    hidden = hide_shapes(whole, shield, cells)
    hidden = hide_characters(hide_formulas(hidden, shield, PARSER), shield)
    renderer = HtmlRenderer(shield)
    html = shield.restored_html(renderer.render(PARSER.events(hidden)))
    after = Before(before.definitions, cells.written, cells.added, before.html_characters + len(html))
    return Written(html, after, renderer.leaves_open())


def convert(markdown: str, before: Before, rules: ContentRules, max_characters: int) -> str:
    """Return the safe HTML of a part, whatever is open before it."""
    html = write(markdown, before, rules).html
    check_prepared_length(len(html), max_characters)
    safe = sanitise_html(html, rules, max_characters).html
    return blocks_of(safe, Opener()) if before.html_characters else to_blocks(safe)


def balanced(html: str, rules: ContentRules) -> str | None:
    """Return sanitised ``html``, if it is between blocks and so is what follows it, whatever that is."""
    source = HtmlSource(rules)
    whole = source.add(html + _TEXT)
    safe = whole.removesuffix(_TEXT)
    if safe == whole or source.held or source.is_in_element() or not is_stable(safe, rules.policy):
        return None
    return safe if not safe or (_ENDS_AS_BLOCK.search(safe) and not is_simple_run(safe)) else None

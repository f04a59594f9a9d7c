"""Conversion of a part of Markdown that begins and ends between blocks which are in no other."""

from typing import NamedTuple

from service.content.chunking.blocks import to_blocks
from service.content.html.sanitise import check_prepared_size, sanitise_html
from service.content.markdown.convert import PARSER
from service.content.markdown.formulas import hide_formulas
from service.content.markdown.masks import hide_characters
from service.content.markdown.reasoning import without_reasoning
from service.content.markdown.render import HtmlRenderer
from service.content.markdown.shapes import Cells, hide_shapes
from service.content.markdown.shield import Shield
from service.content.rules import ContentRules

_BLOCK = "<hr>"
"""Text after a block is a paragraph."""


class Before(NamedTuple):
    """What the parts before it leave behind."""

    definitions: str = ""
    """The source of the link reference definitions, with a blank line at its end."""
    cells_written: int = 0
    cells_added: int = 0
    html_characters: int = 0
    """Of the HTML that was not sanitised."""


class Converted(NamedTuple):
    """The safe HTML of a part, and what it leaves behind."""

    html: str
    before: Before


def safe_html(html: str, rules: ContentRules, max_characters: int, *, follows: bool = False) -> str:
    """Return what becomes of HTML that is in no element; ``follows`` if a block is before it."""
    safe = sanitise_html(html, rules, max_characters).html
    return to_blocks(_BLOCK + safe)[len(_BLOCK) :] if follows and safe else to_blocks(safe)


def convert(
    markdown: str, before: Before, rules: ContentRules, max_characters: int, later_definitions: str = ""
) -> Converted:
    """Convert a part. It is the whole document if nothing is before it."""
    part = without_reasoning(markdown, frozenset(rules.reasoning_tags), PARSER)
    whole = before.definitions + part if before.definitions and "[" in part else part
    if later_definitions and "[" in part:
        whole = f"{whole}\n\n{later_definitions}"
    shield = Shield(whole)
    cells = Cells(before.cells_written, before.cells_added)
    hidden = hide_shapes(whole, shield, cells)
    hidden = hide_characters(hide_formulas(hidden, shield, PARSER), shield)
    html = shield.restored_html(HtmlRenderer(shield).render(PARSER.events(hidden)))
    after = Before(before.definitions, cells.written, cells.added, before.html_characters + len(html))
    check_prepared_size(html, max_characters - before.html_characters)
    return Converted(safe_html(html, rules, max_characters, follows=before.html_characters > 0), after)

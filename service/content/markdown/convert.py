"""Markdown to HTML that is not sanitised: the conversion of one document, step by step."""

from collections.abc import Iterator
from typing import Any

from pyromark import Markdown, Options

from service.content.markdown.formulas import hide_formulas
from service.content.markdown.masks import hide_characters
from service.content.markdown.reasoning import without_reasoning
from service.content.markdown.render import HtmlRenderer
from service.content.markdown.shapes import hide_shapes
from service.content.markdown.shield import Shield

PARSER = Markdown(
    options=Options.ENABLE_TABLES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_GFM
)
"""CommonMark with GitHub's tables, strikethrough, task lists, footnotes and callouts. Formulas, bare links and emphasis
beside CJK punctuation are of this package, since the parser has other rules for them or none."""


def markdown_to_html(markdown: str, reasoning_tags: frozenset[str] = frozenset()) -> str:
    """Return the HTML of ``markdown``, including its raw HTML: it is not sanitised.

    Elements named in ``reasoning_tags`` are removed where a language model writes them. Linear in time; no state is
    shared between threads.
    """
    markdown = without_reasoning(markdown.replace("\0", "\ufffd"), reasoning_tags, PARSER)
    shield = Shield(markdown)
    return shield.restored_html(HtmlRenderer(shield).render(_events(markdown, shield)))


def _events(markdown: str, shield: Shield) -> Iterator[Any]:
    """Yield the parser's events. What the parser holds is released after the last one, before the result is joined."""
    markdown = hide_shapes(markdown, shield)
    markdown = hide_characters(hide_formulas(markdown, shield, PARSER), shield)
    events = PARSER.events(markdown)
    del markdown  # the parser has its own copy
    yield from events

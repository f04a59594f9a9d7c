"""Blocks: text gets paragraphs where an editor needs them, and wrappers are opened."""

import pytest
from hypothesis import given

from service.content.chunking.blocks import blocks_of, is_simple_run, to_blocks
from service.content.chunking.layout import nodes
from service.content.chunking.opening import Opener
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import documents, soups
from tests.unit.content.reader import parsed

NO_LIMIT = 10**9
LONG = "word " * 200 + "end"


def text_of(html: str) -> str:
    """The text, without white space."""
    return "".join("".join(parsed(html).itertext()).split())


def sanitised(html: str) -> str:
    return sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("just text", "just text"),
        ('one <b title="t">two</b><br><a href="/x">three</a>', 'one <b title="t">two</b><br><a href="/x">three</a>'),
        ("AT&amp;T is big", "<p>AT&amp;T is big</p>"),
        ("a <kbd>k</kbd>", "<p>a <kbd>k</kbd></p>"),
        ("a <a>b</a>", "<p>a <a>b</a></p>"),
        ("a<p>b</p>c <i>d</i><ul><li>e</li></ul>", "<p>a</p><p>b</p><p>c <i>d</i></p><ul><li>e</li></ul>"),
        ('<p>a</p><img src="/i"> <img src="/j"><p>b</p>', '<p>a</p><img src="/i"> <img src="/j"><p>b</p>'),
        ('a <img src="/i"> b<p>c</p>', '<p>a <img src="/i"> b</p><p>c</p>'),
        ("<b>i<div>d</div></b>t<p>p</p>", "<b>i<div>d</div></b><p>t</p><p>p</p>"),
        ("<div>a</div><div>b <i>c</i></div>", "<p>a</p><p>b <i>c</i></p>"),
        ('<div dir="rtl">a<p>b</p></div>', '<div dir="rtl"><p>a</p><p>b</p></div>'),
        ("<section><h2>a</h2>b</section>", "<section><h2>a</h2><p>b</p></section>"),
        ('<div class="callout">a</div>', '<div class="callout"><p>a</p></div>'),
        ('<div data-type="callout">a</div>', '<div data-type="callout">a</div>'),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt><p>a</p></dt><dd><p>b</p></dd></dl>"),
        ("<table><tbody><tr><td>a</td></tr></tbody></table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ("<blockquote>a</blockquote>", "<blockquote>a</blockquote>"),
    ],
)
def test_text_gets_a_paragraph_where_an_editor_would_give_it_none(html: str, expected: str) -> None:
    assert to_blocks(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<main><h1>a</h1><section><p>{LONG}</p></section></main>", f"<h1>a</h1><p>{LONG}</p>"),
        (
            f'<div style="color: red; margin: 0 auto"><p>{LONG}</p></div>',
            f'<div style="color: red"><p>{LONG}</p></div>',
        ),
        (
            f'<div dir="rtl"><p>{LONG}</p><div style="color: red"><p>{LONG}</p></div></div>',
            f'<div dir="rtl"><p>{LONG}</p></div><div dir="rtl"><div style="color: red"><p>{LONG}</p></div></div>',
        ),
        (f'<div style="border: 1px solid; width: 9px">{LONG}</div>', f"<p>{LONG}</p>"),
        (f"<section><p>{LONG}</p><div dir='ltr'>b</div></section>", f"<p>{LONG}</p><div dir='ltr'><p>b</p></div>"),
        (f'<div class="callout"><p>{LONG}</p></div>', f'<div class="callout"><p>{LONG}</p></div>'),
        (
            f'<table dir="rtl"><tbody><tr><td align="right">a</td></tr><tr><td>{LONG}</td></tr></tbody></table>',
            f'<div dir="rtl"><div style="text-align: right"><p>a</p></div></div><div dir="rtl"><p>{LONG}</p></div>',
        ),
        (f"<table><tbody><tr><td>&nbsp;</td><td>{LONG}</td></tr></tbody></table>", f"<p>{LONG}</p>"),
    ],
)
def test_a_large_wrapper_is_opened_and_passes_on_all_but_its_box(html: str, expected: str) -> None:
    assert to_blocks(html) == expected


@pytest.mark.parametrize(
    "cells",
    [
        f"<tr><td>a</td><td>{LONG}</td></tr>",
        f'<tr><td colspan="1">{LONG}</td></tr>',
        f"<tr><th>a</th></tr><tr><td>{LONG}</td></tr>",
        f'<tr><td data-x="">{LONG}</td></tr>',
    ],
)
def test_a_table_with_columns_or_headers_is_a_table(cells: str) -> None:
    table = f"<table><tbody>{cells}</tbody></table>"
    assert to_blocks(table) == table


def test_a_style_is_divided_where_a_declaration_ends() -> None:
    style = "font-family: &quot;A B&quot;, serif; padding: 1px; color: red"
    assert to_blocks(f'<div style="{style}">{LONG}</div>') == (
        f'<div style="font-family: &quot;A B&quot;, serif; color: red"><p>{LONG}</p></div>'
    )


@pytest.mark.parametrize(
    "html",
    [
        '<div style="color: red">' * 50 + "<p>a</p>" * 5000 + "</div>" * 50,
        f'<div title="{"x" * 10_000}">' * 5 + "<p>a</p>" * 5000 + "</div>" * 5,
        '<div dir="ltr">' * 100 + "a<hr>" * 10_000 + "</div>" * 100,
        "<section>" * 50 + '<div lang="en">a</div>' * 3000 + "</section>" * 50,
        "<div>" * 200 + "a" + "</div>" * 200,
    ],
)
def test_the_result_is_at_most_three_times_as_long_apart_from_paragraphs(html: str) -> None:
    blocks = to_blocks(html)
    assert len(blocks.replace("<p>", "").replace("</p>", "")) <= 3 * len(html) + 20_000


@pytest.mark.parametrize(
    "html",
    [
        f"<p>a</p><div>b<p>{LONG}</p></div>c<section>e</section><p>f</p>",
        f'<div style="color: red">{"<p>a</p>" * 500}</div>' * 30,
        f"{'<div>' * 200}a{'</div>' * 200}<div>b</div><p>c</p>",
    ],
)
def test_a_block_depends_on_nothing_that_follows(html: str) -> None:
    opener = Opener()
    parts = [html[node.start : node.end] for node in nodes(html)]
    assert "".join(blocks_of(part, opener) for part in parts) == to_blocks(html)


@given(soups | documents)
def test_the_text_remains_and_sanitising_changes_nothing(html: str) -> None:
    safe = sanitised(html)
    blocks = to_blocks(safe)
    assert text_of(blocks) == text_of(safe)
    assert sanitised(blocks) == blocks
    assert to_blocks(blocks) == blocks
    assert is_simple_run(blocks) or "<" in blocks

"""Whole documents: the parser's extensions, what sanitising leaves of them, and what holds for every document."""

import gc
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.markup import visible_text
from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import markdowns, texts

NO_LIMIT = 10**9

SYNTAX = (
    "# ", "> ", "> [!NOTE]\n> ", "- ", "- [x] ", "1. ", "    ", "\n", "\n\n", "```\n", "~~~ py\n", "`", "``", "*", "**",
    "_", "~", "~~", "$", "$$", "\n$$\n", r"\(", r"\)", r"\[", r"\]", "\\", "[", "]", "](", ")", "![", "[^1]", "[^1]: ",
    "| a | b |\n|---|---|\n", "|", "<", ">", "<b>", "</b>", "<x>", "<script>", "</script>", "<think>", "</think>",
    "<!--", "-->", "https://example.com/_a_", "www.a.b", "a@b.c", "&amp;", "&#xE000;", "&#57345;", "\ue000", "\ue001",
    "\ue005", "「", "」", "。", "漢字", "word", "5", " ", "  \n",
)  # fmt: skip
soups = st.lists(st.sampled_from(SYNTAX) | texts, max_size=30).map("".join)

WORDS = ("alpha", "beta5", "Übung", "漢字", "한국어", "x2", "don't", "3.5", "A&B")
plain_lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
INLINES = (
    "{}", "**{}**", "*{}*", "~~{}~~", "`{}`", "[{}](/a)", "![{}](/a)", "<b>{}</b>", "<name> {}", "<title>{}", "${}$",
    r"\({}\)", "20~{}~5", "**「{}」**x", "「**{}**」", "https://a.b {}", "a[^1] {}", r"\*{}\*", "</x>{}",
    "<!DOCTYPE html> {}",
)  # fmt: skip
BLOCKS = (
    "{}", "# {}", "> {}", "> [!NOTE]\n> {}", "> [!tip] {}", "- {}", "- [x] {}\n- [ ] b", "1. {}", "```\n{}\n```",
    "    {}", "| a | b |\n|---|---|\n| {} |", "[^1]: {}", "[^2]: {}", "$$\n{}\n$$", r"\[ {} \]", "<div>{}</div>",
    "<x>\n{}", "<think>\n{}", "{}\n===", "- a\n\n  {}",
)  # fmt: skip


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# *Title* #", "<h1><em>Title</em></h1>"),
        ("foo_bar_baz ~~old~~ **b**", "<p>foo_bar_baz <del>old</del> <strong>b</strong></p>"),
        ("```py title=x\na < b\n```", '<pre><code class="language-py">a &lt; b\n</code></pre>'),
        ("~~~\n\n a\n~~~", "<pre><code>\n a\n</code></pre>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ('![A](/a.png "t")', '<p><img src="/a.png" alt="A" title="t" /></p>'),
        ("![a *b* `c` ![d](e)\nf](g)", '<p><img src="g" alt="a b c d f" /></p>'),
        ("&lt;b&gt; \\* &copy;", "<p>&lt;b&gt; * ©</p>"),
        ("a &#xFFFE; &#xD800; &#0;\0", "<p>a \ufffe \ufffd \ufffd\ufffd</p>"),
        ("<div>*raw*</div>", "<div>*raw*</div>"),
        ("<x@y.z>", '<p><a href="mailto:x@y.z">x@y.z</a></p>'),
        (
            "a  \nb\nc",
            "<p>a<br />\nb\nc</p>",
        ),
        (
            "| a | b |\n|---|:-:|\n| 1 | **2** |\n| 3 |",
            (
                '<table>\n<thead>\n<tr>\n<th>a</th>\n<th align="center">b</th>\n</tr>\n</thead>\n<tbody>\n'
                '<tr>\n<td>1</td>\n<td align="center"><strong>2</strong></td>\n</tr>\n'
                '<tr>\n<td>3</td>\n<td align="center"></td>\n</tr>\n</tbody>\n</table>'
            ),
        ),
        ("| a |\n|---|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>"),
    ],
)
def test_markdown_becomes_html(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == f"{expected}\n"


@pytest.mark.parametrize(
    ("markdown", "kind", "content"),
    [
        ("> [!NOTE]\n> Mind the gap.", "note", "<p>Mind the gap.</p>\n"),
        ("> [!tip] Title *x*\n> y", "tip", "<p>Title <em>x</em>\ny</p>\n"),
        ("> [!Warning]\n>\n> - a", "warning", "<ul>\n<li>a</li>\n</ul>\n"),
        ("> [!CAUTION]", "caution", ""),
        ("> [!IMPORTANT] **a**", "important", "<p><strong>a</strong></p>\n"),
    ],
)
def test_a_callout_is_a_quotation_with_its_kind_as_title(markdown: str, kind: str, content: str) -> None:
    assert markdown_to_html(markdown) == (
        f'<blockquote data-type="callout" data-callout-type="{kind}">\n<p><strong>{kind.capitalize()}</strong></p>\n'
        f"{content}</blockquote>\n"
    )


@pytest.mark.parametrize("markdown", ["> [!other]\n> a", "> a\n> [!NOTE]", "> [!NOTE]a", "[!NOTE] a", "> `[!NOTE]` a"])
def test_another_quotation_is_none(markdown: str) -> None:
    html = markdown_to_html(markdown)
    assert "data-type" not in html
    assert "[!" in html


def test_a_page_in_markdown_is_html() -> None:
    page = "<!DOCTYPE html>\n<html>\n<head><title>T</title></head>\n<body><p>Visible.</p></body>\n</html>\n"
    assert markdown_to_html(page) == page


def test_sanitising_leaves_no_script_and_no_address_that_runs_one() -> None:
    markdown = "<div>*raw*<script>x</script></div>\n\n[x](javascript:y) <javascript:z>"
    html = sanitise_html(markdown_to_html(markdown), DEFAULT_RULES, NO_LIMIT).html
    assert "script>" not in html
    assert "href" not in html


def test_reasoning_is_removed() -> None:
    assert markdown_to_html("<think>a</think>\nb", frozenset({"think"})) == "<p>b</p>\n"
    assert "a" in markdown_to_html("<think>a</think>\nb", frozenset())


@given(soups | markdowns)
def test_no_document_fails_or_shows_private_characters(markdown: str) -> None:
    html = markdown_to_html(markdown, frozenset({"think"}))
    assert "\0" not in html
    source = unescape(markdown)
    assert {c for c in html if "\ue000" <= c <= "\uf8ff"} <= {c for c in source if "\ue000" <= c <= "\uf8ff"}


@given(st.lists(st.tuples(st.sampled_from(BLOCKS), st.sampled_from(INLINES), plain_lines), min_size=1, max_size=6))
def test_every_word_of_a_document_is_shown(parts: list[tuple[str, str, str]]) -> None:
    """The words are in the order of the source, except those of footnotes, which are at the end."""
    markdown = "\n\n".join(block.format(inline.format(words)) for block, inline, words in parts)
    html = re.sub(r'<img[^>]* alt="([^"]*)"[^>]*>', r"\1", markdown_to_html(markdown, frozenset({"think"})))
    shown = unescape(visible_text(html))
    for _, _, words in parts:
        for word in words.split():
            assert word in shown


@given(st.text(alphabet="\ue000\ue001\ue002\ue003\ue004\ue005ab ", min_size=1))
def test_private_characters_of_the_document_are_unharmed(private: str) -> None:
    text = " ".join(private.split())
    expected = f"<p>1~2 {text} <del>x</del> <strong>「a」</strong>b </p>\n" if text else None
    html = markdown_to_html(f"1~2 {text} ~~x~~ **「a」**b <!---->")
    assert expected is None or html.replace("<!---->", "") == expected


def test_memory_is_freed_without_a_garbage_collection() -> None:
    markdown = "- [x] some **text** with `code` and $x$ 1~2\n" * 300
    process = psutil.Process()
    gc.disable()
    try:
        for _ in range(50):
            markdown_to_html(markdown)
        before = process.memory_info().rss
        for _ in range(400):
            markdown_to_html(markdown)
        assert process.memory_info().rss - before < 200 * len(markdown)
    finally:
        gc.enable()


def test_conversion_is_thread_safe() -> None:
    documents = ["~~a~~ b\n\n" * 2000, "$x$ 1~2 **「a」**b\n\n" * 1000, "- [x] a\n- [ ] b\n\n[^1]\n\n[^1]: c\n\n" * 500]
    expected = [markdown_to_html(markdown) for markdown in documents]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(markdown_to_html, documents * 10)) == expected * 10

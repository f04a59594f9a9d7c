# ruff: noqa: RUF001 - the texts contain many scripts
"""Boundaries of fragments: an editor that appends the chunks one by one builds the same document."""

import pytest

from service.content.chunking.fragment import split_fragments
from service.protocol.messages import ChunkBy

WORD, SENTENCE, PARAGRAPH, CHARACTER = ChunkBy.WORD, ChunkBy.SENTENCE, ChunkBy.PARAGRAPH, ChunkBy.CHARACTER


@pytest.mark.parametrize(
    ("before", "after", "cut"),
    [
        ("text ", "more", True),
        ("text ", "<b>i</b>", True),
        ("<b>i </b>", "<i>i</i>", True),
        ("<b>i </b>", "text", False),
        ("text", "<b>i</b>", False),
        ("<b>i</b>", "<i>i</i>", False),
        ("text.", "<br>more", True),
        ("<p>p</p>", "<p>p</p>", True),
        ("<p>p</p>", "<h2>h</h2>", True),
        ("<p>p</p>", "<ul><li>l</li></ul>", True),
        ("<p>p</p>", "<hr>", True),
        ("<p>p</p>", "<pre>p</pre>", True),
        ("<p>p</p>", "<blockquote>p</blockquote>", True),
        ("<p>p</p>", "<p></p>", True),
        ('<h2 dir="rtl">h</h2>', '<p dir="rtl">p</p>', True),
        ("<p><b>p</b><br></p>", "<p>p</p>", True),
        ("<p>&nbsp;</p>", "<p>p</p>", True),
        ("<div><p>p</p></div>", "<div><p>p</p></div>", True),
        ("<section><div><h1>p</h1></div></section>", "<section><ul><li>l</li></ul></section>", True),
        ("<p>p</p>", "<table></table>", False),
        ("<p>p</p>", "<img>", False),
        ("<p>p</p>", "<details>d</details>", False),
        ("<p>p</p>", "<a><img></a>", False),
        ("<p>p</p>", "<div><table></table></div>", False),
        ("<p>p</p>", '<div data-type="block-math"></div>', False),
        ("<p></p>", "<p>p</p>", False),
        ("<p> <br></p>", "<p>p</p>", False),
        ("<p>p<img></p>", "<p>p</p>", False),
        ("<hr>", "<p>p</p>", False),
        ("<img>", "<p>p</p>", False),
        ("<ul><li>l</li></ul>", "<ul><li>l</li></ul>", False),
        ("<ul><li><p>l</p></li></ul>", "<p>p</p>", False),
        ("<blockquote><p>q</p></blockquote>", "<p>p</p>", False),
        ("<pre>p</pre>", "<p>p</p>", False),
        ("<div><ul><li>l</li></ul></div>", "<p>p</p>", False),
        ("<div><p></p></div>", "<p>p</p>", False),
        ("<b>i<div>d</div></b>", "<p>p</p>", False),
        ("<details><p>d</p></details>", "<p>p</p>", False),
        ("<div><p>p</p><p></p></div>", "<p>p</p>", False),
    ],
)
def test_boundaries_between_two_kinds_of_nodes(before: str, after: str, *, cut: bool) -> None:
    chunks = split_fragments(before + after, WORD, 1000)
    assert chunks == ([before, after] if cut else [before + after])


@pytest.mark.parametrize(
    ("html", "chunk_by", "expected"),
    [
        ("one two <b>three four</b> five", WORD, ["one ", "two ", "<b>three four</b> ", "five"]),
        ("One. <i>Two.</i> Three.", SENTENCE, ["One. ", "<i>Two.</i> ", "Three."]),
        ("One.<br>Two.<br><br>Three.", SENTENCE, ["One.", "<br>Two.<br>", "<br>Three."]),
        ("<br>One two", WORD, ["<br>One ", "two"]),
        ("one<br><br><b>two</b><br><br>three", PARAGRAPH, ["one<br><br>", "<b>two</b><br>", "<br>three"]),
        ("a b👨‍👩‍👧", CHARACTER, ["a ", "b", "👨‍👩‍👧"]),
        ("e<b>\u0301</b><i>x</i>", CHARACTER, ["e<b>\u0301</b>", "<i>x</i>"]),
        ("你好，<b>世界</b>", WORD, ["你好，", "<b>世界</b>"]),
        ('<a href="/x">one two</a> three', WORD, ['<a href="/x">one two</a> ', "three"]),
    ],
)
def test_a_run_of_simple_markup_is_split_at_segments(html: str, chunk_by: ChunkBy, expected: list[str]) -> None:
    assert split_fragments(html, chunk_by, 1000) == expected


def test_a_document_of_lists_and_tables_is_one_chunk() -> None:
    html = "<ul><li>a</li></ul><table><tbody><tr><td>b</td></tr></tbody></table><hr>" * 50
    assert split_fragments(html, WORD, 10) == [html]


def test_a_run_over_the_limit_is_split_further_and_an_element_is_not() -> None:
    assert split_fragments("one two three four", PARAGRAPH, 9) == ["one two ", "three ", "four"]
    assert split_fragments("abcdefgh", WORD, 5) == ["abcde", "fgh"]
    assert split_fragments("a<b>bcdefghi</b>j <i>k</i>", WORD, 5) == ["a", "<b>bcdefghi</b>j ", "<i>k</i>"]
    assert split_fragments("<p>far too long</p>", WORD, 5) == ["<p>far too long</p>"]


def test_a_paragraph_in_a_table_in_a_paragraph_ends_none() -> None:
    nested = "<p><table><tbody><tr><td><p>a</p></td></tr></tbody></table></p>"
    assert split_fragments(f"<p>a</p><p>b</p>{nested}", WORD, 10) == ["<p>a</p>", "<p>b</p>", nested]


def test_an_end_tag_without_a_start_tag_is_an_error() -> None:
    with pytest.raises(ValueError, match="no start tag"):
        split_fragments("<p>a</p></b>", WORD, 10)


@pytest.mark.parametrize("html", ["<p>a", "<b><b>a</b>", "<p>a</p><ul><li>b"])
def test_a_start_tag_without_an_end_tag_is_an_error(html: str) -> None:
    with pytest.raises(ValueError, match="no end"):
        split_fragments(f"{html}<p>b</p>", WORD, 10)


@pytest.mark.parametrize("html", ["a & b", "text<p>p</p>", "<p>p</p>text <b>b</b>", "<div>a</div>"])
def test_what_is_not_a_sequence_of_blocks_is_one_chunk(html: str) -> None:
    assert split_fragments(html, WORD, 1000) == [html]

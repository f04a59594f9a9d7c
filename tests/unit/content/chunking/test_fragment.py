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
        ("text", "<p>p</p>", True),
        ("<b>i</b>", "<p>p</p>", True),
        ("text", "<hr>", True),
        ("<b>i</b>", "<ul><li>l</li></ul>", True),
        ("<p>p</p>", "<h2>h</h2>", True),
        ("<h2>h</h2>", "<table></table>", True),
        ("<p>p</p>", "<img>", True),
        ("<p>p</p>", "text", False),
        ("<p>p</p>", "<b>i</b>", False),
        ("<p></p>", "<p>p</p>", False),
        ("<p> <br></p>", "<p>p</p>", False),
        ("<p>p<img></p>", "<p>p</p>", False),
        ("<hr>", "<p>p</p>", False),
        ("<img>", "text", False),
        ("<a><img></a>", "<p>p</p>", False),
        ("text ", "<a>i<div>d</div></a>", True),
        ("text", "<a>i<div>d</div></a>", False),
        ("<a>i<div>d</div></a>", "<b>i</b>", False),
        ("<b>i<div>d</div></b>", "<p>p</p>", False),
        ("<p>p</p>", "<div>d</div>", True),
        ("<p>p</p>", "<details>d</details>", False),
        ("<main>m</main>", "<p>p</p>", False),
        ("<main>m</main>\n", "<p>p</p>", False),
        ("<a>i<div>d</div></a> ", "<p>p</p>", False),
        ("<main>m</main>\n", "<b>b</b>", False),
        ("<main>m</main>", "<br>text", False),
        ("<ul><li>l</li></ul>", "<ul><li>l</li></ul>", False),
        ("<blockquote><p>q</p></blockquote>", "<p>p</p>", False),
        ("<pre>p</pre>", "text", False),
        ("<div>d</div>", "<p>p</p>", False),
        ("text.", "<br>more", True),
        ("text", "\n", False),
        ("<p>p</p>", "\n", False),
        ("\n", "<p>p</p>", False),
        ("\n", "text", False),
    ],
)
def test_boundaries_between_two_kinds_of_items(before: str, after: str, *, cut: bool) -> None:
    chunks = split_fragments(before + after, WORD, 1000)
    assert chunks == ([before, after] if cut else [before + after])


@pytest.mark.parametrize(
    ("html", "chunk_by", "expected"),
    [
        ("one two <b>three four</b> five", WORD, ["one ", "two ", "<b>three four</b> ", "five"]),
        ("x<sup>2</sup> is", WORD, ["x<sup>2</sup> ", "is"]),
        ("a &lt; b&nbsp;c &amp;lt;", WORD, ["a ", "&lt; ", "b&nbsp;", "c ", "&amp;lt;"]),
        ("One. <i>Two.</i> Three.", SENTENCE, ["One. ", "<i>Two.</i> ", "Three."]),
        ("<b>i</b>\none two", WORD, ["<b>i</b>\none ", "two"]),
        ("<b>i</b>\n  &lt; <i>i</i> two", WORD, ["<b>i</b>\n  &lt; ", "<i>i</i> ", "two"]),
        ("<b>i</b> one &amp;\ntwo", WORD, ["<b>i</b> one &amp;\n", "two"]),
        ("One.<br>Two.<br><br>Three.", SENTENCE, ["One.", "<br>Two.<br>", "<br>Three."]),
        ("one\n\n<b>two</b>\n\nthree", PARAGRAPH, ["one\n\n", "<b>two</b>\n\n", "three"]),
        ("a b&amp;👨‍👩‍👧", CHARACTER, ["a ", "b", "&amp;", "👨‍👩‍👧"]),
        ("e<b>\u0301</b><i>x</i>", CHARACTER, ["e<b>\u0301</b>", "<i>x</i>"]),
        ("你好，<b>世界</b>", WORD, ["你好，", "<b>世界</b>"]),
        ("\n<p>a</p>\n \n<p>b</p>\n", WORD, ["\n<p>a</p>\n \n", "<p>b</p>\n"]),
        ("<p>a b. c</p> \n d e", WORD, ["<p>a b. c</p> \n d ", "e"]),
        ("<ul><li>l</li></ul>\n<p>a</p>\n<p>b</p>", WORD, ["<ul><li>l</li></ul>\n<p>a</p>\n", "<p>b</p>"]),
        ("<p>a b</p><p>c d</p>", CHARACTER, ["<p>a b</p>", "<p>c d</p>"]),
    ],
)
def test_runs_are_split_at_segments_and_white_space_stays_with_the_preceding_one(
    html: str, chunk_by: ChunkBy, expected: list[str]
) -> None:
    assert split_fragments(html, chunk_by, 1000) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("x &amp; <b>y</b> z", ["x ", "&amp; <b>y</b> ", "z"]),
        ("<b>x</b> y &amp; z", ["<b>x</b> y &amp; ", "z"]),
        ("x &amp; y<p>p</p>", ["x ", "&amp; y<p>p</p>"]),
        ("<p>p</p>x y &amp; z", ["<p>p</p>x y &amp; ", "z"]),
        ("a <kbd>k</kbd> <i>i</i> b", ["a ", "<kbd>k</kbd> <i>i</i> ", "b"]),
        ('<a dir="rtl">k</a> <a dir="rtl" href="/l">i</a>', ['<a dir="rtl">k</a> <a dir="rtl" href="/l">i</a>']),
        ("a <b></b>b &amp; c<br>d", ["a ", "<b></b>b &amp; c<br>d"]),
        ("x &amp; y", ["x ", "&amp; ", "y"]),
        ("<b>x</b> y &amp; z <i>i</i>", ["<b>x</b> ", "y ", "&amp; z <i>i</i>"]),
        ("<b>x</b> &amp; and more and <i>i</i>", ["<b>x</b> &amp; ", "and ", "more ", "and ", "<i>i</i>"]),
        ("<b>x</b> y z &amp; <i>i</i>", ["<b>x</b> ", "y ", "z ", "&amp; <i>i</i>"]),
        (
            "<b>very much too far</b> to help with &amp; and z",
            ["<b>very much too far</b> ", "to ", "help ", "with ", "&amp; ", "and ", "z"],
        ),
    ],
)
def test_no_chunk_is_literal_text_to_an_editor_if_a_neighbour_can_be_merged(html: str, expected: list[str]) -> None:
    assert split_fragments(html, WORD, 40) == expected


def test_a_document_of_lists_and_tables_is_one_chunk() -> None:
    html = "<ul><li>a</li></ul><table><tbody><tr><td>b</td></tr></tbody></table><hr>" * 50
    assert split_fragments(html, WORD, 10) == [html]


def test_a_run_over_the_limit_is_split_further_and_an_element_is_not() -> None:
    assert split_fragments("one two three four", PARAGRAPH, 9) == ["one two ", "three ", "four"]
    assert split_fragments("abcdefgh&lt;&lt;", WORD, 5) == ["abcde", "fgh", "&lt;", "&lt;"]
    assert split_fragments("a<b>bcdefghi</b>j <i>k</i>", WORD, 5) == ["a", "<b>bcdefghi</b>j ", "<i>k</i>"]
    assert split_fragments("<p>far too long</p>", WORD, 5) == ["<p>far too long</p>"]

# ruff: noqa: RUF001 - the texts contain many scripts
"""HTML split at any depth: a client shows valid HTML at every moment, which grows by one segment at a time."""

import re
from itertools import accumulate
from unittest.mock import patch

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from service.content.chunking import incremental
from service.content.chunking.graphemes import graphemes
from service.content.chunking.html_words import html_words
from service.content.chunking.incremental import Increments, split_increments
from service.content.html import markup
from service.content.html.markup import REFERENCE, TAG
from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.rules import DEFAULT_RULES
from service.protocol.messages import ChunkBy
from tests.profiles import scaled
from tests.unit.content.attacks import ATTACKS
from tests.unit.content.documents import documents, markdowns, soups
from tests.unit.content.reader import Mark, dangers, outline

WORD, SENTENCE, PARAGRAPH, CHARACTER = ChunkBy.WORD, ChunkBy.SENTENCE, ChunkBy.PARAGRAPH, ChunkBy.CHARACTER
NO_LIMIT = 10**9
CHECKBOX = re.compile("<input[^>]*>")
MARKED_SPACE = re.compile("\\s\u0301")
STARTS_LAST = re.compile(rf"<(?!/|{'|'.join(markup.VOID)})[^>]*>\s*\Z")
"""An element without content at the end."""

chunk_bys = st.sampled_from(ChunkBy)
max_characters = st.sampled_from([1, 7, 40, 1000])
htmls = documents | soups.map(lambda soup: sanitise_html(soup, DEFAULT_RULES, NO_LIMIT).html)


def visible_text(html: str) -> str:
    """The visible text, in which a checkbox is one character."""
    return markup.visible_text(CHECKBOX.sub("\ufffc", html))


def shown(cut: Increments) -> list[str]:
    """What a client shows after each chunk."""
    return [data + close for data, close in zip(accumulate(cut.chunks), cut.closes, strict=True)]


def begins(part: list[Mark], whole: list[Mark]) -> bool:
    """Whether ``whole`` begins with ``part`` up to its last end tags, where its last text may continue."""
    while part and part[-1][0] == "close":
        part = part[:-1]
    if part and part[-1][0] == "text":
        place = len(part) - 1
        return part[:-1] == whole[:place] and whole[place][1].startswith(part[-1][1])
    return part == whole[: len(part)]


@pytest.mark.parametrize(
    ("html", "chunk_by", "expected"),
    [
        ("<p>a <b>b c</b></p>", WORD, [("<p>a ", "</p>"), ("<b>b ", "</b></p>"), ("c</b></p>", "")]),
        ("one two", WORD, [("one ", ""), ("two", "")]),
        (
            "<ul>\n<li>a b</li>\n<li>c</li>\n</ul>\n",
            WORD,
            [("<ul>\n<li>a ", "</li></ul>"), ("b</li>\n", "</ul>"), ("<li>c</li>\n</ul>\n", "")],
        ),
        (
            "<table><tbody><tr><td>a</td><td></td><td>b</td></tr></tbody></table>",
            CHARACTER,
            [
                ("<table><tbody><tr><td>a</td><td></td>", "</tr></tbody></table>"),
                ("<td>b</td></tr></tbody></table>", ""),
            ],
        ),
        ("<p>O<b>n</b>e.<b> T</b>wo.</p>", SENTENCE, [("<p>O<b>n</b>e.", "</p>"), ("<b> T</b>wo.</p>", "")]),
        ("<p>A\nlong one. B</p>", SENTENCE, [("<p>A\nlong one. ", "</p>"), ("B</p>", "")]),
        ("<h2>A</h2><p>b. c</p>", PARAGRAPH, [("<h2>A</h2>", ""), ("<p>b. c</p>", "")]),
        ("<p>a<br>b<br><br>c</p>", PARAGRAPH, [("<p>a<br>b<br><br>", "</p>"), ("c</p>", "")]),
        ("<p>f<i>oo</i>bar</p><p>x</p>", WORD, [("<p>f<i>oo</i>bar</p>", ""), ("<p>x</p>", "")]),
        ("<p>e<b>\u0301</b>f&amp;</p>", CHARACTER, [("<p>e<b>\u0301</b>", "</p>"), ("f", "</p>"), ("&amp;</p>", "")]),
        ("<p>你好，<b>世界</b></p>", WORD, [("<p>你好，", "</p>"), ("<b>世界</b></p>", "")]),
        ("<p>👨‍👩‍👧ef</p>", CHARACTER, [("<p>👨‍👩‍👧", "</p>"), ("e", "</p>"), ("f</p>", "")]),
        ("<pre>\n\na\n  b</pre>", WORD, [("<pre>\n\na\n  ", "</pre>"), ("b</pre>", "")]),
        (
            "<p>Run <code>a? B</code> x. Do</p>",
            SENTENCE,
            [("<p>Run <code>a? B</code> x. ", "</p>"), ("Do</p>", "")],
        ),
        (
            "<pre><code>a? B\nC! D</code></pre>So. F",
            SENTENCE,
            [("<pre><code>a? B\n", "</code></pre>"), ("C! D</code></pre>", ""), ("So. ", ""), ("F", "")],
        ),
        ("<p>So. <code>B? C</code> D.</p>", SENTENCE, [("<p>So. ", "</p>"), ("<code>B? C</code> D.</p>", "")]),
        ("<pre>a b\nc</pre>", SENTENCE, [("<pre>a b\n", "</pre>"), ("c</pre>", "")]),
        ("<p>a<br>b</p><hr><p>c</p>", WORD, [("<p>a<br>", "</p>"), ("b</p>", ""), ("<hr>", ""), ("<p>c</p>", "")]),
        ('<p>a<img src="/i.png">b</p>', WORD, [("<p>a", "</p>"), ('<img src="/i.png">', "</p>"), ("b</p>", "")]),
        (
            '<label><input type="checkbox"><span></span></label><div>a</div>',
            WORD,
            [('<label><input type="checkbox"><span></span></label>', ""), ("<div>a</div>", "")],
        ),
        ("<p></p><p>a</p><p><br></p><p>&nbsp;</p>", WORD, [("<p></p><p>a</p><p><br></p><p>&nbsp;</p>", "")]),
        ("<p><br>a</p>", WORD, [("<p><br>a</p>", "")]),
        ("a<ul><li>b</li></ul>", WORD, [("a", ""), ("<ul><li>b</li></ul>", "")]),
        ("<p>a \u0301b</p>", CHARACTER, [("<p>a \u0301", "</p>"), ("b</p>", "")]),
        ("<table></table>", WORD, [("<table></table>", "")]),
    ],
)
def test_start_tags_stay_with_following_content_end_tags_and_white_space_with_preceding(
    html: str, chunk_by: ChunkBy, expected: list[tuple[str, str]]
) -> None:
    assert [*zip(*split_increments(html, chunk_by, 1000), strict=True)] == expected


@pytest.mark.parametrize(
    ("html", "limit", "chunks"),
    [
        ("<p>one two three</p>", 9, ["<p>one ", "two ", "three</p>"]),
        ("<p>abcdefgh</p>", 7, ["<p>abcd", "efg", "h</p>"]),
        ('<p><a href="https://example.com">ab</a></p>', 7, ['<p><a href="https://example.com">a', "b</a></p>"]),
        ("<p>&lt;&lt;</p>", 3, ["<p>&lt;", "&lt;</p>"]),
        ("<p>a" + "\u0301" * 9 + "b</p>", 5, ["<p>a" + "\u0301" * 9, "b</p>"]),
    ],
)
def test_a_long_segment_is_split_after_a_word_else_a_grapheme_and_exceeds_the_limit_only_by_tags(
    html: str, limit: int, chunks: list[str]
) -> None:
    assert split_increments(html, PARAGRAPH, limit).chunks == chunks


@scaled(2.5)
@given(htmls, chunk_bys, max_characters)
def test_every_state_of_a_client_is_valid_and_the_last_is_the_document(
    html: str, chunk_by: ChunkBy, limit: int
) -> None:
    assume(html)
    cut = split_increments(html, chunk_by, limit)
    assert "".join(cut.chunks) == html
    assert cut.closes[-1] == ""
    whole = outline(html)
    for part in shown(cut):
        assert begins(outline(part), whole)
        assert "<" not in TAG.sub("", part)
        assert "&" not in REFERENCE.sub("", TAG.sub("", part))


@scaled(2.5)
@example("a\n\u0301", ChunkBy.WORD, 1)
@given(htmls, chunk_bys, max_characters)
def test_each_chunk_shows_something_new_and_no_grapheme_is_split(html: str, chunk_by: ChunkBy, limit: int) -> None:
    assume(markup.has_visible_content(html))
    ends = {0, *graphemes(visible_text(html))}
    seen = 0
    for chunk in split_increments(html, chunk_by, limit).chunks:
        assert markup.has_visible_content(chunk)
        seen += len(visible_text(chunk))
        assert seen in ends
        assert not STARTS_LAST.search(chunk)
        # There is no boundary before a mark on white space, a line end in the source included.
        assert len(chunk) <= limit or len(graphemes(MARKED_SPACE.sub("", visible_text(chunk)).strip())) <= 1


@given(documents)
def test_no_chunk_has_two_words_or_two_characters_in_those_strategies(html: str) -> None:
    for chunk in split_increments(html, WORD, NO_LIMIT).chunks:
        assert len(visible_text(chunk).split()) <= 1
    for chunk in split_increments(html, CHARACTER, NO_LIMIT).chunks:
        assert len(graphemes(visible_text(chunk).strip())) <= 1


@given(markdowns, chunk_bys)
def test_markdown_is_split_like_its_html(markdown: str, chunk_by: ChunkBy) -> None:
    html = sanitise_html(markdown_to_html(markdown), DEFAULT_RULES, NO_LIMIT).html
    assume(html)
    cut = split_increments(html, chunk_by, 1000)
    assert "".join(cut.chunks) == html
    assert begins(outline(shown(cut)[len(cut.chunks) // 2]), outline(html))


@pytest.mark.parametrize("family", ATTACKS)
def test_every_state_of_an_attack_is_safe_to_a_second_parser(family: str) -> None:
    for attack in ATTACKS[family]:
        html = sanitise_html(f"<ul><li>before {attack} after</li></ul>", DEFAULT_RULES, NO_LIMIT).html
        for chunk_by in (WORD, CHARACTER):
            for part in shown(split_increments(html, chunk_by, 40)):
                assert dangers(part) == [], attack


@pytest.mark.parametrize(
    ("chunk_by", "times", "first"), [(WORD, 1, [20, 40, 52]), (SENTENCE, 1, [20, 40, 52]), (CHARACTER, 0, [4, 5, 6])]
)
def test_words_are_read_once_and_not_inside_of_a_word(chunk_by: ChunkBy, times: int, first: list[int]) -> None:
    html = f"<p>{'a' * 50}</p>{'<p></p>' * 50}"
    with patch.object(incremental, "html_words", wraps=html_words) as read:
        bounds = split_increments(html, chunk_by, 20).chunks.bounds
    assert read.call_count == times
    assert [*bounds[1:4]] == first


def test_close_texts_are_shared_at_any_depth() -> None:
    html = sanitise_html("<div>" * 200 + "<b>a b</b> " * 5000, DEFAULT_RULES, NO_LIMIT).html
    cut = split_increments(html, WORD, 1000)
    assert len(cut.chunks) == 10_000
    assert len({*cut.closes.indices}) == len({*cut.closes}) == 3

"""The source of HTML: whatever its cuts are, the canonical HTML is that of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.images import with_loose_images
from service.content.html.sanitise import sanitise_html
from service.content.live.html_source import HtmlSource
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import documents, soups, texts
from tests.unit.content.live.grown import parts
from tests.unit.content.live.histories import NO_LIMIT
from tests.unit.content.shown import soups_of_words


@given(documents | soups | soups_of_words | texts, st.data())
def test_the_cuts_change_nothing(source: str, data: st.DataObject) -> None:
    whole, cut = HtmlSource(DEFAULT_RULES), HtmlSource(DEFAULT_RULES)
    certain = "".join([cut.add(part) for part in parts(data, source)])
    assert certain == whole.add(source)
    assert cut.held == whole.held
    html = with_loose_images(certain + cut.finish())
    assert html == sanitise_html(source, DEFAULT_RULES, NO_LIMIT).html


@pytest.mark.parametrize(
    ("source", "certain"),
    [
        ("a", "a"),
        ("a ", "a"),
        ("a\r", "a"),
        ("a<", "a"),
        ("a</", "a"),
        ("a</<", "a"),
        ("a</</", "a"),
        ("<</b", "&lt;"),
        ("\ufeff", ""),
        ("\ufeff \ufeffa", "a"),
        ("a < b", "a &lt; b"),
        ("a<b", "a"),
        ("a<b title='>", "a"),
        ("a<b>", "a"),
        ("a<b>c", "a<b>c"),
        ("a<b> ", "a"),
        ("a&", "a"),
        ("a&#", "a"),
        ("a&#x26", "a"),
        ("a&ampx", "a"),
        ("a&amp;", "a&amp;"),
        ("a&" + "b" * 32, "a"),
        ("a&" + "b" * 33, "a&amp;" + "b" * 33),
        ("<pre>a&#10;", "<pre>a"),
        ("a<!-", "a"),
        ("a<!--b>c", "a"),
        ("a<!--b-->c", "ac"),
        ("a<!b>c", "ac"),
        ("a<style>b", "a"),
        ("a<style>b</style x", "a"),
        ("a<style>b</style x>c", "ac"),
        ("a<textarea>b<", "a"),
        ("a<iframe src=/x>", "a"),
        ("a<x-y hidden>b</x-y", "a"),
        ("a<x-y hidden>b</x-y>c", "ac"),
        ("a<x-y>b", "ab"),
        ("a<svg><desc>b", "a"),
        ("a<desc>b", "ab"),
        ("a<p hidden>b", "a"),
        ("<b><i>", ""),
        ("a <b></b>", "a"),
    ],
)
def test_what_may_become_something_else_is_held_back(source: str, certain: str) -> None:
    html = HtmlSource(DEFAULT_RULES)
    assert html.add(source) == certain


def test_the_line_end_at_the_start_of_preformatted_text_is_read_with_what_follows() -> None:
    for second in ("\n", "&#10;"):
        html = HtmlSource(DEFAULT_RULES)
        assert "".join([*map(html.add, ("<pre>", "\n", second, "a"))]) == "<pre>\n\na"


@pytest.mark.parametrize(
    "tag", ["<a title='> > > >'>", "<a b='>' c=\">\" d>", "<a b = '>' />", "<a b= c >", "<a =b c=d>"]
)
def test_a_tag_ends_where_it_does_whatever_its_cuts_are(tag: str) -> None:
    for size in range(1, len(tag)):
        html = HtmlSource(DEFAULT_RULES)
        for place in range(0, len(tag) - 1, size):
            assert html.add(tag[place : min(place + size, len(tag) - 1)]) == ""
        assert html.add(">x").endswith(">x")


def test_what_is_held_back_without_an_end_is_read_at_the_end() -> None:
    html = HtmlSource(DEFAULT_RULES)
    assert html.add("a<script>b<i>c\r") == "a"
    assert html.held == len("<script>b<i>c\r")
    assert html.finish() == "b<i>c</i>"
    assert html.held == 0

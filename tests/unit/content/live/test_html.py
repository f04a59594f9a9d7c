"""HTML that is still being written: safe at every moment, what is settled remains, and the end is the batch result."""

from contextlib import nullcontext

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.content.html.markup import has_visible_content
from service.content.html.policy import POLICIES
from service.content.html.sanitise import is_stable, sanitise_html
from service.content.live.html import HtmlDocument
from service.content.live.open_path import ROOT, after
from service.content.prepare import prepare
from service.content.rules import DEFAULT_RULES, ContentRules
from service.protocol.errors import EmptyContent, PreparedTooLarge
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode
from tests.profiles import scaled
from tests.unit.content.attacks import ATTACKS
from tests.unit.content.documents import documents, request, soups, texts
from tests.unit.content.live.grown import Grown, parts
from tests.unit.content.live.histories import NO_LIMIT, is_well_formed, safe
from tests.unit.content.live.pages import pages
from tests.unit.content.reader import dangers
from tests.unit.content.shown import soups_of_words

LONG = "word " * 200 + "end"
RULES = [ContentRules(policy=policy) for policy in POLICIES.values()]
sources = documents | soups | soups_of_words | texts | pages | st.lists(soups | pages, max_size=5).map("".join)


def closed(shown: str) -> str:
    """Return what a client shows."""
    return shown + after(ROOT, shown).close


def check_safe(shown: str) -> None:
    """Check that a state is what the sanitiser would leave as it is."""
    assert is_well_formed(closed(shown))
    assert is_stable(closed(shown), DEFAULT_RULES.policy)


def grown(rules: ContentRules = DEFAULT_RULES, limit: int = NO_LIMIT) -> Grown:
    return Grown(HtmlDocument(rules, Limits(max_prepared_characters=limit)), check_safe)


def batch(source: str) -> str:
    """Return the joined chunks of the plan."""
    limits = Limits(max_prepared_characters=NO_LIMIT)
    a_request = request(source, ContentType.HTML, ChunkBy.WORD, HtmlMode.INCREMENTAL)
    return "".join(prepare(a_request, limits, lambda _stage: nullcontext()).chunks)


def states(*sources: str) -> list[str]:
    """Return what is shown after each part of the source, with ``|`` after what is settled."""
    document = grown()
    shown = []
    for source in sources:
        document.append(source)
        shown.append(f"{document.shown[: document.settled]}|{document.shown[document.settled :]}")
    return shown


@scaled(2)
@given(sources, st.data())
def test_the_end_is_the_batch_result_and_each_state_is_safe(source: str, data: st.DataObject) -> None:
    assume(has_visible_content(safe(source)))
    assume(is_stable(safe(source), DEFAULT_RULES.policy))  # not where an opened wrapper was between two items of a list
    document = grown()
    for part in parts(data, source):
        document.append(part)
    assert document.finish() == batch(source)


@given(sources, st.data())
def test_what_is_settled_depends_on_the_source_alone(source: str, data: st.DataObject) -> None:
    one, other = (Grown(HtmlDocument(DEFAULT_RULES, Limits(max_prepared_characters=NO_LIMIT))) for _ in range(2))
    one.append(source)
    for part in parts(data, source):
        other.append(part)
    assert one.shown[: one.settled] == other.shown[: other.settled]


@pytest.mark.parametrize("family", ATTACKS)
def test_each_state_of_an_attack_is_safe(family: str) -> None:
    for attack in ATTACKS[family]:
        source = f"one {attack} two"
        step = max(1, len(source) // 200)
        document = grown()
        for place in range(0, len(source), step):
            document.append(source[place : place + step])
        assert document.finish() == batch(source), attack


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("family", ATTACKS)
def test_a_second_parser_finds_nothing_dangerous_in_an_attack_that_is_cut(family: str, rules: ContentRules) -> None:
    for attack in ATTACKS[family][:: max(1, len(ATTACKS[family]) // 5)]:
        document = Grown(HtmlDocument(rules, Limits(max_prepared_characters=NO_LIMIT)))
        for number in range(3):
            document.append(attack[len(attack) * number // 3 : len(attack) * (number + 1) // 3])
            assert dangers(closed(document.shown)) == [], attack


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["a", " b"], ["|a", "|a b"]),
        (["a <", "b", ">c", "</b>"], ["|a", "|a", "|a <b>c", "|a <b>c</b>"]),
        (["a &am", "p; b"], ["|a", "|<p>a &amp; b"]),
        (["a <3"], ["|<p>a &lt;3"]),
        (["<p>a", "</p>", "<p>b"], ["|<p>a", "<p>a</p>|", "<p>a</p>|<p>b"]),
        (["a", "<p>", "b"], ["|a", "|a", "<p>a</p>|<p>b"]),
        (["<script>a", "</script>", "b"], ["|", "|", "|b"]),
        (["<!-- a", "<b>", "-->b"], ["|", "|", "|b"]),
        (["<x-y hidden>a", "<p>b</p>", "</x-y>c"], ["|", "|", "|c"]),
        (["<p>a<a href='javascript:", "x'>b"], ["|<p>a", "|<p>a<a>b"]),
        (["<ul><li>a", "</ul>"], ["|<ul><li>a", "<ul><li>a</li></ul>|"]),
        (["<div>a", "<p>b</p>"], ["|<p>a", "<p>a</p><p>b</p>|"]),
        (["<dl><dt>a", "<dd>b"], ["<dl><dt>|<p>a", "<dl><dt><p>a</p></dt><dd>|<p>b"]),
        (["<section>a", LONG, "</section>"], ["|<section><p>a", f"|<p>a{LONG}", f"<p>a{LONG}</p>|"]),
        (["<p>e", "\u0301"], ["|<p>e", "|<p>e\u0301"]),
        (["<img src=/x>", "a"], ['|<img src="/x">', '|<p><img src="/x">a']),
        (["<i>a<p>b</p>", "c</i>d"], ["|<i>a<p>b", "|<i>a<p>b</p>c</i><p>d"]),
        (["\ufeffa", "b"], ["|a", "|ab"]),
    ],
)
def test_what_is_certain_is_shown_and_whole_blocks_are_settled(sources: list[str], expected: list[str]) -> None:
    assert states(*sources) == expected


def test_styles_are_repeated_around_groups_that_are_settled_when_they_are_complete() -> None:
    document = grown()
    document.append(f'<div dir="rtl"><p>a</p><p>{LONG}</p><p>b</p>')
    group = f'<div dir="rtl"><p>a</p><p>{LONG}</p></div>'
    assert document.shown == f'{group}<div dir="rtl"><p>b</p>'
    assert document.settled == len(group)
    document.append("c</div>d")
    assert document.finish() == f'{group}<div dir="rtl"><p>b</p><p>c</p></div><p>d</p>'


@pytest.mark.parametrize("source", ["", " ", "<p></p>", "<script>x</script>", "&nbsp;"])
def test_content_that_shows_nothing_is_refused_at_the_end(source: str) -> None:
    document = grown()
    document.append(source)
    with pytest.raises(EmptyContent):
        document.finish()


def test_html_that_grows_past_the_limit_is_refused() -> None:
    document = grown(limit=20)
    document.append("<p>0123456789")
    with pytest.raises(PreparedTooLarge):
        document.append("&&&")


def test_blocks_that_grow_past_the_limit_are_refused_at_the_end() -> None:
    document = grown(limit=20)
    document.append("a &amp; 0123456789")
    with pytest.raises(PreparedTooLarge):
        document.finish()


def test_white_space_is_not_held_back_for_a_reader() -> None:
    document = grown()
    document.append("a ")
    assert document.document.held == 0
    document.append("<b")
    assert document.document.held == len("<b")


def test_plain_text_in_an_open_element_replaces_nothing() -> None:
    document = grown()
    for word in f"<article>{'<p>one two <b>three</b></p>' * 3}<p>{LONG}".split(" "):
        document.append(f"{word} ")
    document.finish()
    assert document.replacements == 1, "the article, when it is large"


def test_an_address_that_the_cleaner_refuses_is_no_error() -> None:
    source = '<p>a<a href="http://xn--a/">b</a></p>'
    document = grown()
    for character in source:
        document.append(character)
    assert document.finish() == sanitise_html(source, DEFAULT_RULES, NO_LIMIT).html == "<p>a<a>b</a></p>"

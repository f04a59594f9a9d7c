"""Hostile nesting is removed before a tree is built."""

import pytest
from hypothesis import given

from service.content.html.balance import MAX_DEPTH
from service.content.html.balance import balance as balance_recording
from service.content.html.elements import ELEMENTS
from service.content.html.removal import Removals
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import documents, soups
from tests.unit.content.reader import outline

NO_LIMIT = 10**9


def balance(html: str) -> str:
    return balance_recording(html, ELEMENTS, Removals())


@given(documents)
def test_well_formed_html_is_unchanged(document: str) -> None:
    assert balance(document) == document


@given(soups)
def test_balancing_is_idempotent(soup: str) -> None:
    once = balance(soup)
    assert balance(once) == once


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>a<li>b<ul><li>c</ul>d</ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul>d</li></ul>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<p>a<div>b</div></p>c", "<p>a</p><div>b</div>c"),
        ("<p><b>a</p>b", "<p><b>a</b></p>b"),
        ("<b><table><tr><td></b>a</table>b</b>", "<b><table><tr><td>a</td></tr></tbody></table>b</b>"),
        ("<table><tr><td>a<table><tr><td>b</table>c<td>d</table>", None),
        ("<table><table><tr><td>a</table>", "<table></table><table><tr><td>a</td></tr></tbody></table>"),
        (
            "<table><tr><td><table></td></tr><tr><td>a</table>b</table>",
            "<table><tr><td><table><tr><td>a</td></tr></tbody></table>b</td></tr></tbody></table>",
        ),
        ("<td>a</td><tr>b", "ab"),
        ("<a>b<a>c", "<a>b</a><a>c"),
        ("</p></b>a", "a"),
        ("a<!-- <b> -->b<!c><?d></ e>f", "abf"),
        ('<p title="</p><!--">a</p>', '<p title="</p><!--">a</p>'),
        ("<style><!--</style><b>a</b>", "<b>a</b>"),
        ("<svg/>a<svg><b></svg>c", "ac"),
        ("<<!-- -->b>", "&lt;b>"),
        ("a<b title='", "a"),
        ("1 < 2 <3", "1 < 2 <3"),
    ],
)
def test_every_element_ends_with_its_parent(html: str, expected: str | None) -> None:
    assert outline(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html) == outline(
        sanitise_html(balance(html), DEFAULT_RULES, NO_LIMIT).html
    )
    if expected is not None:
        assert balance(html) == expected


@pytest.mark.parametrize("tag", ["div", "b", "span", "ul><li", "table><td", "blockquote"])
@pytest.mark.parametrize("closed", [True, False])
def test_elements_beyond_the_depth_limit_are_removed_and_their_text_kept(tag: str, *, closed: bool) -> None:
    end_tags = "".join(f"</{name}>" for name in reversed(tag.split("><"))) * 20_000 if closed else ""
    html = sanitise_html(f"<{tag}>" * 20_000 + "deep" + end_tags, DEFAULT_RULES, NO_LIMIT).html
    assert "deep" in html
    depth = deepest = 0
    for mark, _, _ in outline(html):
        depth += {"open": 1, "close": -1, "text": 0}[mark]
        deepest = max(deepest, depth)
    assert MAX_DEPTH // 2 < deepest <= MAX_DEPTH


def test_the_end_tag_of_a_too_deep_element_closes_no_other() -> None:
    html = balance("<div>" * (MAX_DEPTH + 2) + "a</div>b</div>c</div>d")
    assert html == "<div>" * MAX_DEPTH + "abc</div>d"
    assert balance("<div>" * MAX_DEPTH + "<ul><b>a</ul>b</div>c") == "<div>" * MAX_DEPTH + "ab</div>c"


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b title={number}>" for number in range(500)) + "<p>x" * 10_000,
        "<table>" + "".join(f"<b title={number}>" for number in range(500)) + "<tr>x" * 10_000,
        "".join(f"<b title={number}><object></b></object>" for number in range(500)) + "<p>x" * 10_000,
        "".join(f"<b title={number}><table><td></b></table>" for number in range(500)) + "<p>x" * 10_000,
        "<a><p>" * 10_000,
    ],
)
def test_open_formatting_is_not_reopened_in_following_blocks(html: str) -> None:
    assert len(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html) < 5 * len(html)

"""Removals by the sanitiser are counted by kind."""

import pytest
from hypothesis import given

from service.content.html import sanitise
from service.content.html.removal import Removal
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import documents, soups

NO_LIMIT = 10**9

ELEMENT, SUBTREE, COMMENT, URL = Removal.ELEMENT, Removal.SUBTREE, Removal.COMMENT, Removal.URL
HANDLER, ATTRIBUTE, STYLE, CLASS = Removal.EVENT_HANDLER, Removal.ATTRIBUTE, Removal.STYLE, Removal.CLASS


@pytest.mark.parametrize(
    ("html", "removed"),
    [
        ("<!DOCTYPE html><html><body><center>a</center><x-y>b</x-y></body></html>", {COMMENT: 1, ELEMENT: 3}),
        ("<!-- a --><?b?><![CDATA[c]]></ d>e", {COMMENT: 4}),
        ("<script><b></b><!-- a --></script><svg><g/></svg><IFRAME src=x>a", {SUBTREE: 1, ELEMENT: 3}),
        (
            "<p style='display: none'>a</p><p hidden>b</p><title>c</title>d",
            {Removal.HIDDEN: 2, STYLE: 1, ATTRIBUTE: 1, SUBTREE: 1},
        ),
        ("<td>a</td><input type=text><b title='", {ELEMENT: 2, ATTRIBUTE: 1, COMMENT: 1}),
        ("<div>" * 300 + "a", {ELEMENT: 44}),
        ("<p onclick=a OnFocus = 'b'>c</p>", {HANDLER: 2}),
        ("<p id=a name=b data-x title=c title=d>e</p>", {ATTRIBUTE: 4}),
        ("<a href=javascript:a>b</a><a href='&#1;data:c'>d</a><p href=e>f</p><img src='data:text/html,g'>", {URL: 4}),
        ("<ol start=x><li value=1>a</li></ol>", {ATTRIBUTE: 1}),
        ("<p style='color: red; position: fixed'>a</p><p style='top: 0'>b</p>", {STYLE: 2}),
        ("<p class='  language-a  hljs'>a</p><p class='fixed hljs inset-0'>b</p><p class=fixed>c</p>", {CLASS: 2}),
        ("<font color=red onclick=b style='top: 0' class=c>d</font>", {HANDLER: 1, STYLE: 1, CLASS: 1}),
        ("<b id=a<i id=b>c</i>", {ATTRIBUTE: 2}),
    ],
)
def test_each_kind_is_counted(html: str, removed: dict[Removal, int]) -> None:
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).removed == removed


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<p>b</b></ul><ul><li>c<li>d",
        "<P TITLE=a>1 < 2 & 3</P><br/><img src=x alt='<b id=c>' />",
        '<p>id="a" onclick="b"</p>',
        "<a href=//x target=_blank rel=noopener>a</a><a href=//x rel=nofollow>b</a><a href=//x rel=opener>c</a>",
        "<p style='color:red' class='hljs\nlanguage-a'>a</p>",
        "a\r\nb\0",
    ],
)
def test_corrections_are_not_counted(html: str) -> None:
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).removed == {}


@given(documents)
def test_unchanged_documents_have_no_removals(document: str) -> None:
    assert sanitise_html(document, DEFAULT_RULES, NO_LIMIT).removed == {}


@given(soups)
def test_sanitised_html_has_no_removals(soup: str) -> None:
    assert sanitise_html(sanitise_html(soup, DEFAULT_RULES, NO_LIMIT).html, DEFAULT_RULES, NO_LIMIT).removed == {}


def test_a_document_sent_as_text_is_one_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanitise, "MAX_PASSES", 0)
    assert sanitise_html("<p onclick=x>a", DEFAULT_RULES, NO_LIMIT).removed == {Removal.MARKUP: 1}

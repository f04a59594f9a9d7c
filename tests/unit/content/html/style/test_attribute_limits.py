"""Attributes that are kept, with a style where they would make an element too large."""

import pytest

from service.content.html.policy import PAGE
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES, ContentRules

NO_LIMIT = 10**9


@pytest.mark.parametrize(
    ("html", "style"),
    [
        ('<img src="/a" width="5000">', "max-width: 100%; height: auto"),
        ('<img src="/a" width="50" height="601.5px">', "max-width: 100%; height: auto"),
        ('<img src="/a" width="600" height="400">', ""),
        ('<img src="/a" width="100%">', ""),
        ('<img src="/a" width=".">', None),
        ('<table><tbody><tr><td height="9000">a</td></tr></tbody></table>', "height: 120px"),
        ('<table><tbody><tr><td height="120" width="5000">a</td></tr></tbody></table>', ""),
        ('<ol start="1000"><li>a</li></ol>', "list-style-position: inside"),
        ('<ol start="999"><li value="21">a</li></ol>', ""),
        ('<ol start="21" type="i"><li>a</li></ol>', "list-style-position: inside"),
        ('<ol reversed="" start="20" type="I"><li>a</li></ol>', "list-style-position: inside"),
        ('<ol reversed="" start="20"><li value="99">a</li></ol>', ""),
        ('<ol type="i"><li value="100">a</li></ol>', "list-style-position: inside"),
        ('<ol start="-5"><li>a</li></ol>', "list-style-position: inside"),
        ('<ol><li value="9999">a</li></ol>', "list-style-position: inside"),
    ],
)
def test_a_size_or_a_number_has_a_limit(html: str, style: str | None) -> None:
    limited = sanitise_html(html, DEFAULT_RULES, NO_LIMIT)
    again = sanitise_html(limited.html, DEFAULT_RULES, NO_LIMIT)
    assert again.html == limited.html
    if style is not None:
        assert limited.html.replace(f' style="{style}"', "", 1) == html
        assert ("style" in limited.html) == bool(style)


def test_an_image_on_a_page_loses_a_size_that_is_too_large() -> None:
    html = '<img src="/a" alt="b" width="5000" height="10">'
    assert sanitise_html(html, ContentRules(policy=PAGE), NO_LIMIT).html == '<img src="/a" alt="b">'

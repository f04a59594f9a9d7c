"""Stand-ins hide from the cleaner what its time is quadratic in."""

import re

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.sanitise import sanitise_html
from service.content.html.stand_ins import hide, reveal, without_stand_ins
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import documents

NO_LIMIT = 10**9
htmls = documents | st.text(
    st.characters(max_codepoint=0x110) | st.characters(min_codepoint=0xFDC0, max_codepoint=0xFDF0)
)


@given(htmls)
def test_what_is_hidden_can_be_revealed(html: str) -> None:
    html = without_stand_ins(html)
    assert reveal(hide(html)) == html


@pytest.mark.parametrize("character", [*map(chr, range(0x80, 0xC0))])
def test_each_hidden_character_can_be_revealed(character: str) -> None:
    assert reveal(hide(character)) == character


@given(htmls)
def test_nothing_is_left_that_the_cleaner_escapes(html: str) -> None:
    hidden = hide(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html)
    assert not re.search("[&\x80-\xbf]", hidden)


@given(documents)
def test_the_cleaner_agrees_with_and_without_stand_ins(document: str) -> None:
    cleaner = nh3.Cleaner(tags={"p", "b", "em", "code", "h2"})
    assert reveal(cleaner.clean(hide(document))) == cleaner.clean(document)


def test_a_stand_in_in_the_source_is_no_reference() -> None:
    html = "<p title='\ufdd0quot;'>\ufdd0lt;b\ufdd5 &#xfdd0;lt; \ufdd1A «a»</p>"
    expected = '<p title="\ufffdquot;">\ufffdlt;b\ufffd lt; \ufffdA «a»</p>'
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected

"""Nothing is lost: every word that a browser shows of the source, it shows of the result, apart from its neighbours."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.policy import POLICIES, PolicyName
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES, ContentRules
from tests.profiles import scaled
from tests.unit.content.shown import WORD, shown_text, soups_of_words

NO_LIMIT = 10**9


@scaled(4)
@given(soups_of_words, st.sampled_from(PolicyName))
def test_every_word_that_a_browser_shows_is_shown(soup: str, policy: PolicyName) -> None:
    rules = ContentRules(policy=POLICIES[policy])
    source = shown_text(soup)
    result = shown_text(sanitise_html(soup, rules, NO_LIMIT).html)
    words, found = WORD.findall(source), WORD.findall(result)
    assert [word for word in words if word not in found] == []
    if "<table" not in soup:  # a browser moves what is between cells before the table
        assert [word for word in found if word in words] == words
    for first, second in pairwise(words):
        assert first + second in source or first + second not in result


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<b>b</b></p>c", "\nab\nc"),
        ("a<p hidden>b</p><script>c</script><title>d</title><x-y>e", "ae"),
        ("<svg><desc>a</desc><text>b</text></svg><desc>c", "bc"),
        ("<noscript>a</noscript><select><option>b<option>c</select>", "\nb\n\nc\n"),
    ],
)
def test_the_text_that_a_browser_shows(html: str, text: str) -> None:
    assert shown_text(html) == text


def test_an_empty_document_shows_nothing() -> None:
    assert sanitise_html("<title>a</title><p hidden>b</p><!-- c -->", DEFAULT_RULES, NO_LIMIT).html == ""

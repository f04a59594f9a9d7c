"""Words that are found in the source of HTML are those of its visible text."""

from unittest.mock import patch

import pytest
from hypothesis import example, given

from service.content.chunking import gaps
from service.content.chunking.html_words import html_words
from service.content.chunking.passage import Passage
from service.content.chunking.words import words
from tests.unit.content.chunking.test_incremental import htmls


def of_visible_text(html: str) -> list[int]:
    passage = Passage(html, is_part=True)
    return [*passage.cuts(words(passage.text)), len(html)]


@example("<p>a </b>c</p>")
@example('<b>a</b> <i><input type="checkbox">b <img src="/i"><img src="/j"></i><hr><b>c</b>')
@example("<p>中文 \u0301a</p><p>\u0301b</p>中<b>文</b>字<ul><li>中文</li></ul>")
@given(htmls)
def test_words_of_the_source_are_those_of_the_visible_text(html: str) -> None:
    assert [*html_words(html)] == of_visible_text(html)


@pytest.mark.parametrize("characters", [1, 7, 30])
@example("<p>a <b>\u200d</b></p>")  # the tags of the last word are in the slab before it
@given(htmls)
def test_words_do_not_depend_on_where_slabs_end(characters: int, html: str) -> None:
    with patch.object(gaps, "_SLAB_CHARACTERS", characters):
        found = [*html_words(html)]
    assert found == of_visible_text(html)

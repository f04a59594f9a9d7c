"""The open elements at any place of HTML that grows."""

import pytest

from service.content.live.growing_text import GrowingText
from service.content.live.open_path import ROOT, OpenPath, after, without_start_tags


def test_the_close_text_has_the_end_tags_from_the_innermost_element_on() -> None:
    assert after(ROOT, "<p>a<br><b>b</b><i>").close == "</i></p>"
    assert after(ROOT, "a</b>").close == ""


def test_the_path_is_that_of_what_is_before_a_place_after_a_replacement_too() -> None:
    text = GrowingText()
    path = OpenPath(text)
    paragraph = f"<p>{'a' * 2000}</p>"
    text.replace(0, f"<div>{paragraph * 3}<b>")
    assert path.at(text.length).close == "</b></div>"
    assert path.at(10).close == "</p></div>"
    path.truncate(5)
    text.replace(5, "<ul><li>")
    assert path.at(text.length).close == "</li></ul></div>"
    assert path.at(0) is ROOT


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<b><i>", "<p>a"),
        ("<p>a <b> <i> ", "<p>a "),
        ("<p>a</p>", "<p>a</p>"),
        ("<p>a<br>", "<p>a<br>"),
        ("a<col>", "a<col>"),
        ("<colgroup>", ""),
        ("a", "a"),
        ("", ""),
    ],
)
def test_start_tags_at_the_end_are_left_out(html: str, expected: str) -> None:
    assert html[: without_start_tags(html)] == expected

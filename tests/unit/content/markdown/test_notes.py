"""Footnotes."""

import pytest

from service.content.markdown.convert import markdown_to_html


def notes(*items: str) -> str:
    return "".join(["<hr />\n<ol>\n", *(f"<li>\n<p>{item}</p>\n</li>\n" for item in items), "</ol>\n"])


@pytest.mark.parametrize(
    ("markdown", "text", "items"),
    [
        ("a[^1] b[^x]\n\n[^1]: One.\n\n[^x]: X.", "a<sup>[1]</sup> b<sup>[2]</sup>", ["One.", "X."]),
        ("a[^b]\n\n[^c]: C\n\n[^b]: B [^c]", "a<sup>[1]</sup>", ["B <sup>[2]</sup>", "C"]),
        ("a[^N] b[^n]\n\n[^n]: N", "a<sup>[1]</sup> b<sup>[1]</sup>", ["N"]),
        ("a\n\n[^u]: unused", "a", ["unused"]),
        ("a[^u]\n\n[^u]: first\n\n[^u]: second", "a<sup>[1]</sup>", ["first", "second"]),
        ("a[^1]\n\n[^1]: b\n\n    c", "a<sup>[1]</sup>", ["b</p>\n<p>c"]),
    ],
)
def test_notes_are_a_list_in_the_order_of_their_references(markdown: str, text: str, items: list[str]) -> None:
    assert markdown_to_html(markdown) == f"<p>{text}</p>\n{notes(*items)}"


def test_a_reference_without_a_note_is_text() -> None:
    assert markdown_to_html("a[^1] `[^1]`") == "<p>a[^1] <code>[^1]</code></p>\n"


def test_a_note_inside_a_list_is_moved_to_the_end() -> None:
    assert markdown_to_html("- a[^1]\n\n  [^1]: note\n- b").endswith(notes("note"))

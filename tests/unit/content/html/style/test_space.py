"""The space that a style takes around its content, of which nested elements have a limited sum."""

import pytest
from hypothesis import given

from service.content.html.style.filter import allowed_style
from service.content.html.style.space import space_taken, style_without_space
from tests.unit.content.html.style.test_filter import elements, styles


@pytest.mark.parametrize(
    ("style", "taken"),
    [
        ("color: red", 0),
        ("border-collapse: collapse; border-radius: 9px; border-spacing: 9px; border-color: red", 0),
        ("padding: 12.8px 30px", 3 / 28),
        ("padding-top: 12.8px; margin: 25.6px 0 0", 0.3),
        ("margin-left: 84pt", 0.2),
        ("margin: 0 auto", 0),
        ("padding-left: 14%", 0.15),
        ("border-width: 6.4px 3px; border-style: solid", 0.05),
        ("BORDER-TOP: 6.4PX solid", 0.05),
        ("border-bottom: hsl(0 50% 50% / 0.5) 6.4px solid", 0.05),
        ("margin: 72px 0 0 240px; padding: 48px 24px 0; border: 8px solid", 1),
    ],
)
def test_the_space_of_a_style(style: str, taken: float) -> None:
    assert space_taken(style) == pytest.approx(taken)


def test_only_what_takes_space_is_removed() -> None:
    assert style_without_space("color: red; padding: 1px; border-collapse: collapse; margin-top:2px") == (
        "color: red; border-collapse: collapse"
    )
    assert style_without_space("padding: 1px") is None


@given(styles, elements)
def test_nothing_takes_space_after_its_removal(style: str, element: str) -> None:
    allowed = allowed_style(style, element) or ""
    left = style_without_space(allowed)
    assert left is None or space_taken(left) == 0
    assert left is None or allowed_style(left, element) == left

"""Attributes of old HTML as styles, which the filter of styles accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.style.filter import allowed_style
from service.content.html.style.legacy import LEGACY, legacy_style

_ATTRIBUTES = st.sampled_from(
    ["align", "bgcolor", "border", "color", "face", "height", "size", "type", "valign", "width"]
)


@pytest.mark.parametrize(
    ("element", "attributes", "expected"),
    [
        ("p", {"align": " CENTER "}, "text-align: center"),
        ("h2", {"align": "middle", "title": "x"}, "text-align: center"),
        ("td", {"align": "char"}, ""),
        ("table", {"align": "center", "width": "600", "height": "9"}, "margin: 0 auto; width: 600px"),
        ("table", {"border": "1", "cellspacing": "4", "cellpadding": "9"}, "border: 1px solid; border-spacing: 4px"),
        ("table", {"border": "0", "bgcolor": "#FFF"}, "background-color: #FFF"),
        ("tr", {"valign": "top", "bgcolor": "expression(1)"}, "vertical-align: top"),
        ("td", {"width": "50%", "nowrap": "", "height": "10*"}, "width: 50%"),
        ("img", {"align": "left", "hspace": "900", "vspace": "900"}, ""),
        ("img", {"align": "AbsMiddle"}, "vertical-align: middle"),
        ("font", {"color": "ff0000", "size": "+1"}, "color: #ff0000; font-size: large"),
        ("font", {"size": "-9", "face": "Arial, 'A 1', x;y"}, "font-size: x-small; font-family: Arial, 'A 1'"),
        ("font", {"size": "²"}, ""),
        ("p", {"size": "7", "face": "Arial"}, ""),
        ("ol", {"type": "A", "start": "20"}, "list-style-type: upper-alpha"),
        ("ul", {"type": "SQUARE"}, "list-style-type: square"),
        ("hr", {"width": "50%", "align": "right", "size": "9"}, "width: 50%; margin: 0 0 0 auto"),
    ],
)
def test_an_attribute_is_a_declaration(element: str, attributes: dict[str, str], expected: str) -> None:
    assert legacy_style(element, attributes) == expected


@given(
    st.sampled_from(["p", "table", "td", "img", "font", "ol", "li", "hr"]),
    st.dictionaries(st.sampled_from(sorted(LEGACY)), st.text(max_size=8) | st.integers().map(str)),
)
def test_no_declaration_is_dropped_or_hides_another(element: str, attributes: dict[str, str]) -> None:
    style = legacy_style(element, attributes)
    left = allowed_style(style, "span" if element == "font" else element)
    assert (left or "").count(";") >= style.count(";") - 1
    assert bool(left) == bool(style)

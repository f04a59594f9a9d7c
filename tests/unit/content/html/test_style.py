"""Styles: allowed declarations are unchanged, whether their shape is cached or each token is checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.style import StyleFilter
from tests.profiles import scaled

_SCRAPS = (
    "color",
    "width",
    "font-family",
    "background",
    "position",
    "x-1",
    ":",
    ";",
    " ",
    "\n",
    "red",
    "#fff",
    "#12",
    "#abcde-f",
    "1px",
    "0.5em",
    "-2e3",
    "1e",
    "50%",
    "u+26",
    "rgb(1, 2, 3)",
    "calc(1px + (2% * 3))",
    "rgb(",
    ")",
    "(",
    "[",
    "]",
    "url(//x)",
    "url(1",
    "'F1'",
    '"F2"',
    "'a;b'",
    "'",
    '"',
    "fixed",
    "!important",
    ",",
    "/",
    "/*",
    "\\31",
    "é",
    "@x",
    "--v1",
    "var(--v1)",
)
_declarations = st.builds(
    "{}: {}".format,
    st.sampled_from(["color", "width", "font-family", "background", "position", "margin-left", "WIDTH"]),
    st.lists(st.sampled_from(_SCRAPS), min_size=1, max_size=3).map(" ".join),
)
styles = st.lists(_declarations | st.sampled_from(_SCRAPS), max_size=5).map("; ".join) | st.lists(
    st.sampled_from(_SCRAPS), max_size=10
).map("".join)


class ThoroughFilter(StyleFilter):
    """A filter without the cache of shapes."""

    def _is_whole_and_allowed(self, shape: str) -> bool:
        return False


@scaled(5)
@given(st.lists(styles, min_size=1, max_size=4))
def test_cached_shapes_do_not_change_the_result(several: list[str]) -> None:
    remembering = StyleFilter()
    for style in several:
        assert remembering.allowed(style) == ThoroughFilter().allowed(style)


@given(styles)
def test_filtering_is_idempotent(style: str) -> None:
    left = StyleFilter().allowed(style)
    assert left is None or StyleFilter().allowed(left) == left


@pytest.mark.parametrize(
    ("harmless", "style", "expected"),
    [
        ("width: 1px", "width: 22px", "width: 22px"),
        ("width: 1px", "width: 22vwvwvw", None),
        ("color: #fff", "color: #a1b2c3d4;", "color: #a1b2c3d4;"),
        ("color: rgb(1)", "color: rgb(1; width: 2px)", None),
        ("font-family: 'a'", "font-family: 'a; color: red'; width: 1px", "width: 1px"),
        ("font-family: 'a'", "font-family: 'a", None),
        ("color: red", "color: red; color: url(1)", "color: red"),
        ("", " ;; ", None),
        ("width: calc(2 * (1px))", "width: #12-url(//x); height: 0e1var(--x)", None),
        ("width: 1px", "color: :; font-family: \u2028", "font-family: \u2028"),
        ("width: 1em", "color: :; width: 1e", None),
        ("width: 1px", f"position: fixed; width: {'1' * 5000}px", None),
    ],
)
def test_an_incomplete_declaration_is_not_recognised(harmless: str, style: str, expected: str | None) -> None:
    filter_ = StyleFilter()
    filter_.allowed(harmless)
    assert filter_.allowed(style) == expected

"""Styles: what is left can load, run, move and cover nothing; the rest of a document's look is kept."""

import pytest
import tinycss2
from hypothesis import given
from hypothesis import strategies as st
from tinycss2.ast import Declaration, DimensionToken, FunctionBlock, LiteralToken, NumberToken, PercentageToken

from service.content.html.style import filter as style_filter
from service.content.html.style.filter import allowed_style, hides, preserves_space
from service.content.html.style.length import UNITS
from service.content.html.style.properties import KINDS, RULES, STYLE_RULES, Kind
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
_LENGTHS = st.builds(
    "{}{}".format,
    st.floats(-999, 999, allow_nan=False).map("{:.3f}".format) | st.integers(-20, 99999),
    st.sampled_from(["px", "PT", "em", "rem", "ex", "ch", "in", "cm", "mm", "q", "pc", "%", "vw", "lh", ""]),
)
_declarations = st.builds(
    "{}: {}".format,
    st.sampled_from([*STYLE_RULES, "font", "position", "WIDTH"]),
    st.lists(st.sampled_from(_SCRAPS) | _LENGTHS, min_size=1, max_size=4).map(" ".join),
)
styles = st.lists(_declarations | st.sampled_from(_SCRAPS), max_size=5).map("; ".join) | st.lists(
    st.sampled_from(_SCRAPS), max_size=10
).map("".join)
elements = st.sampled_from(["div", "a", "ul", "table", "td", "img", "x-y"])
_FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color-mix"}
_GRADIENTS = {
    f"{repeating}{name}-gradient" for repeating in ("", "repeating-") for name in ("linear", "radial", "conic")
}


@scaled(20)
@given(styles, elements)
def test_what_is_left_is_read_in_the_same_way_by_a_parser_of_css(style: str, element: str) -> None:
    left = allowed_style(style, element) or ""
    for declaration in tinycss2.parse_blocks_contents(left, skip_whitespace=True):
        assert isinstance(declaration, Declaration), left
        assert not declaration.important
        assert declaration.lower_name in RULES[KINDS.get(element, Kind.BLOCK)]
        for token in declaration.value:
            match token:
                case FunctionBlock(lower_name=name):
                    assert name in _FUNCTIONS | _GRADIENTS
                case NumberToken(value=value) | PercentageToken(value=value) | DimensionToken(value=value):
                    assert 0 <= value <= 9999
                case LiteralToken(value=value):
                    assert value == ","
                case _:
                    assert token.type in {"whitespace", "ident", "hash", "string"}
            assert not isinstance(token, DimensionToken) or token.lower_unit in UNITS


@scaled(20)
@given(styles, elements)
def test_filtering_is_idempotent(style: str, element: str) -> None:
    left = allowed_style(style, element)
    assert left is None or allowed_style(left, element) == left


@given(st.lists(styles, min_size=1, max_size=4), elements)
def test_what_was_cached_does_not_change_the_result(several: list[str], element: str) -> None:
    for style in several:
        first = allowed_style(style, element)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(style_filter, "_MAX_REMEMBERED_CHARACTERS", 0)
            assert allowed_style(style, element) == first


@pytest.mark.parametrize(
    ("element", "style"),
    [
        ("p", "text-align:center;color:#1a1a1a; "),
        ("p", "margin: 0 0 1em; line-height: 1.5; font-family: Arial, 'Segoe UI', \"A b\", -apple-system"),
        ("p", "margin-left:36.0pt;text-indent:.5in"),
        ("span", 'font-size:11.0pt;font-family:"Calibri",sans-serif;color:windowtext'),
        ("span", "color: hsl(0 50% 50% / 0.5); background-color: color-mix(in srgb, red 50%, #00f)"),
        ("span", "text-decoration: underline dotted rgb(255, 0, 0) 2px; vertical-align: sub; white-space: pre-wrap"),
        ("code", "border: 1px solid #ccc; border-radius: 4px; padding: 0 .4em"),
        ("td", "width:187.5pt;padding:0in 5.4pt 0in 5.4pt;border:solid windowtext 1.0pt;vertical-align:top"),
        ("td", "background: linear-gradient(45deg, red, #00f 50%); height: 40px"),
        ("table", "min-width: 75px; border-collapse: collapse; border-spacing: 0 4px; margin: 0 auto"),
        ("col", "min-width: 25px; width: 250px"),
        ("ul", "list-style-type: square; padding-left: 1.5em"),
        ("img", "width: 120px; height: 40px; vertical-align: middle"),
        ("div", "max-width: 640px; min-height: 80px; border-left: 4px solid #ddd; padding: 8px 16px"),
        ("div", ";;color: red"),
    ],
)
def test_the_look_of_a_document_is_unchanged(element: str, style: str) -> None:
    assert allowed_style(style, element) == style


_FONT = "font-style: italic; font-weight: bold; font-size: 12pt; line-height: 1.4; font-family: Georgia, serif"


@pytest.mark.parametrize(
    ("element", "style", "expected"),
    [
        ("p", "color:red !important; COLOR: Blue", "color: red"),
        ("p", "color:red ! IMPORTANT", "color: red"),
        ("p", "color: red; color: blue", "color: blue"),
        ("p", "color: red; color: url(1)", "color: red"),
        ("p", "color: /**/red; /* a; b */ width: 1px; /**//**/ text-align: left", "text-align: left; max-width: 1px"),
        ("p", "color: r\\65 d; text-align: left", "text-align: left"),
        ("p", "font-family: 'a; color: red'; text-align: left", "text-align: left"),
        ("p", "color: rgb(1; text-align: left)", None),
        ("p", "color: #12-url(//x); color: #ab; color: 1e1", None),
        ("p", "font-family: 'a", None),
        ("p", " ;; ", None),
        ("p", "color:; font-size: 12px", "font-size: 12px"),
        ("p", "background: #fff url('a;b') no-repeat; background-image: url(x)", "background-color: #fff"),
        ("p", "background: url(x", None),
        ("p", "font: italic bold 12pt/1.4 Georgia, serif", _FONT),
        ("p", "font: 7.0pt 'Times New Roman'", "font-size: 7.0pt; font-family: 'Times New Roman'"),
        ("p", "font: menu", None),
        ("p", "line-height: 24px; font-size: 12pt", "line-height: 1.5; font-size: 12pt"),
        ("p", "line-height: 107%", "line-height: 1.07"),
        ("p", "line-height: 900", "line-height: 2"),
        ("p", "line-height: 0", None),
        ("p", "font-size: 900px", "font-size: 48px"),
        ("p", "font-size: 1.5em", "font-size: 1.5rem"),
        ("p", "font-size: 900%", "font-size: 3rem"),
        ("p", "font-size: 80%", "font-size: 80%"),
        ("p", "font-size: larger", "font-size: large"),
        ("p", "padding: 5px 1px 200px", "padding: 5px 1px 48px"),
        ("p", "padding: 60px", "padding: 48px 60px"),
        ("p", "margin: -1px 4px", None),
        ("p", "margin: 1px 2px 3px 4px 5px", None),
        ("p", "margin: 0 auto; width: 50%; height: 9in", "margin: 0 auto; max-width: 50%; min-height: 1.25in"),
        ("p", "width: 100%; max-width: 600px; min-width: 5px", "max-width: 600px"),
        ("p", "max-height: 1px; opacity: 0; table-layout: fixed; white-space: nowrap", None),
        ("p", "white-space: pre", "white-space: pre-wrap"),
        ("p", "text-indent: -18pt; margin-left: 36pt", "margin-left: 36pt"),
        ("p", "width: calc(1px); margin: max(1px, 2px); padding: 1vw", None),
        ("a", "padding: 12px 24px; display: inline-block; width: 200px", "padding: 0 24px"),
        ("a", "border: solid red; border-style: solid", None),
        ("a", "border: 4px solid red", "border: 1px solid red"),
        ("ul", "padding: 0; list-style: square outside", "list-style-type: square"),
        ("ul", "padding: 0; list-style: none", "padding: 0; list-style-type: none"),
        ("ol", "list-style: lower-roman inside", "list-style-type: lower-roman; list-style-position: inside"),
        ("ol", "list-style-type: 'abc'", None),
        ("li", "list-style: hebrew", "list-style-type: hebrew; list-style-position: inside"),
        ("div", "list-style-type: lower-greek", "list-style-type: lower-greek"),
        ("table", "width: 468pt; margin-left: 5pt", "width: 468pt; max-width: 100%"),
        ("td", "min-width: 900px; width: 900px", "min-width: 50px; width: 600px"),
        ("img", "width: 624px; height: 351px; border: 8px solid", "width: 624px; height: auto; max-width: 100%"),
        ("img", "max-width: 800px", "max-width: 100%"),
    ],
)
def test_a_style_is_reduced_to_what_covers_nothing(element: str, style: str, expected: str | None) -> None:
    assert allowed_style(style, element) == expected


SIZE = 100_000


@pytest.mark.parametrize(
    "style",
    [
        "color:" + "(" * SIZE,
        "color:" + "'" * SIZE,
        "color:" + "rgb(" * SIZE,
        "color:x" + " " * SIZE + "y",
        "color:x" + "/**/" * SIZE,
        "/**/" * SIZE,
        "/*" * SIZE,
        "width:" + "1" * SIZE + "px",
        "background:" + "url(" * SIZE,
        "\\" * SIZE,
        "!" * SIZE,
    ],
)
def test_a_hostile_style_is_dropped(style: str) -> None:
    assert allowed_style(style) is None
    assert not hides(style)


@pytest.mark.parametrize(
    ("style", "hidden"),
    [
        ("display:none", True),
        ("DISPLAY : NONE ! important", True),
        ("color: red; visibility:hidden", True),
        ("visibility: collapse", True),
        ("/* x */display:/**/none/* ; */", True),
        ("d\\69 splay: n\\6fne", True),
        ("display: block; display: none", True),
        ("display: none; display: nonsense", True),
        ("display: none !important; display: block", True),
        ("display: none; display: block", False),
        ("display: none; display: inline flow-root", False),
        ("visibility: hidden; visibility: visible", False),
        ("display: no/**/ne", False),
        ("display: 'none'", False),
        ("font-family: 'a; display: none'", False),
        ("x-display: none; border: none; overflow: hidden; border-collapse: collapse", False),
        ("mso-hide: all", False),
        ("", False),
    ],
)
def test_hidden_is_what_a_browser_does_not_display(style: str, hidden: bool) -> None:
    assert hides(style) is hidden


@pytest.mark.parametrize(
    ("style", "preserved"),
    [
        ("white-space: pre-wrap", True),
        ("color: red;WHITE-SPACE:Pre-Line;", True),
        ("white-space: break-spaces", True),
        ("white-space: normal", False),
        ("font-family: 'white-space', pre-wrap", False),
    ],
)
def test_a_style_that_preserves_space(style: str, preserved: bool) -> None:
    assert preserves_space(style) is preserved

"""The words that a browser shows, found with a second parser, and tag soup with numbered words."""

import re
from collections.abc import Iterator
from itertools import count
from xml.etree.ElementTree import Element

from hypothesis import strategies as st

from service.content.html.elements import names
from tests.unit.content.reader import parsed

_BLOCKS = names(
    "address article aside blockquote br caption center col colgroup dd details dialog dir div dl dt fieldset",
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup",
    "option p plaintext pre search section summary table tbody td tfoot th thead tr ul xmp",
)
"""Elements that the style sheet of a browser separates from what is beside them."""
_SVG, _MATHML = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1998/Math/MathML}"
_RAW = names("script style template title noscript iframe noembed noframes video audio canvas datalist")
"""Elements that are dropped with their content by these names, also in drawings and formulas."""
_NOT_SHOWN = (
    _RAW
    | {space + name for space in (_SVG, _MATHML) for name in _RAW}
    | {_SVG + name for name in names("defs desc metadata")}
    | {_MATHML + name for name in names("annotation annotation-xml")}
)
_HIDES = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
WORD = re.compile(r"w[0-9]{3}")


def shown_text(html: str) -> str:
    """Return the text that a browser with scripts shows, with a line end at both sides of each block."""
    return "".join(_shown(parsed(html, scripting=True)))


def _shown(element: Element) -> Iterator[str]:
    name = str(element.tag)
    if (
        callable(element.tag)
        or name in _NOT_SHOWN
        or "hidden" in element.attrib
        or _HIDES.search(element.get("style", ""))
    ):
        return
    line_end = "\n" if name in _BLOCKS else ""
    yield line_end
    yield element.text or ""
    for child in element:
        yield from _shown(child)
        yield child.tail or ""
    yield line_end


_NAMES = sorted(
    names(
        "a abbr b em i u s code mark small span sub font tt big nobr acronym label cite q ruby rt rp img br wbr input",
        "p div section article header blockquote details summary figure figcaption address center fieldset legend form",
        "h1 h2 h3 hr pre listing ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr td th button object",
        "x-y my.element svg g path set text tspan image filter line foreignobject desc title math mi mo mtext min max",
        "mode list annotation mglyph malignmark body html picture source embed param link meta base frame area blink",
        "marquee",
    )
)
_HIDDEN = sorted(names("a b span p div section pre h2 ul details x-y button label"))
_ATTRIBUTES = [
    "",
    "",
    "",
    " x='</p>'",
    ' title="<b>"',
    " href=/x",
    " src=/x alt=y",
    " class=x",
    " style='color: red'",
    "/",
]
_WORD_HERE = "\ue000"

_pieces = st.one_of(
    st.builds("<{}{}>".format, st.sampled_from(_NAMES), st.sampled_from(_ATTRIBUTES)),
    st.sampled_from(_NAMES).map("</{}>".format),
    st.sampled_from([_WORD_HERE, f"{_WORD_HERE} "]),
    st.sampled_from([" ", "\n", "&nbsp;", "<!-- c -->", "<!>", "< ", "&amp;", "</br>", "</p>"]),
    st.builds(
        "<{0} {1}>{2}</{0}>".format,
        st.sampled_from(_HIDDEN),
        st.sampled_from(["hidden", "style='display:none'"]),
        st.just(_WORD_HERE),
    ),
    st.sampled_from(sorted(_RAW)).map(f"<{{0}}>{_WORD_HERE}</{{0}}>".format),
    st.sampled_from(sorted(_RAW)).map("<{}>".format),
    st.sampled_from(
        [
            f"<select><option>{_WORD_HERE}<option>{_WORD_HERE}</option></select>",
            f"<textarea>{_WORD_HERE} <b></textarea>",
            f"<xmp>{_WORD_HERE}<b></xmp>",
            f"<table><tr><td>{_WORD_HERE}<td>{_WORD_HERE}</table>",
            f"<ruby>{_WORD_HERE}<rt>{_WORD_HERE}</ruby>",
            "<div></div>",
        ]
    ),
)


def _numbered(soup: str) -> str:
    numbers = count()
    return re.sub(_WORD_HERE, lambda _: f"w{next(numbers):03}", soup)


soups_of_words = st.lists(_pieces, min_size=1, max_size=16).map("".join).map(_numbered)
"""Malformed HTML in which each word occurs once."""

"""Pages: blocks in wrappers of all kinds and sizes, and images, runs of text and tables beside them."""

from hypothesis import strategies as st

_WORDS = st.sampled_from(
    [
        "foo ",
        "bar &amp; ",
        "<b>x</b> ",
        "x " * 90,
        "<img src=/i> ",
        "<img src=/j>",
        "<i>a </i>",
        "<br>",
        "😀e\u0301 ",
        "<span>q <p>z</p> </span> ",
        "<a href=/x>l</a>",
        "<hr>",
    ]
)
_RUNS = st.lists(_WORDS, min_size=1, max_size=4).map("".join)
_BLOCKS = st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["p", "ul><li", "blockquote", "h2", "pre"]), _RUNS)
_NAMES = st.sampled_from(["div", "div", "section", "article", "main", "nav", "dl", "figure", "header"])
_ATTRIBUTES = st.sampled_from(
    [
        "",
        "",
        "",
        " style='color:red; margin:1px'",
        " dir=rtl",
        " lang=en style='font-family: Arial'",
        " class=callout",
        " data-type=callout",
        " style='white-space: pre'",
        f" title='{'t' * 300}'",
    ]
)


def _wrapped(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inside, min_size=1, max_size=5).map("".join)
    cells = st.lists(st.just("") | several, min_size=1, max_size=2).map("<td>".join)
    tables = st.lists(cells, min_size=1, max_size=3).map("<tr><td>".join).map("<table><tr><td>{}</table>".format)
    return st.builds("<{0}{1}>{2}</{0}>".format, _NAMES, _ATTRIBUTES, several) | several | tables


pages = st.recursive(_RUNS | _BLOCKS, _wrapped, max_leaves=30)

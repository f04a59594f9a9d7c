r"""Formulas: ``\( \)``, ``\[ \]``, ``$ $`` and ``$$ $$``."""

from html import escape

import pytest

from service.content.markdown.convert import markdown_to_html


def inline(tex: str) -> str:
    return f'<span data-type="inline-math" data-latex="{escape(tex)}">{escape(tex)}</span>'


def block(tex: str) -> str:
    return f'<div data-type="block-math" data-latex="{escape(tex)}">{escape(tex)}</div>'


@pytest.mark.parametrize(
    ("markdown", "tex"),
    [
        (r"\(A = \pi r^2\)", r"A = \pi r^2"),
        ("$x^*y^*$", "x^*y^*"),
        (r"\( a_{1} < b_{1} \)", "a_{1} < b_{1}"),
        (r"$\{a \mid b\}$", r"\{a \mid b\}"),
        ("$a\nb$", "a\nb"),
        (r"$\$5$", r"\$5"),
        ("$<$", "<"),
        ("$`a_1`$", "a_1"),
        ("$5$", "5"),
        ("$2x$", "2x"),
        ("$5 \\text{ cm}$", "5 \\text{ cm}"),
        (r"\(a \\(b)\)", r"a \\(b)"),
    ],
)
def test_a_formula_in_a_line_is_kept_whole(markdown: str, tex: str) -> None:
    assert markdown_to_html(f"The {markdown}, *b*.") == f"<p>The {inline(tex)}, <em>b</em>.</p>\n"


@pytest.mark.parametrize(
    ("markdown", "tex"),
    [
        ("$$\na \\\\ b\n$$", r"a \\ b"),
        ("$$x$$", "x"),
        (r"\[x\]", "x"),
        ("\\[\nx = a\n+ b\n- c\n= d\n\\]", "x = a\n+ b\n- c\n= d"),
        ("$$\na\n\n# b\n$$", "a\n\n# b"),
        ("\\[ \\text{$y$ and \\(z\\)} \\]", r"\text{$y$ and \(z\)}"),
        ("$$\n1. a\n> b\n$$", "1. a\n> b"),
    ],
)
def test_a_displayed_formula_is_a_block(markdown: str, tex: str) -> None:
    assert markdown_to_html(markdown) == f"{block(tex)}\n"
    assert markdown_to_html(f"a\n{markdown}\nb") == f"<p>a</p>\n{block(tex)}\n<p>b</p>\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("> $$\n> a\n> > b\n> $$", "<blockquote>\n" + block("a\n> b") + "\n</blockquote>\n"),
        ("- a\n\n  $$x$$", f"<ul>\n<li>\n<p>a</p>\n{block('x')}\n</li>\n</ul>\n"),
        ("- $$x$$", f"<ul>\n<li>{block('x')}</li>\n</ul>\n"),
        ("# a $$x$$", f"<h1>a {inline('x')}</h1>\n"),
        ("*a $$x$$*", f"<p><em>a {inline('x')}</em></p>\n"),
        ("[$x$](/a)", f'<p><a href="/a">{inline("x")}</a></p>\n'),
        ("| a |\n|---|\n| $P(A \\| B)$ |", None),
        ("| $|x|$ | b |\n|---|---|", None),
        ("面积$x^2$是", f"<p>面积{inline('x^2')}是</p>\n"),
        ("the $n$th and $k$s", f"<p>the {inline('n')}th and {inline('k')}s</p>\n"),
        ("**$a*b$**", f"<p><strong>{inline('a*b')}</strong></p>\n"),
    ],
)
def test_a_formula_is_where_it_is_written(markdown: str, expected: str | None) -> None:
    html = markdown_to_html(markdown)
    if expected is None:
        assert 'data-latex="P(A | B)"' in html or 'data-latex="|x|"' in html
    else:
        assert html == expected


@pytest.mark.parametrize(
    "text",
    [
        "it costs $5 and $6.",
        "$5/$6, $5-$6, US$ 5 (US$5) or 5$",
        "$HOME/$USER and $PATH:$HOME",
        "between $1,000 and $2,000",
        "$5 US$ or $7 million (US$ 7)",
        "a $ b $ c",
        "$ a$ and $a $",
        "$$ alone",
        "$$$$",
        "| $5 | $6 |",
    ],
)
def test_money_and_variables_are_text(text: str) -> None:
    assert markdown_to_html(text) == f"<p>{text}</p>\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (r"\[1\] and \[text\](a)", "<p>[1] and [text](a)</p>\n"),
        (r"\\(a\\)", "<p>\\(a\\)</p>\n"),
        (r"\$a\$", "<p>$a$</p>\n"),
        (r"a \( b", "<p>a ( b</p>\n"),
        ("- $a\n- b$", "<ul>\n<li>$a</li>\n<li>b$</li>\n</ul>\n"),
        ("$a\n\nb$", "<p>$a</p>\n<p>b$</p>\n"),
        ("`$a$` `$`b`$`", "<p><code>$a$</code> <code>$</code>b<code>$</code></p>\n"),
        ("```\n$a$\n\\(b\\)\n```", "<pre><code>$a$\n\\(b\\)\n</code></pre>\n"),
        ("    $$a$$", "<pre><code>$$a$$\n</code></pre>\n"),
        ("$$\n```\na\n```\n$$", "<p>$$</p>\n<pre><code>a\n</code></pre>\n<p>$$</p>\n"),
        ("<div>$a$</div>", "<div>$a$</div>\n"),
        ("<https://a.b/$c$>", '<p><a href="https://a.b/$c$">https://a.b/$c$</a></p>\n'),
        (r"[a](b\(c\) 'd\(e\)')", '<p><a href="b(c)" title="d(e)">a</a></p>\n'),
        (r"![\(a\)](b)", '<p><img src="b" alt="\\(a\\)" /></p>\n'),
        ('<b title="$a$">c</b>', '<p><b title="$a$">c</b></p>\n'),
    ],
)
def test_delimiters_elsewhere_are_none(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == expected


def test_a_paragraph_has_any_number_of_formulas() -> None:
    html = markdown_to_html("$a$ b " * 1000)
    assert html.count('<span data-type="inline-math" data-latex="a">a</span> b') == 1000

"""White space as a browser shows it, empty elements, hidden ones, and words that stay apart."""

import pytest
from hypothesis import given

from service.content.html import normalise, pieces, sanitise, writer
from service.content.html.known_tags import tag_reader
from service.content.html.policy import POLICIES
from service.content.html.removal import Removals
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES, ContentRules
from tests.profiles import scaled
from tests.unit.content.documents import soups
from tests.unit.content.html.normalised import normalised

NO_LIMIT = 10**9


def check(html: str, expected: str) -> None:
    assert normalised(html) == expected
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a \t\n\f\r b</p>", "<p>a b</p>"),
        ("<p> a </p> <p> b </p> ", "<p>a</p><p>b</p>"),
        ("  a  ", "a"),
        ("a <b> b </b> c", "a <b>b </b>c"),
        ("<p><b> a </b></p>", "<p><b>a </b></p>".replace(" ", "")),
        ("<p>a<b> </b>b</p>", "<p>a<b> </b>b</p>"),
        ("<p>a <b> </b> </p>", "<p>a</p>"),
        ("<p>a <i><b> </b></i></p>", "<p>a</p>"),
        ("a <br> b", "a<br>b"),
        ("a <hr> b", "a<hr>b"),
        ("<p>a <img src='/x'> b</p>", '<p>a <img src="/x"> b</p>'),
        ("<p> <img src='/x'> </p>", '<p><img src="/x"></p>'),
        ("<p>a <input type=checkbox> b</p>", '<p>a <input type="checkbox">b</p>'),
        ("a <wbr> b", "a <wbr>b"),
        ("a &nbsp; b", "a &nbsp; b"),
        ("<p>&nbsp;</p>", "<p>&nbsp;</p>"),
        ("<p>\xa0 a</p>", "<p>&nbsp; a</p>"),
        ("<p>a\u2003 \u200b b</p>", "<p>a\u2003 \u200b b</p>"),
        ("<p>a&#32;&#10;&#9;b</p>", "<p>a b</p>"),
        ("a <!-- --> b", "a b"),
        ("a <x-y> b</x-y> c", "a b c"),
        ("<ul>\n  <li>\n    one\n  </li>\n  <li>two</li>\n</ul>\n<p>end</p>\n", None),
        ("<div>a <p>b</p> c</div>", "<div>a<p>b</p>c</div>"),
        ("<details> <summary> a </summary> b </details>", "<details><summary>a</summary>b</details>"),
    ],
)
def test_white_space_is_that_which_a_browser_shows(html: str, expected: str | None) -> None:
    check(html, expected or "<ul><li>one</li><li>two</li></ul><p>end</p>")


def test_white_space_in_tables_is_only_that_of_cells() -> None:
    html = (
        "<table> <caption> a  b </caption>\n<colgroup> <col> </colgroup> <tr> <td> c </td> <th>\n</th> </tr> </table> d"
    )
    expected = (
        "<table><caption>a b</caption><colgroup><col></colgroup><tbody><tr><td>c</td><th></th></tr></tbody></table>d"
    )
    check(html, expected)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<pre>  a\n\n  b  </pre>", "<pre>  a\n\n  b  </pre>"),
        ("<pre>\na</pre>", "<pre>a</pre>"),
        ("<pre>\n\na</pre>", "<pre>\n\na</pre>"),
        ("<pre>&#10;a</pre>", "<pre>a</pre>"),
        ("<pre><code>\na</code></pre>", "<pre><code>\na</code></pre>"),
        ("<pre>a\r\nb\rc&#13;</pre>", "<pre>a\nb\nc\n</pre>"),
        ("<pre> a </pre> b", "<pre> a </pre>b"),
        ("a <span style='white-space: normal'>b  c</span>", 'a <span style="white-space: normal">b c</span>'),
        ("<pre>a  <b>b  c</b></pre>", "<pre>a  <b>b  c</b></pre>"),
        ("<p>a<code>b  c</code></p>", "<p>a<code>b c</code></p>"),
        ("<a style='white-space: pre'>a  b</a>", '<a style="white-space: pre-wrap">a  b</a>'),
        (
            "<table><colgroup style='white-space: pre'>a  b\n",
            '<table><colgroup style="white-space: pre-wrap"></colgroup><tbody><tr><td>a b</td></tr></tbody></table>',
        ),
    ],
)
def test_white_space_in_preformatted_text_is_kept(html: str, expected: str) -> None:
    check(html, expected)


@pytest.mark.parametrize("value", ["pre", "pre-wrap", "break-spaces"])
@pytest.mark.parametrize("element", ["p", "span", "div", "code"])
def test_white_space_is_kept_where_the_style_preserves_it(element: str, value: str) -> None:
    html = sanitise_html(
        f"<{element} style='white-space: {value}'> a  b\n c </{element}>", DEFAULT_RULES, NO_LIMIT
    ).html
    assert " a  b\n c " in html or "white-space" not in html


@pytest.mark.parametrize(
    "html",
    [
        "<div></div>",
        "<div> \n </div>",
        "<div><section><b></b></section></div>",
        "<blockquote></blockquote>",
        "<ul> </ul>",
        "<table> </table>",
        "<table><tbody></tbody></table>",
        "<table><b></b></table>",
        "<span title='a'></span>",
        "<b> </b>",
        "<a href=x></a>",
        "<img>",
        "<img alt=''>",
        "<input>",
        "<details></details>",
        "<figure><figcaption> </figcaption></figure>",
        "<!-- a --> <x-y></x-y>",
    ],
)
def test_an_empty_element_is_removed(html: str) -> None:
    check(html, "")


@pytest.mark.parametrize(
    "html",
    [
        "<p></p>",
        "<h1></h1>",
        "<ul><li></li></ul>",
        "<pre></pre>",
        "<dl><dt></dt><dd></dd></dl>",
        "<table><tbody><tr><td></td><th></th></tr></tbody></table>",
        "<hr>",
        "<br>",
        '<div data-type="pageBreak"></div>',
        '<span data-type="inline-math" data-latex="x^2"></span>',
    ],
)
def test_an_element_that_shows_something_without_content_is_kept(html: str) -> None:
    check(html, html)


def test_an_element_without_the_attribute_that_it_needs_leaves_its_content() -> None:
    check("a <span>b c</span> <img alt=d> <font>e</font>", "a b c d e")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<div></div>b", "a b"),
        ("a <div> </div> b", "a b"),
        ("a<div><p hidden>x</p></div>b", "a b"),
        ("<i>a</i><section><b></b></section><i>b</i>", "<i>a</i> <i>b</i>"),
        ("a<table></table>b", "a b"),
        ("a</p>b", "a b"),
        ("a<td>b", "a b"),
        ("a<tr>b", "a b"),
        ("<p>a<input>b</p>", "<p>a b</p>"),
        ("<p>a<iframe></iframe>b</p>", "<p>a b</p>"),
        ("<button>a</button><button>b</button>", "a b"),
        ("<svg><text>a</text><text>b</text></svg>", "a b"),
        ("<math><mtable><mtr><mtd>a</mtd><mtd>b</mtd></mtr></mtable></math>", "a b"),
        ("<select><option>a<option>b</select>", "<p>a</p><p>b</p>"),
        ("<p>a</p><div></div><p>b</p>", "<p>a</p><p>b</p>"),
        ("<p>a</p><div></div>b", "<p>a</p>b"),
        ("a<div></div>", "a"),
        ("a<div></div><p>b</p>", "a<p>b</p>"),
        ("<pre>a<div></div>b</pre>", "<pre>a b</pre>"),
    ],
)
def test_words_stay_apart_where_a_block_is_not_written(html: str, expected: str) -> None:
    check(html, expected)


def test_words_stay_apart_in_elements_that_are_too_deep() -> None:
    html = "<div>" * 300 + "<p>a</p><p>b</p><ul><li>c<li>d</ul>e<b>f</b>"
    assert "a b c d ef<" in normalised(html)


@pytest.mark.parametrize(
    "hiding", ["hidden", 'hidden="until-found"', 'style="display:none"', "style='VISIBILITY: Hidden'"]
)
@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p><div {}>x<p>y</p></div><p>b</p>", "<p>a</p><p>b</p>"),
        ("a<b {}>x</b>c", "ac"),
        ("a <div {}>x</div> c", "a c"),
        ("a <div {0}><b {0}>x</b>y</div>c", "a c"),
        ("a<div {}><table><td>x</table></div> c", "a c"),
        ("<div><p {}>x</div>c", "c"),
        ("<ul><li {}>x<li>c</ul>", "<ul><li>c</li></ul>"),
        ("<table><tr {}><td>x<tr><td>c</table>", "<table><tbody><tr><td>c</td></tr></tbody></table>"),
        ("<table {}><td>x</table>c", "c"),
        ("<table><colgroup {}>c <td>d</table>", "<table><tbody><tr><td>c</td><td>d</td></tr></tbody></table>"),
        ("<table><div><table {}><tr>x<b>y</b></tr></table></div></table>c", "c"),
        ("a<br {}>c", "ac"),
        ("a<img src=/x alt=y {}>c", "ac"),
        ("a<hr {}>c", "ac"),
        ("<x-y {}>x<x-y>y</x-y>z</x-y>c", "c"),
        ("<svg {}><symbol><text>x</text></symbol></svg>c", "c"),
        ("<button {}>x</button>c", "c"),
        ("<form {}>x</form>c", "c"),
        ("<textarea {}>x</textarea>c", "c"),
        ("<iframe {} src=//x.example></iframe>c", "c"),
        ("<embed {} src=//x.example>c", "c"),
        ("<link {}>c", "c"),
        ("<x-y {}>c", "c"),
        ("<body {}>c</body>", "c"),
        ("<pre {}>x</pre> c  d", "c d"),
    ],
)
def test_what_is_hidden_is_removed_and_no_more(html: str, expected: str, hiding: str) -> None:
    check(html.format(hiding), expected)


@scaled(4)
@given(soups)
def test_normalising_is_idempotent_and_the_cleaner_confirms_it(soup: str) -> None:
    for policy in POLICIES.values():
        rules = ContentRules(policy=policy)
        once = normalised(soup, rules)
        assert normalised(once, rules) == once
        html = sanitise_html(soup, rules, NO_LIMIT).html
        assert normalised(html, rules) == html
        assert sanitise_html(html, rules, NO_LIMIT).html == html


@given(soups)
def test_division_into_slabs_changes_nothing(html: str) -> None:
    """Pieces that are settled early are final, and the source and the result may be read in slabs."""
    expected = normalised(html)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalise, "_SLAB_CHARACTERS", 1)
        patch.setattr(pieces, "MAX_UNSETTLED", 1)
        patch.setattr(writer, "MAX_UNSETTLED", 1)
        patch.setattr(sanitise, "_SLAB_CHARACTERS", 1)
        assert normalised(html) == expected
        sanitised = sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html
    assert sanitised == sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html


def test_the_cleaner_never_gets_a_long_document_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    class Cleaner:
        def clean(self, html: str) -> str:
            lengths.append(len(html))
            return html

    monkeypatch.setattr(sanitise, "_CLEANERS", {DEFAULT_RULES.policy.name: Cleaner()})
    sanitise_html("<table>" + "<tr><td>a" * 10_000, DEFAULT_RULES, NO_LIMIT)
    assert max(lengths) < 20_000


@pytest.mark.parametrize(
    ("parts", "taken"),
    [
        (["a ", "<b>", "b ", "</b>", "</p>"], ["a", "", " <b>b", "", ""]),
        (["<p>", "a ", "<i>", " ", "</i>", "<p>b"], ["", "<p>a", "", "", "", "</p><p>b"]),
        (["<b>", "<i>", " ", "</i>", "x"], ["", "", "", "", "<b>x"]),
        (["<table>", "<tr>", "x", "<td>y"], ["", "", "<table><tbody><tr><td>x", "</td><td>y"]),
        (["<pre>", "\n\na ", "b"], ["", "<pre>\n\na ", "b"]),
    ],
)
def test_only_what_cannot_change_any_more_is_taken(parts: list[str], taken: list[str]) -> None:
    reader = normalise.Normaliser(tag_reader(DEFAULT_RULES), Removals())
    results = []
    for part in parts:
        assert reader.read_part(part) == (len(part), None)
        results.append(reader.writer.take())
    assert results == taken
    assert "".join(taken) + reader.writer.result() == normalised("".join(parts))

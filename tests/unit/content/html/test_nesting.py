"""What a tag closes: as in a browser, except that every element ends with its parent."""

import pytest
from hypothesis import given

from service.content.html.nesting import OpenElements
from service.content.html.sanitise import sanitise_html
from service.content.html.writer import MAX_DEPTH
from service.content.rules import DEFAULT_RULES
from tests.unit.content.documents import documents, soups
from tests.unit.content.html.normalised import normalised
from tests.unit.content.reader import outline

NO_LIMIT = 10**9


@given(documents)
def test_well_formed_html_is_unchanged(document: str) -> None:
    assert normalised(document) == document


@given(soups)
def test_every_element_is_where_a_browser_reads_it(soup: str) -> None:
    html = sanitise_html(soup, DEFAULT_RULES, NO_LIMIT).html
    open_names: list[str] = []
    for mark, name, _ in outline(html):
        if mark == "open":
            open_names.append(name)
        elif mark == "close":
            assert open_names.pop() == name
    assert len(open_names) == 0


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>a<li>b<ul><li>c</ul>d</ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul>d</li></ul>"),
        ("<ul><li><div>a<li>b</ul>", "<ul><li><div>a</div></li><li>b</li></ul>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p>a<div>b</div></p>c", "<p>a</p><div>b</div>c"),
        ("<p><b>a</p>b", "<p><b>a</b></p>b"),
        ("<b><i>a</b>b</i>c", "<b><i>a</i></b>bc"),
        ("<h1>a<h2>b</h2>", "<h1>a</h1><h2>b</h2>"),
        ("<h2>a</h3>b", "<h2>a</h2>b"),
        ("<a href=x>b<a href=y>c", '<a href="x">b</a><a href="y">c</a>'),
        ("<ruby>a<rt>b<rp>c<rt>d</ruby>", "<ruby>a<rt>b</rt><rp>c</rp><rt>d</rt></ruby>"),
        ("<ruby><p>a<rt>b</ruby>", "<ruby><p>a</p><rt>b</rt></ruby>"),
        ("</p></b>a", "a"),
        ("a</br>b", "a<br>b"),
    ],
)
def test_an_element_ends_where_another_begins_or_with_its_parent(html: str, expected: str) -> None:
    assert normalised(html) == expected
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table><tr><td>a<td>b</table>", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
        ("<table><td>a", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ("<table><col><td>a", "<table><colgroup><col></colgroup><tbody><tr><td>a</td></tr></tbody></table>"),
        (
            "<table><thead><th>a<tbody><td>b",
            "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
        ),
        ("<b><table><tr><td></b>a</table>b</b>", "<b><table><tbody><tr><td>a</td></tr></tbody></table>b</b>"),
        (
            "<table><tr><td>a<table><tr><td>b</table>c<td>d</table>",
            "<table><tbody><tr><td>a<table><tbody><tr><td>b</td></tr></tbody></table>c</td><td>d</td></tr></tbody></table>",
        ),
        ("<table><table><tr><td>a</table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        (
            "<table><tr><td><table></td></tr><tr><td>a</table>b</table>",
            "<table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table>b</td></tr></tbody></table>",
        ),
        ("<td>a</td><tr>b", "a b"),
        ("<table><tr><td>a</table></td>b", "<table><tbody><tr><td>a</td></tr></tbody></table>b"),
    ],
)
def test_a_table_has_the_parts_that_a_browser_adds(html: str, expected: str) -> None:
    assert normalised(html) == expected
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table>a<tr><td>b</table>", "<td>a</td></tr><tr><td>b</td></tr>"),
        ("<table><tr><td>a</td>b<td>c</table>", "<td>a</td><td>b</td><td>c</td></tr>"),
        ("<table><tr><td>a</tr>b<tr><td>c</table>", "<td>a</td></tr><tr><td>b</td></tr><tr><td>c</td></tr>"),
        ("<table><form><tr><td>a</td></tr></form></table>", "<td>a</td></tr>"),
        ("<table><tr><b><td>a</td></b><td>b</table>", "<td>a</td><td>b</td></tr>"),
    ],
)
def test_content_between_cells_is_a_cell_where_it_is(html: str, expected: str) -> None:
    assert normalised(html) == f"<table><tbody><tr>{expected}</tbody></table>"


@pytest.mark.parametrize("tag", ["div", "b", "span title=a", "ul><li", "table><td", "blockquote", "font color=red"])
@pytest.mark.parametrize("closed", [True, False])
def test_elements_beyond_the_depth_limit_are_removed_and_their_text_kept(tag: str, *, closed: bool) -> None:
    end_tags = "".join(f"</{part.split()[0]}>" for part in reversed(tag.split("><"))) * 20_000 if closed else ""
    html = sanitise_html(f"<{tag}>" * 20_000 + "deep" + end_tags, DEFAULT_RULES, NO_LIMIT).html
    assert "deep" in html
    depth = deepest = 0
    for mark, _, _ in outline(html):
        depth += {"open": 1, "close": -1, "text": 0}[mark]
        deepest = max(deepest, depth)
    assert MAX_DEPTH // 2 < deepest <= MAX_DEPTH + len(("tbody", "tr", "td"))
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == html


@pytest.mark.parametrize("depth", range(MAX_DEPTH - 4, MAX_DEPTH))
@pytest.mark.parametrize(
    "table", ["<table>a<td>b<td>", "<table><tr><tr title=a><td><td colspan=2>b", "<table><col><th>"]
)
def test_all_parts_of_a_table_that_is_not_too_deep_are_written(table: str, depth: int) -> None:
    expected = "<div>" * depth + normalised(table) + "</div>" * depth
    for html in ("<div>" * depth + table, expected):
        assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected


def test_the_end_tag_of_a_too_deep_element_closes_no_other() -> None:
    html = normalised("<div>" * (MAX_DEPTH + 2) + "a</div>b</div>c</div>d")
    assert html == "<div>" * MAX_DEPTH + "a b c</div>d" + "</div>" * (MAX_DEPTH - 1)
    inside = normalised("<div>" * MAX_DEPTH + "<ul><b>a</ul>b</div>c")
    assert inside == "<div>" * MAX_DEPTH + "a b</div>c" + "</div>" * (MAX_DEPTH - 1)


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b title={number}>" for number in range(500)) + "<p>x" * 10_000,
        "<table>" + "".join(f"<b title={number}>" for number in range(500)) + "<tr>x" * 10_000,
        "".join(f"<b title={number}><object></b></object>" for number in range(500)) + "<p>x" * 10_000,
        "".join(f"<b title={number}><table><td></b></table>" for number in range(500)) + "<p>x" * 10_000,
        "<a href=x><p>" * 10_000,
    ],
)
def test_open_formatting_is_not_reopened_in_following_blocks(html: str) -> None:
    assert len(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html) < 8 * len(html)


def test_an_end_tag_does_not_reach_out_of_a_cell() -> None:
    open_elements = OpenElements()
    for name in ("div", "table", "tbody", "tr", "td", "b"):
        open_elements.push(name)
    assert open_elements.at_end("b") == 5
    assert open_elements.at_end("td") == 4
    assert open_elements.at_end("table") == 1
    assert open_elements.at_end("div") is None
    assert open_elements.at_end("h1") is None

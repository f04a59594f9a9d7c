"""Documents whose result would be much larger than they are."""

import pytest

from service.content.markdown.convert import markdown_to_html
from service.content.markdown.shapes import MAX_DEPTH


@pytest.mark.parametrize("marker", ["> ", ">", "- ", "1. ", ">- "])
def test_deep_containers_are_cut(marker: str) -> None:
    html = markdown_to_html(f"{marker * 5000}word")
    assert html.count("<blockquote>") + html.count("<li>") <= MAX_DEPTH
    assert "word" in html


@pytest.mark.parametrize("line", ["- " * 60, "* * " * 200, "-" * 500])
def test_a_long_rule_is_a_rule(line: str) -> None:
    assert markdown_to_html(line) == "<hr />\n"


@pytest.mark.parametrize("columns", [10, 100, 1000])
def test_a_table_of_missing_cells_is_text(columns: int) -> None:
    head = "|".join(["a"] * columns)
    markdown = f"{head}\n{'|'.join(['-'] * columns)}\n" + "b\n" * (20_000 // columns + 1)
    assert len(markdown_to_html(markdown)) < 3 * len(markdown)


def test_a_large_table_is_a_table() -> None:
    row = f"|{'|'.join(['a'] * 10)}|\n"
    assert markdown_to_html(f"{row}|{'|'.join(['-'] * 10)}|\n{row * 3000}b|c\n").count("<tr>") == 3002


@pytest.mark.parametrize(("rows", "cells"), [(3, 0), (1, 1000)])
def test_a_table_lacks_at_most_as_many_cells_as_it_has_and_some(rows: int, cells: int) -> None:
    html = markdown_to_html(f"{'|a' * 1000}|\n{'|-' * 1000}|\n" + "b\n" * rows)
    assert html.count("<td") == cells

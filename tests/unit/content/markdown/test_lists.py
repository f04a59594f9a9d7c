"""Lists and task lists."""

import pytest

from service.content.markdown.convert import markdown_to_html


def test_a_task_list_has_the_form_of_editors() -> None:
    box, checked_box = '<input type="checkbox" disabled="" />', '<input type="checkbox" checked="" disabled="" />'
    assert markdown_to_html("- [x] done\n- [ ] open\n  - [X] inner\n  - [ ] *last*") == (
        '<ul data-type="taskList">\n'
        f'<li data-type="taskItem" data-checked="true">{checked_box}done</li>\n'
        f'<li data-type="taskItem" data-checked="false">{box}open\n'
        '<ul data-type="taskList">\n'
        f'<li data-type="taskItem" data-checked="true">{checked_box}inner</li>\n'
        f'<li data-type="taskItem" data-checked="false">{box}<em>last</em></li>\n'
        "</ul>\n</li>\n</ul>\n"
    )


def test_a_loose_task_list_has_paragraphs() -> None:
    item = '<li data-type="taskItem" data-checked="false"><input type="checkbox" disabled="" />\n<p>{}</p>\n</li>\n'
    assert markdown_to_html("- [ ] a\n\n- [ ] b") == (
        f'<ul data-type="taskList">\n{item.format("a")}{item.format("b")}</ul>\n'
    )


@pytest.mark.parametrize("markdown", ["1. [x] ordered", "- [x] mixed\n- plain", "- plain\n  1. [ ] inner", "<ul></ul>"])
def test_a_list_with_an_item_that_is_not_a_task_is_a_plain_list(markdown: str) -> None:
    assert "data-type" not in markdown_to_html(markdown)


def test_lists_left_open_by_raw_html_are_accepted() -> None:
    html = markdown_to_html("<ul>\n\n</ol></ul></ul>\n\n- [x] a\n\n<li>\n")
    assert html.count('data-type="taskList"') == html.count('data-type="taskItem"') == 1


def test_an_item_has_blocks() -> None:
    assert markdown_to_html("- # a\n  b\n- \n- > c") == (
        "<ul>\n<li>\n<h1>a</h1>\nb</li>\n<li></li>\n<li>\n<blockquote>\n<p>c</p>\n</blockquote>\n</li>\n</ul>\n"
    )

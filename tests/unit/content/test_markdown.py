"""GitHub Flavored Markdown."""

from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from service.content.html.sanitise import sanitise_html
from service.content.markdown import markdown_to_html
from service.content.rules import DEFAULT_RULES

NO_LIMIT = 10**9


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# *Title* #", "<h1><em>Title</em></h1>\n"),
        ("a  \nb\nc", "<p>a<br>\nb\nc</p>\n"),
        ("foo_bar_baz ~~old~~ **b**", "<p>foo_bar_baz <del>old</del> <strong>b</strong></p>\n"),
        ("see www.example.com.", '<p>see <a href="http://www.example.com">www.example.com</a>.</p>\n'),
        ("```py title=x\na < b\n```", '<pre><code class="language-py">a &lt; b\n</code></pre>\n'),
        ("~~~\n\n a\n~~~", "<pre><code>\n a\n</code></pre>\n"),
        ("> a\n> > b", "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ('![A](/a.png "t")', '<p><img src="/a.png" alt="A" title="t"></p>\n'),
        ("&lt;b&gt; \\* &copy;", "<p>&lt;b&gt; * ©</p>\n"),
        ("a &#xFFFE; &#65535; &#xD800; &#0;\0", "<p>a \ufffd \ufffd \ufffd \ufffd\ufffd</p>\n"),
        ("<div>*raw*<script>x</script></div>", "<div>*raw*</div>\n"),
        ("[x](javascript:y) <javascript:z>", "<p><a>x</a> <a>javascript:z</a></p>\n"),
        (
            "| a | b |\n|---|:-:|\n| 1 | **2** |",
            (
                "<table>\n<thead>\n<tr>\n<th>a</th>\n"
                '<th align="center">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n'
                '<td align="center"><strong>2</strong></td>\n</tr>\n</tbody>\n</table>\n'
            ),
        ),
    ],
)
def test_github_flavored_markdown_becomes_html(markdown: str, expected: str) -> None:
    assert sanitise_html(markdown_to_html(markdown), DEFAULT_RULES, NO_LIMIT).html == expected


def test_a_task_list_has_the_form_of_editors() -> None:
    html = sanitise_html(
        markdown_to_html("- [x] done\n- [ ] open\n  - [X] inner\n  - [ ] *last*"), DEFAULT_RULES, NO_LIMIT
    ).html
    box, checked_box = '<input type="checkbox" disabled="">', '<input type="checkbox" checked="" disabled="">'
    assert html == (
        '<ul data-type="taskList">\n'
        f'<li data-type="taskItem" data-checked="true">{checked_box}done</li>\n'
        f'<li data-type="taskItem" data-checked="false">{box}open\n'
        '<ul data-type="taskList">\n'
        f'<li data-type="taskItem" data-checked="true">{checked_box}inner</li>\n'
        f'<li data-type="taskItem" data-checked="false">{box}<em>last</em></li>\n'
        "</ul>\n</li>\n</ul>\n"
    )


@pytest.mark.parametrize("markdown", ["1. [x] ordered", "- [x] mixed\n- plain", "- plain\n  1. [ ] inner", "<ul></ul>"])
def test_a_list_with_an_item_that_is_not_a_task_is_a_plain_list(markdown: str) -> None:
    assert "data-type" not in markdown_to_html(markdown)


def test_lists_left_open_by_raw_html_are_accepted() -> None:
    html = markdown_to_html("<ul>\n\n</ol></ul></ul>\n\n- [x] a\n\n<li>\n")
    assert html.count('data-type="taskList"') == html.count('data-type="taskItem"') == 1


def test_memory_is_freed() -> None:
    markdown = "- [x] some **text** with `code`\n" * 3000
    markdown_to_html(markdown)
    process = psutil.Process()
    before = process.memory_info().rss
    for _ in range(40):
        markdown_to_html(markdown)
    assert process.memory_info().rss - before < 40 * len(markdown)


def test_conversion_is_thread_safe() -> None:
    markdown = "~~a~~ b\n\n" * 2000
    expected = markdown_to_html(markdown)
    with ThreadPoolExecutor(2) as threads:
        assert all(html == expected for html in threads.map(markdown_to_html, [markdown] * 40))

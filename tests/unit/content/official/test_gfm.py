"""The examples of the extensions in the GitHub Flavored Markdown specification 0.29, by number.

The specification is by John MacFarlane and GitHub, under the licence CC BY-SA 4.0 (github.github.com/gfm).
"""

import pytest

from service.content.markdown.convert import markdown_to_html


def table(head: str, *rows: str) -> str:
    """A table whose cells are separated by ``|``."""

    def row(cells: str, name: str) -> str:
        return "<tr>\n" + "".join(f"<{name}>{cell}</{name}>\n" for cell in cells.split("|")) + "</tr>\n"

    body = f"<tbody>\n{''.join(row(cells, 'td') for cells in rows)}</tbody>\n" if rows else ""
    return f"<table>\n<thead>\n{row(head, 'th')}</thead>\n{body}</table>\n"


def link(url: str, text: str = "") -> str:
    return f'<a href="{url}">{text or url}</a>'


def web(address: str) -> str:
    return link(f"http://{address}", address)


EXAMPLES = {
    198: ("| foo | bar |\n| --- | --- |\n| baz | bim |\n", table("foo|bar", "baz|bim")),
    199: (
        "| abc | defghi |\n:-: | -----------:\nbar | baz\n",
        (
            '<table>\n<thead>\n<tr>\n<th align="center">abc</th>\n<th align="right">defghi</th>\n</tr>\n</thead>\n'
            '<tbody>\n<tr>\n<td align="center">bar</td>\n<td align="right">baz</td>\n</tr>\n</tbody>\n'
            "</table>\n"
        ),
    ),
    200: (
        "| f\\|oo  |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |\n",
        table("f@oo", "b <code>@</code> az", "b <strong>@</strong> im").replace("@", "|"),
    ),
    201: (
        "| abc | def |\n| --- | --- |\n| bar | baz |\n> bar\n",
        table("abc|def", "bar|baz") + "<blockquote>\n<p>bar</p>\n</blockquote>\n",
    ),
    202: (
        "| abc | def |\n| --- | --- |\n| bar | baz |\nbar\n\nbar\n",
        table("abc|def", "bar|baz", "bar|") + "<p>bar</p>\n",
    ),
    203: ("| abc | def |\n| --- |\n| bar |\n", "<p>| abc | def |\n| --- |\n| bar |</p>\n"),
    204: (
        "| abc | def |\n| --- | --- |\n| bar |\n| bar | baz | boo |\n",
        table("abc|def", "bar|", "bar|baz"),
    ),
    205: ("| abc | def |\n| --- | --- |\n", table("abc|def")),
    491: ("~~Hi~~ Hello, ~there~ world!\n", "<p><del>Hi</del> Hello, <del>there</del> world!</p>\n"),
    492: ("This ~~has a\n\nnew paragraph~~.\n", "<p>This ~~has a</p>\n<p>new paragraph~~.</p>\n"),
    493: ("This will ~~~not~~~ strike.\n", "<p>This will ~~~not~~~ strike.</p>\n"),
    622: ("www.commonmark.org\n", f"<p>{web('www.commonmark.org')}</p>\n"),
    623: (
        "Visit www.commonmark.org/help for more information.\n",
        f"<p>Visit {web('www.commonmark.org/help')} for more information.</p>\n",
    ),
    624: (
        "Visit www.commonmark.org.\n\nVisit www.commonmark.org/a.b.\n",
        f"<p>Visit {web('www.commonmark.org')}.</p>\n<p>Visit {web('www.commonmark.org/a.b')}.</p>\n",
    ),
    625: (
        (
            "www.google.com/search?q=Markup+(business)\n\nwww.google.com/search?q=Markup+(business)))\n\n"
            "(www.google.com/search?q=Markup+(business))\n\n(www.google.com/search?q=Markup+(business)\n"
        ),
        (
            f"<p>{web('www.google.com/search?q=Markup+(business)')}</p>\n"
            f"<p>{web('www.google.com/search?q=Markup+(business)')}))</p>\n"
            f"<p>({web('www.google.com/search?q=Markup+(business)')})</p>\n"
            f"<p>({web('www.google.com/search?q=Markup+(business)')}</p>\n"
        ),
    ),
    626: (
        "www.google.com/search?q=(business))+ok\n",
        f"<p>{web('www.google.com/search?q=(business))+ok')}</p>\n",
    ),
    627: (
        "www.google.com/search?q=commonmark&hl=en\n\nwww.google.com/search?q=commonmark&hl;\n",
        (
            f"<p>{web('www.google.com/search?q=commonmark&amp;hl=en')}</p>\n"
            f"<p>{web('www.google.com/search?q=commonmark')}&amp;hl;</p>\n"
        ),
    ),
    628: ("www.commonmark.org/he<lp\n", f"<p>{web('www.commonmark.org/he')}&lt;lp</p>\n"),
    629: (
        "http://commonmark.org\n\n(Visit https://encrypted.google.com/search?q=Markup+(business))\n",
        (
            f"<p>{link('http://commonmark.org')}</p>\n"
            f"<p>(Visit {link('https://encrypted.google.com/search?q=Markup+(business)')})</p>\n"
        ),
    ),
    630: ("foo@bar.baz\n", f"<p>{link('mailto:foo@bar.baz', 'foo@bar.baz')}</p>\n"),
    631: (
        "hello@mail+xyz.example isn't valid, but hello+xyz@mail.example is.\n",
        (
            "<p>hello@mail+xyz.example isn't valid, but "
            f"{link('mailto:hello+xyz@mail.example', 'hello+xyz@mail.example')} is.</p>\n"
        ),
    ),
    632: (
        "a.b-c_d@a.b\n\na.b-c_d@a.b.\n\na.b-c_d@a.b-\n\na.b-c_d@a.b_\n",
        (
            f"<p>{link('mailto:a.b-c_d@a.b', 'a.b-c_d@a.b')}</p>\n<p>{link('mailto:a.b-c_d@a.b', 'a.b-c_d@a.b')}.</p>\n"
            "<p>a.b-c_d@a.b-</p>\n<p>a.b-c_d@a.b_</p>\n"
        ),
    ),
}

TASKS = {
    279: "- [ ] foo\n- [x] bar\n",
    280: "- [x] foo\n  - [ ] bar\n  - [x] baz\n- [ ] bim\n",
}

OTHERWISE = {491: "a single tilde does not strike"}
"""The examples with another result, and the reason. Disallowed tags (657) are shown only where they are in a line."""


@pytest.mark.parametrize("number", EXAMPLES)
def test_every_example_except_the_listed_ones_has_the_specified_result(number: int) -> None:
    markdown, html = EXAMPLES[number]
    assert (markdown_to_html(markdown) == html) == (number not in OTHERWISE)


@pytest.mark.parametrize("number", TASKS)
def test_task_lists_have_the_specified_items(number: int) -> None:
    html = markdown_to_html(TASKS[number])
    assert html.count("<input") == html.count("<li") == TASKS[number].count("[")
    assert html.count('checked=""') == TASKS[number].count("[x]")


def test_a_single_tilde_does_not_strike() -> None:
    assert markdown_to_html(EXAMPLES[491][0]) == "<p><del>Hi</del> Hello, ~there~ world!</p>\n"

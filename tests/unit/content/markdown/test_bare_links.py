# ruff: noqa: RUF001 - text in many scripts
"""Addresses without brackets."""

import pytest

from service.content.markdown.convert import markdown_to_html


def link(address: str, text: str = "") -> str:
    return f'<a href="{address}">{text or address}</a>'


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("see https://example.com/a?b=c#d, x", f"see {link('https://example.com/a?b=c#d')}, x"),
        ("www.example.com.", f"{link('http://www.example.com', 'www.example.com')}."),
        ("(https://a.b/c_(d))!", f"({link('https://a.b/c_(d)')})!"),
        ("[https://a.b/c]", f"[{link('https://a.b/c')}]"),
        ("HTTPS://A.b", link("HTTPS://A.b")),
        ("http://localhost:8000/x", link("http://localhost:8000/x")),
        ("https://a.b/__init__.py and **x**", f"{link('https://a.b/__init__.py')} and <strong>x</strong>"),
        ("https://a.b/*x*/~user/~~y~~", link("https://a.b/*x*/~user/~~y") + "~~"),
        ("**https://a.b**", f"<strong>{link('https://a.b')}</strong>"),
        ("**https://a.b**です", f"<strong>{link('https://a.b')}</strong>です"),
        ("*https://a.b/c_d_e*", f"<em>{link('https://a.b/c_d_e')}</em>"),
        (
            "a@b.example, x+y@b-c.d.",
            f"{link('mailto:a@b.example', 'a@b.example')}, {link('mailto:x+y@b-c.d', 'x+y@b-c.d')}.",
        ),
        ("mailto:a@b.c", link("mailto:a@b.c")),
        ("https://user@a.b/c", link("https://user@a.b/c")),
        ("https://a.b/?c=d&e=f", '<a href="https://a.b/?c=d&amp;e=f">https://a.b/?c=d&amp;e=f</a>'),
        ("www.a.b/?c&hl;", f"{link('http://www.a.b/?c', 'www.a.b/?c')}&amp;hl;"),
        ('"https://a.b"', f"&quot;{link('https://a.b')}&quot;"),
        ("“https://a.b”", f"“{link('https://a.b')}”"),
        ("https://a.b<br>c", f"{link('https://a.b')}<br>c"),
    ],
)
def test_a_bare_address_is_a_link(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == f"<p>{expected}</p>\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("请访问 https://example.com。谢谢", f"请访问 {link('https://example.com')}。谢谢"),
        ("请访问https://example.com，谢谢", f"请访问{link('https://example.com')}，谢谢"),
        ("（https://example.com/a）", f"（{link('https://example.com/a')}）"),
        ("「https://example.com」を", f"「{link('https://example.com')}」を"),
        ("https://example.com！", f"{link('https://example.com')}！"),
        ("https://example.com、www.a.b；x", f"{link('https://example.com')}、{link('http://www.a.b', 'www.a.b')}；x"),
        ("https://example.com　次", f"{link('https://example.com')}　次"),
        ("https://example.com的文档", f"{link('https://example.com')}的文档"),
        ("https://ja.a.org/wiki/日本", link("https://ja.a.org/wiki/%E6%97%A5%E6%9C%AC", "https://ja.a.org/wiki/日本")),
        ("a@b.c。", f"{link('mailto:a@b.c', 'a@b.c')}。"),
        ("https://пример.рф/é", link("https://%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.%D1%80%D1%84/%C3%A9", "https://пример.рф/é")),
    ],
)  # fmt: skip
def test_an_address_ends_before_punctuation_of_cjk_text(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == f"<p>{expected}</p>\n"


@pytest.mark.parametrize(
    "text", ["https://", "http://.", "www.", "www..", "xhttps://a.b", "a@b", "a@b.c-", "@a.b", "w.ww.a"]
)
def test_other_text_is_none(text: str) -> None:
    assert markdown_to_html(text) == f"<p>{text}</p>\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("`https://a.b`", "<p><code>https://a.b</code></p>\n"),
        ("[https://a.b](/c)", '<p><a href="/c">https://a.b</a></p>\n'),
        ("![https://a.b](/c)", '<p><img src="/c" alt="https://a.b" /></p>\n'),
        ("<https://a.b/_c_>", '<p><a href="https://a.b/_c_">https://a.b/_c_</a></p>\n'),
        ("[x](https://a.b/_c_)", '<p><a href="https://a.b/_c_">x</a></p>\n'),
        ("[x]\n\n[x]: https://a.b/_c_ '~t'", '<p><a href="https://a.b/_c_" title="~t">x</a></p>\n'),
    ],
)
def test_an_address_in_a_link_or_code_is_no_other_link(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == expected

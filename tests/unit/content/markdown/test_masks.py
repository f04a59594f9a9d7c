# ruff: noqa: RUF001 - text in many scripts
"""Characters that are text: single tildes, emphasis beside CJK punctuation, placeholders."""

import pytest

from service.content.markdown.convert import markdown_to_html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("20~25°C and 30~35°C", "20~25°C and 30~35°C"),
        ("H~2~O and ~~gone~~", "H~2~O and <del>gone</del>"),
        ("20~25 ~~a 30~35 b~~", "20~25 <del>a 30~35 b</del>"),
        (r"\~a\~ `~b~` ~~~", "~a~ <code>~b~</code> ~~~"),
        ("[~](/~a '~')", '<a href="/~a" title="~">~</a>'),
    ],
)
def test_single_tildes_are_text(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == f"<p>{expected}</p>\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**重要：**注意", "<strong>重要：</strong>注意"),
        ("これは**「重要なこと」**です。", "これは<strong>「重要なこと」</strong>です。"),
        ("*「a」*。", "<em>「a」</em>。"),
        ("**a（b）**c", "<strong>a（b）</strong>c"),
        ("これは**重要(じゅうよう)**です", "これは<strong>重要(じゅうよう)</strong>です"),
        ('**"마크다운"**은', "<strong>&quot;마크다운&quot;</strong>은"),
        ("**[a](/b)**は", '<strong><a href="/b">a</a></strong>は'),
        ("は**`a`**は", "は<strong><code>a</code></strong>は"),
        ("~~「a」~~は", "<del>「a」</del>は"),
        ("**a。**b。**c**", "<strong>a。</strong>b。<strong>c</strong>"),
        ("***「a」***は", "<em><strong>「a」</strong></em>は"),
        (r"\*「a」\*は `**「a」**は`", "*「a」*は <code>**「a」**は</code>"),
        ("* 「a」 *", None),
        ("a * 「b」 * c", "a * 「b」 * c"),
        ("「*」", "「*」"),
        ("**「a」は", "**「a」は"),
        ("**a.**b", "**a.**b"),
        (
            "[「**a**」](/b「)",
            "[「<strong>a</strong>」](/b「)".replace("[", '<a href="/b%E3%80%8C">').replace("](/b「)", "</a>"),
        ),
    ],
)
def test_emphasis_beside_cjk_punctuation(markdown: str, expected: str | None) -> None:
    html = markdown_to_html(markdown)
    assert html == (f"<p>{expected}</p>\n" if expected else "<ul>\n<li>「a」 *</li>\n</ul>\n")


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("<your-name>", "<p>&lt;your-name&gt;</p>\n"),
        ("- <target>\n- *b*", "<ul>\n<li>&lt;target&gt;</li>\n<li><em>b</em></li>\n</ul>\n"),
        ("<service-name> is *new*", "<p>&lt;service-name&gt; is <em>new</em></p>\n"),
        ("<source> is *new*", "<p>&lt;source&gt; is <em>new</em></p>\n"),
        ("<title> of a page", "<p>&lt;title&gt; of a page</p>\n"),
        ("> 1. <x>\n", "<blockquote>\n<ol>\n<li>&lt;x&gt;</li>\n</ol>\n</blockquote>\n"),
        ("<answer>\n**a**\n</answer>", "<p>&lt;answer&gt;\n<strong>a</strong>\n&lt;/answer&gt;</p>\n"),
        ("```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>\n"),
    ],
)
def test_a_placeholder_at_the_start_of_a_line_is_text(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == expected


@pytest.mark.parametrize(
    "html",
    [
        "<div>",
        "<title>T</title>",
        "<picture>\n<source srcset=x>\n<img src=y>\n</picture>",
        "<body><p>a",
        "<center>",
        "<video>\n</video>",
        "<pre>\n<x>\n</pre>",
        '<my-element a="b">\n</my-element a="">',
    ],
)
def test_html_at_the_start_of_a_line_is_html(html: str) -> None:
    assert markdown_to_html(html) == f"{html}\n"

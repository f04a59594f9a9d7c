"""Tags inside a line: HTML, or placeholders."""

import pytest

from service.content.markdown.convert import markdown_to_html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("cp <source> <target>", "cp &lt;source&gt; &lt;target&gt;"),
        ("tool <path> [options]", "tool &lt;path&gt; [options]"),
        ("std::vector<int> v; *w*", "std::vector&lt;int&gt; v; <em>w</em>"),
        ("Option<S> and `List<A>`", "Option&lt;S&gt; and <code>List&lt;A&gt;</code>"),
        ("the <title> tag and </title>", "the &lt;title&gt; tag and &lt;/title&gt;"),
        ("the <select> and <svg> tags", "the &lt;select&gt; and &lt;svg&gt; tags"),
        ("a <script> b", "a &lt;script&gt; b"),
        ("a <iframe> </iframe>", "a &lt;iframe&gt; &lt;/iframe&gt;"),
        ('a <title lang="en"> b', "a &lt;title lang=&quot;en&quot;&gt; b"),
        ("a <!DOCTYPE html> <?php b ?> <![CDATA[c]]>", "a &lt;!DOCTYPE html&gt; &lt;?php b ?&gt; &lt;![CDATA[c]]&gt;"),
        ("*a <x> b*", "<em>a &lt;x&gt; b</em>"),
        ("[a <x>](/b)", '<a href="/b">a &lt;x&gt;</a>'),
    ],
)
def test_a_tag_outside_the_policy_is_shown(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == f"<p>{expected}</p>\n"


@pytest.mark.parametrize(
    "html",
    [
        "a <b>b</b> H<sub>2</sub>O c<br>d <b/>",
        "Vec<i>x</i>",
        'a <font color="red">b</font> <tt>c</tt> <big>d</big> <center>e</center>',
        "a <script>alert(1)</script> b",
        "a <style>p</style> <template>t</template>",
        'a <iframe src="x"></iframe> <video src="y">z</video>',
        'a <svg width="1">b</svg>',
        "a <!-- c --> d",
        "a <picture><img src=x></picture>",
        "a </b>",
        '<a href="x">b</a>',
    ],
)
def test_html_is_html(html: str) -> None:
    assert markdown_to_html(html) == f"<p>{html}</p>\n"


def test_a_tag_and_its_end_in_another_paragraph_are_not_a_pair() -> None:
    assert markdown_to_html("a <script> b\n\nc </script>") == "<p>a &lt;script&gt; b</p>\n<p>c &lt;/script&gt;</p>\n"


def test_the_alternative_text_of_an_image_has_no_tags() -> None:
    assert markdown_to_html("![a <x> <b>c</b>](d)") == (
        '<p><img src="d" alt="a &lt;x&gt; &lt;b&gt;c&lt;/b&gt;" /></p>\n'
    )

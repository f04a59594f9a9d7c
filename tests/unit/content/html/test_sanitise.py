"""What the sanitiser keeps, and what it removes."""

from itertools import product

import pytest
from hypothesis import given

from service.content.html import sanitise
from service.content.html.policy import POLICIES
from service.content.html.sanitise import Stability, is_stable, sanitise_html
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import PreparedTooLarge
from tests.unit.content.documents import written_documents

NO_LIMIT = 10**9

SURVIVE = (
    "<p><b>b</b><strong>s</strong><i>i</i><em>e</em><u>u</u><s>s</s><code>c</code><sub>1</sub><sup>2</sup></p>",
    '<a href="https://example.com/?a=1&amp;b=2#c">x</a><a href="mailto:a@b.c">m</a><a href="tel:+1">t</a>',
    '<a href=" https://example.com">s</a><a href="\u200bmailto:a@b.c">f</a>',
    '<a href="/r">r</a><a href="../r?x:y">r</a><a href="#top">t</a><a href="//example.com">p</a>',
    '<a href="https://example.com" target="_blank" rel="noopener noreferrer">x</a>',
    '<a target="_blank" rel="noopener noreferrer nofollow" href="https://example.com">x</a><a href="/" rel="ugc">x</a>',
    '<img src="https://example.com/a.png" alt="A &quot;cat&quot;" width="100" height="50%">',
    '<img src="data:image/png;base64,iVBORw0KGgo=">',
    "<h1>1</h1><h6>6</h6><blockquote><p>q</p></blockquote><hr>",
    '<ul><li>a<ol start="3" type="a"><li>b</li></ol></li></ul>',
    (
        '<ul data-type="taskList"><li data-type="taskItem" data-checked="true"><label>'
        '<input type="checkbox" checked=""></label><div><p>x</p></div></li></ul>'
    ),
    (
        '<table style="min-width: 75px"><colgroup><col style="width: 25px"></colgroup><tbody><tr><th colspan="2" '
        'rowspan="1"><p>h</p></th></tr><tr><td colwidth="100,50" style="background-color: #fff">d</td></tr></tbody>'
        "</table>"
    ),
    '<span style="color: rgb(255, 0, 0)">c</span>',
    '<div style="background: linear-gradient(45deg, red, #00f 50%)">d</div>',
    "<p style=\"font-family: 'Fira Code', serif; text-align: right; border: 1px solid hsl(0 50% 50% / 0.5);\">x</p>",
    '<mark data-color="#ffcc00" style="background-color: #ffcc00; color: inherit">m</mark>',
    '<pre><code class="language-c++">if (a &lt; b &amp;&amp; c)\n\n\treturn;\n</code></pre>',
    "<pre>\n\n  kept   as it is\n</pre>",
    "<p>a&nbsp;b &lt;script&gt; © 👨‍👩‍👧 &amp;lt;</p>",
    '<p dir="rtl" lang="ar">نص</p>',
    '<p><span data-type="mention" data-id="42">@Ann</span>, <span data-type="inline-math" data-latex="x^2"></span></p>',
    "<details><summary>s</summary>d</details><ruby>漢<rt>kan</rt></ruby>",
)


@pytest.mark.parametrize("html", SURVIVE)
def test_html_of_an_editor_is_unchanged(html: str) -> None:
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href=\"javascript:alert('XSS')\">Click me</a>", "<a>Click me</a>"),
        ("<script>alert(1)</script>safe", "safe"),
        ("<p onclick=x id=y name=z>t</p>", "<p>t</p>"),
        ("<a href=//x target=_blank rel=opener>t</a>", '<a href="//x" target="_blank" rel="noopener noreferrer">t</a>'),
        ("<a href=//x target=_top rel=opener>t</a>", '<a href="//x">t</a>'),
        (
            "<a href=x target=_blank rel='opener noreferrer ugc' title=' target=_blank'>t</a>",
            '<a href="x" target="_blank" rel="noopener noreferrer ugc" title=" target=_blank">t</a>',
        ),
        (
            "<a href=x title=' rel=' target=_blank rel=ugc>t</a><a href='/ rel=' target=_blank>u</a>",
            (
                '<a href="x" title=" rel=" target="_blank" rel="noopener noreferrer ugc">t</a>'
                '<a href="/ rel=" target="_blank" rel="noopener noreferrer">u</a>'
            ),
        ),
        ("<a target=_blank>t</a>", '<a target="_blank" rel="noopener noreferrer">t</a>'),
        ("<a href='java\tscript:x'>t</a>", "<a>t</a>"),
        ("<a href='&#x1;javascript:x'>t</a>", "<a>t</a>"),
        ("<a href='data:image/png;base64,AA=='>t</a>", "<a>t</a>"),
        ("<img src='data:image/svg+xml;base64,AA=='>", ""),
        ("<p>a <img src='javascript:x' alt='b &quot;c&quot; &lt;i>'> d</p>", '<p>a b "c" &lt;i&gt; d</p>'),
        ("<p class='fixed inset-0 language-py'>t</p>", '<p class="language-py">t</p>'),
        ("<p class='fixed inset-0'>t</p>", "<p>t</p>"),
        ("<p style='color:red;background:url(//x)'>t</p>", '<p style="color: red">t</p>'),
        ("<p style='position:fixed'>t</p>", "<p>t</p>"),
        ("<p style='color: red !important'>t</p>", '<p style="color: red">t</p>'),
        ("<p style='color: r\\65 d'>t</p>", "<p>t</p>"),
        ("<p style='color: /**/red'>t</p>", "<p>t</p>"),
        ("<p style='color:; width: 2\u00bcpx; height: 1px'>t</p>", '<p style="min-height: 1px">t</p>'),
        ("<p style='width: calc(((((((((1px)))))))))'>t</p>", "<p>t</p>"),
        (
            "<input><input type=text value=x>a<input type=checkbox checked name=x>",
            'a<input type="checkbox" checked="">',
        ),
        ("<svg><text>x</text></svg><math><mi>x</mi></math>t", "xxt"),
        ("<form action=x><button>Send</button></form>", "<div>Send</div>"),
        ("<center>t</center><x-y>u</x-y>", '<div style="text-align: center">t</div>u'),
        ("<!-- c -->t<![CDATA[x]]><?php x?>", "t"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<p>a<p>b<ul><li>c<li>d</ul>", "<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>"),
        ("<p>a<button><p>b</button>", "<p>a</p><p>b</p>"),
        ("<table><tr><td>a<td>b</table>", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
        ("<pre>a\r\nb&#13;c\0</pre>", "<pre>a\nb\nc\ufffd</pre>"),
        ("a < b > c & d", "a &lt; b &gt; c &amp; d"),
        (
            (
                "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span "
                "style='mso-list:Ignore'>\u00b7<span style='font:7.0pt \"Times New Roman\"'>&nbsp;</span></span>"
                "<![endif]>One</p>"
            ),
            '<p>\u00b7<span style="font-size: 7.0pt; font-family: &quot;Times New Roman&quot;">&nbsp;</span>One</p>',
        ),
    ],
)
def test_disallowed_markup_is_removed_and_its_text_kept(html: str, expected: str) -> None:
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected


@pytest.mark.parametrize("characters", [1, 8192])
@pytest.mark.parametrize(
    "html",
    [
        "<b>a",
        "a</b>",
        "<b>a</i>",
        "<b><i>a</b></i>",
        "<p>a<p>b</p></p>",
        "<p>a<div>b</div></p>",
        "<a>a<a>b</a></a>",
        "<h2>a<h3>b</h3></h2>",
        "<tr><td>a</td></tr>",
        "<table>a</table>",
        "<table><tr><td>a</td></tr></table>",
        "<table><tbody><tr><td>a</td></tr><b>b</b></tbody></table>",
        "<select>a</select>",
        "<svg>a</svg>",
        "<script>a</script>",
        "<b></b><!-- a -->",
        '<p onclick="a">a</p>',
        '<a href="javascript:a">a</a>',
        '<a href="java&#115;cript:a">a</a>',
        "<a href='a'>a</a>",
        "a & b",
        "a &copy; b",
        "a &lt b",
        "<pre>\na</pre>",
        "<br>a</br>",
        "<B>a</B>",
    ],
)
def test_what_is_not_canonical_is_not_stable(html: str, characters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanitise, "_SLAB_CHARACTERS", characters)
    for policy, before in product(POLICIES.values(), ("", "a", "<p>a</p>", "<ul><li>a</li></ul>")):
        assert is_stable(f"{before}<p>a</p>", policy)
        assert not is_stable(before + html, policy)
        assert not is_stable(f"<div>{before}{html}</div>", policy)
        assert not is_stable(f"{before}{html}<p>b</p>", policy)


def test_html_that_comes_in_parts_is_stable_up_to_the_part_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanitise, "_MIN_CHECKED_CHARACTERS", 1)
    stability = Stability(DEFAULT_RULES.policy)
    parts = ["<p>a", "<b> b", "</b></p>", "<pre>", "\n\na", "</pre>", "<table><tbody><tr>", "<td>c", "&amp;"]
    assert all(map(stability.accepts, parts))
    assert not stability.accepts("<td>d")


@pytest.mark.parametrize("part", ["&copy;", "</i>", "<p onclick=x>", "<p>"])
def test_a_part_that_is_not_canonical_is_not_stable(part: str) -> None:
    stability = Stability(DEFAULT_RULES.policy)
    assert stability.accepts("<p>a <b>")
    assert not stability.accepts(part)


def test_byte_order_marks_that_the_cleaner_drops_at_the_start_are_dropped_at_once() -> None:
    sanitised = sanitise_html("\ufeff \ufeff<b></b>" * 9 + "<b> a\ufeff</b>", DEFAULT_RULES, NO_LIMIT)
    assert sanitised.html == "<b>a\ufeff</b>"
    assert not sanitised.removed


def test_unstable_html_is_sent_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanitise, "MAX_PASSES", 0)
    text = sanitise_html("<p onclick=x>a", DEFAULT_RULES, NO_LIMIT).html
    assert text == "&lt;p&gt;a&lt;/p&gt;"
    monkeypatch.undo()
    assert sanitise_html(text, DEFAULT_RULES, NO_LIMIT).html == text


def test_unstable_html_is_refused_if_its_text_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanitise, "MAX_PASSES", 0)
    with pytest.raises(PreparedTooLarge):
        sanitise_html("<b>x" * 10, DEFAULT_RULES, 100)


def test_html_that_grows_past_the_limit_is_refused() -> None:
    assert sanitise_html("&&", DEFAULT_RULES, 10).html == "&amp;&amp;"
    with pytest.raises(PreparedTooLarge, match="15 characters"):
        sanitise_html("&&&", DEFAULT_RULES, 10)


@given(written_documents)
def test_equivalent_spellings_have_the_same_result(document_and_written: tuple[str, str]) -> None:
    document, written = (sanitise_html(text, DEFAULT_RULES, NO_LIMIT).html for text in document_and_written)
    assert written == document

"""What becomes of each tag: nothing is lost but what a browser does not show either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.elements import DROPPED_INSIDE, DROPPED_WITH_CONTENT, ELEMENTS, RENAMED, names
from service.content.html.known_tags import TagReader
from service.content.html.removal import Removal
from service.content.html.sanitise import sanitise_html
from service.content.html.urls import HostList
from service.content.rules import DEFAULT_RULES, ContentRules
from tests.profiles import scaled
from tests.unit.content.documents import soups
from tests.unit.content.html.foreign_names import MATHML, SVG
from tests.unit.content.html.normalised import normalised

NO_LIMIT = 10**9
FOREIGN = sorted({name.lower() for name in SVG | MATHML} - ELEMENTS - RENAMED.keys() - DROPPED_WITH_CONTENT)
UNCLOSED = sorted(
    names(
        "title select svg style textarea iframe video script template noscript math xmp plaintext object audio canvas",
        "noembed noframes datalist button form option fieldset dialog listing font center marquee frameset body html",
        "head",
    )
)


def check(html: str, expected: str) -> None:
    assert normalised(html) == expected
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == expected


@pytest.mark.parametrize("name", FOREIGN)
def test_a_tag_whose_name_another_language_has_keeps_its_content(name: str) -> None:
    apart = " " if name in {"text", "mtd"} else ""
    check(f"a<{name}>b<p>c</p>", f"a{apart}b<p>c</p>")
    check(f"a<{name}/>b</{name}>c", f"a{apart}bc")
    check(f"<b>a</{name}>b</b><{name.upper()} x=1>c", f"<b>ab</b>{apart}c")


@pytest.mark.parametrize("name", UNCLOSED)
def test_an_unclosed_element_keeps_what_follows(name: str) -> None:
    for start in (f"<{name}>", f"<{name} class=x>", f"<p>See <{name}>"):
        html = sanitise_html(f"<p>one</p>{start}two</p><p>three <b>four</b></p>", DEFAULT_RULES, NO_LIMIT).html
        assert [word for word in ("one", "two", "three", "four") if word not in html] == []
        assert "<p>three <b>four</b></p>" in html


@pytest.mark.parametrize("name", sorted(DROPPED_WITH_CONTENT))
def test_what_a_browser_does_not_show_is_dropped_with_its_content(name: str) -> None:
    for html in (f"a<{name}>x<p>y</p></{name}>", f"a<{name} class=x><!--</{name.upper()}\n>", f"a<{name}></{name}>"):
        sanitised = sanitise_html(html, DEFAULT_RULES, NO_LIMIT)
        assert sanitised.html == "a"
        assert sanitised.removed[Removal.SUBTREE] == 1
    assert sanitise_html(f"a<{name}>x", DEFAULT_RULES, NO_LIMIT).removed[Removal.ELEMENT] == 1


def test_what_an_end_tag_in_a_value_ends_ends_raw_text_only() -> None:
    check("<style><b title='</style>x", "x")
    check("<p title='<style>'>a<b title='</p>'>b</b>", '<p title="&lt;style&gt;">a<b title="&lt;/p&gt;">b</b></p>')


@pytest.mark.parametrize(
    ("language", "name"), [(one, name) for one, all_ in DROPPED_INSIDE.items() for name in sorted(all_)]
)
def test_descriptions_are_dropped_only_inside_of_a_drawing_or_formula(language: str, name: str) -> None:
    check(f"<{language}>a<{name}>x</{name}>b</{language}>", "ab")
    check(f"a<{name}>b</{name}>c", "abc")
    check(f"<{language}>a</{language}><{name}>b</{name}>", "ab")
    check(f"<{language}/><{name}>b</{name}>", "b")


@pytest.mark.parametrize("name", ["textarea", "xmp"])
def test_the_content_of_literal_elements_is_text(name: str) -> None:
    html = sanitise_html(f"<{name}>a <b>c</b> &lt; <!-- d --> </{name.upper()} >e", DEFAULT_RULES, NO_LIMIT).html
    reference = "&lt;" if name == "textarea" else "&amp;lt;"
    assert f"a &lt;b&gt;c&lt;/b&gt; {reference} &lt;!-- d --&gt;" in html
    assert html.endswith(">e")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<center>a</center>", '<div style="text-align: center">a</div>'),
        ("<center style='color: red'>a</center>", '<div style="text-align: center; color: red">a</div>'),
        ("<font color=red>a</font>", '<span style="color: red">a</span>'),
        ("<p align=center>a</p>", '<p style="text-align: center">a</p>'),
        ("<tt>a</tt><acronym title=b>c</acronym>", '<code>a</code><abbr title="b">c</abbr>'),
        ("<dir><li>a</dir><menu><li>b</menu>", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("<listing>a  b</listing><plaintext>c  d", "<pre>a  b</pre><pre>c  d</pre>"),
        ("<image src=/a>", '<img src="/a">'),
        ("<fieldset><legend>a</legend>b</fieldset>", "<div><div>a</div>b</div>"),
        ("<select><optgroup><option>a</option></optgroup></select>", "<div><p>a</p></div>"),
        ("<a style='color:#ffffff !important' href=x>a</a>", '<a style="color: #ffffff" href="x">a</a>'),
    ],
)
def test_old_elements_and_attributes_become_those_of_today(html: str, expected: str) -> None:
    check(html, expected)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<iframe src='https://x.example/v'>y</iframe>", '<a href="https://x.example/v">https://x.example/v</a>'),
        ("<iframe src='https://x.example/v' title='T'></iframe>", '<a href="https://x.example/v">T</a>'),
        ("<embed src=/v>", '<a href="/v">/v</a>'),
        ("<object data=/v>y</object>", '<a href="/v">/v</a> y'),
        ("<video src=/v></video>", '<a href="/v">/v</a>'),
        ("<video><source src=/v><source src=/w></video>", '<a href="/v">/v</a>'),
        ("<audio><source src=/v>y</audio>", '<a href="/v">/v</a>'),
        ("<oembed url=/v></oembed>", '<a href="/v">/v</a>'),
        ("a<iframe src=/v></iframe>b", 'a <a href="/v">/v</a> b'),
        ("<a href=/x>a<iframe src=/v></iframe></a>", '<a href="/x">a /v </a>'),
        ("<iframe src='javascript:x'></iframe>", "javascript:x"),
        ("<iframe src=about:blank></iframe><iframe srcdoc=x></iframe><iframe></iframe>", ""),
    ],
)
def test_an_embedded_medium_becomes_a_link(html: str, expected: str) -> None:
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html.replace(" </a>", "</a>") == expected.replace(
        " </a>", "</a>"
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a <img src='javascript:x' alt='b &lt;c'> d</p>", "<p>a b &lt;c d</p>"),
        ("<p>a <img alt=b> d</p>", "<p>a b d</p>"),
        ("<p>a <img src='javascript:x'> d</p>", "<p>a d</p>"),
        ("<p><img src='https://x.example/a' alt=b></p>", '<p><a href="https://x.example/a">b</a></p>'),
        ("<p><img src='https://x.example/a'></p>", "<p></p>"),
        ("<a href=/y><img src='https://x.example/a' alt=b></a>", '<a href="/y">b</a>'),
    ],
)
def test_a_refused_image_is_its_alternative_text(html: str, expected: str) -> None:
    rules = ContentRules(image_hosts=HostList.parse("relative"))
    assert sanitise_html(html, rules, NO_LIMIT).html == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<!-- b -->c", "ac"),
        ("a<!-->b", "ab"),
        ("a<!--->b", "ab"),
        ("a<!-- > -- > --!>b", "ab"),
        ("a<!-- b", "a"),
        ("a<!b>c<!>d<?e?>f</ g>h</>i", "acdfhi"),
        ("<!DOCTYPE html>a", "a"),
        ("a<![CDATA[b]]>c", "ac"),
        ("a<b", "a"),
        ("a<b c='", "a"),
        ("a</", "a&lt;/"),
        ("a<", "a&lt;"),
        ("<<b>a</b>", "&lt;<b>a</b>"),
        ("1 < 2 <3 <> <=", "1 &lt; 2 &lt;3 &lt;&gt; &lt;="),
    ],
)
def test_comments_and_lone_brackets(html: str, expected: str) -> None:
    check(html, expected)


def test_the_first_of_duplicate_attributes_counts() -> None:
    sanitised = sanitise_html("<p title=a TITLE=b lang=en title=c>d</p>", DEFAULT_RULES, NO_LIMIT)
    assert sanitised.html == '<p title="a" lang="en">d</p>'
    assert sanitised.removed == {Removal.ATTRIBUTE: 2}


@pytest.mark.parametrize("length", [998, 999, 1000, 1001, 1002, 5000])
def test_a_repeated_tag_has_the_same_result_at_any_length(length: int) -> None:
    for start in ("<p title='", "<p title='>", "<p title='<"):
        tag = start + "a" * (length - len(start) - 2) + "'>"
        assert len(tag) == length
        once = normalised(tag + "b</p>")
        assert "b</p>" in once
        assert normalised((tag + "b</p>") * 3) == once * 3


tags = st.lists(
    st.sampled_from(
        ["<p title=", "<b ", "</b", "<p", "</p", "<td", '"', "'", ">", "<", " ", "/", "=", "a", "x<y", "&gt;"]
    ),
    max_size=12,
).map("".join)


@scaled(8)
@given(tags, soups)
def test_a_known_tag_is_read_as_any_other(written: str, soup: str) -> None:
    html = f"{written}a{soup}b{written}c{soup}d{written}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TagReader, "read", lambda _reader, _tag: None)
        read_in_place = normalised(html)
    assert normalised(html) == read_in_place

"""Tokens are those of a browser: compared with html5lib's tokenizer."""

import re
from typing import Any

import pytest
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.references import read_text
from service.content.html.tokens import RawText, UnfinishedTag, attributes_of, preprocessed, token_at
from tests.profiles import scaled

Read = tuple[str, str, tuple[tuple[str, str], ...]]
"""A kind of token, its name or text, and its attributes."""

_TYPES = {number: name for name, number in tokenTypes.items()}
_TEXT = re.compile(r"(?:[^<]+|<(?![A-Za-z!?]|/[\s\S]))+")

_SPECIAL = (
    *("<", "</", "<!", "<?", "<!--", "-->", "--!>", "<!-->", "<!--->", "-", "!", ">", "/>", "/", "=", '"', "'", "`"),
    *(" ", "\n", "\t", "\f", "\r", "\x0b", "a", "B", "é", "1", "title", "<a ", "<b x=", "<p/", "</p", "</a b=c>"),
    *("&copy", "&notit;", "&copy=1", "<![CDATA[", "]]>", "<!DOCTYPE html>", "<?php x?>", "<x-y:z.1 @a=b :c (d)=e>"),
)
sources = st.lists(st.sampled_from(_SPECIAL), max_size=12).map("".join)


def tokens_of_a_browser(html: str) -> list[Read]:
    found: list[Read] = []
    for any_token in HTMLTokenizer(html):
        token: dict[str, Any] = dict(any_token)
        kind = _TYPES[token["type"]]
        if kind in ("StartTag", "EndTag"):
            found.append((kind, token["name"], tuple(token["data"].items()) if kind == "StartTag" else ()))
        elif kind in ("Characters", "SpaceCharacters"):
            found.append(("text", token["data"], ()))
    return _joined(found)


def tokens(html: str) -> list[Read]:
    html = preprocessed(html)
    found: list[Read] = []
    place = 0
    while place < len(html):
        if text := _TEXT.match(html, place):
            found.append(("text", read_text(text[0]), ()))
            place = text.end()
            continue
        name, written, is_end, place = token_at(html, place)
        if name:
            attributes = () if is_end else dict(reversed(attributes_of(written))).items()
            found.append(("EndTag" if is_end else "StartTag", name, tuple(sorted(attributes))))
    return _joined(found)


def _joined(found: list[Read]) -> list[Read]:
    joined: list[Read] = []
    for kind, content, attributes in found:
        if kind == "text" and joined and joined[-1][0] == "text":
            joined[-1] = ("text", joined[-1][1] + content, ())
        else:
            joined.append((kind, content, tuple(sorted(attributes))))
    return [token for token in joined if token[:2] != ("text", "")]


def test_line_ends_are_one_character_and_a_null_is_replaced() -> None:
    assert preprocessed("a\r\nb\rc\0d") == "a\nb\nc\ufffdd"


@scaled(8)
@given(sources)
def test_tokens_are_those_of_a_browser(html: str) -> None:
    assert tokens(html) == tokens_of_a_browser(html)


@pytest.mark.parametrize(
    ("html", "rest"),
    [
        ("<!-- a > b -->c", "c"),
        ("<!-->c", "c"),
        ("<!--->c", "c"),
        ("<!-- a --!>c", "c"),
        ("<!--a--b-->c", "c"),
        ("<!--<!-- a -->c", "c"),
        ("<!-- a", ""),
        ("<!DOCTYPE html>c", "c"),
        ("<!>c", "c"),
        ("<?php echo 1 ?>c", "c"),
        ("<![CDATA[a]]>c", "c"),
        ("</>c", "c"),
        ("</ p>c", "c"),
        ("</1>c", "c"),
        ("<p title='", ""),
    ],
)
def test_comments_in_all_forms_and_unfinished_tags_have_no_name(html: str, rest: str) -> None:
    token = token_at(html, 0)
    assert token.name == ""
    assert html[token.end :] == rest


def test_an_attribute_has_the_value_that_a_browser_reads() -> None:
    html = "<P A=1 b='2' C=\"3\" d e= f =/ /g '=x <h=i>"
    token = token_at(html, 0)
    assert (token.name, token.is_end, token.end) == ("p", False, len(html))
    assert attributes_of(token.attributes) == [
        ("a", "1"),
        ("b", "2"),
        ("c", "3"),
        ("d", ""),
        ("e", "f"),
        ("=", ""),
        ("g", ""),
        ("'", "x"),
        ("<h", "i"),
    ]


def test_brackets_in_quoted_values_do_not_end_a_tag() -> None:
    html = "<p title='</p><b>' lang=\"a>b\">c"
    assert html[token_at(html, 0).end :] == "c"


@pytest.mark.parametrize("end_tag", ["</title>", "</TITLE >", "</title/x='>", "</title\n", "</title x"])
def test_raw_text_ends_with_its_end_tag_only(end_tag: str) -> None:
    start = "</titles></tit</ title><b></script>"
    html = start + end_tag
    whole = end_tag if ">" in end_tag else ""
    assert RawText(html).end("title", 0) == (len(start), len(start) + len(whole or end_tag))


def test_raw_text_without_its_end_tag_has_no_end() -> None:
    raw = RawText("<title></title><x></X>")
    assert raw.end("title", 8) is None
    assert raw.end("style", 0) is None
    assert raw.has_end("x", 5)
    assert not raw.has_end("title", 8)


def test_an_unfinished_tag_waits_for_the_end_of_a_value() -> None:
    tag = UnfinishedTag()
    assert not tag.has_end("<a")
    assert not tag.has_end("<a title='>")
    assert tag.end.pattern == "'"
    assert not tag.has_end("<a title='> >'")
    assert tag.end.pattern == ">"
    assert not tag.has_end("<a title='> >' b=c")
    assert tag.has_end("<a title='> >' b=c>d")

"""Character references are read as the HTML standard defines them: compared with html5lib."""

import re
from html.entities import html5

import pytest
from html5lib import parseFragment
from hypothesis import given
from hypothesis import strategies as st

from service.content.html import references
from service.content.html.references import read_text, read_value, rewritten_text, write_text, write_value

_PARTS = [
    "&",
    "&#",
    "&#x",
    "&#X",
    "#",
    ";",
    "=",
    "amp",
    "lt",
    "copy",
    "notit",
    "not",
    "in",
    "1",
    "8",
    "d8",
    "x",
    " ",
    '"',
]
sources = st.lists(
    st.sampled_from([*_PARTS, *(f"&{name}" for name in ("amp", "lt;", "GT", "copy=1", "notit;", "NotEqualTilde;"))])
    | st.sampled_from(sorted(html5)).map("&{}".format),
    max_size=8,
).map("".join)


# References to most of these are dropped: a browser keeps them, and shows nothing.
_CONTROLS = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


def text_of(source: str) -> str:
    return _CONTROLS.sub("", parseFragment(f"<p>{source}", namespaceHTMLElements=False)[0].text or "")


def value_of(source: str) -> str:
    written = source.replace('"', "&quot;")
    value = parseFragment(f'<p title="{written}">', namespaceHTMLElements=False)[0].get("title", "")
    return _CONTROLS.sub("", str(value))


@given(sources)
def test_text_is_that_of_a_browser(source: str) -> None:
    assert _CONTROLS.sub("", read_text(source)) == text_of(source)


@given(
    st.lists(sources | st.sampled_from(["&nbsp;", "\xa0", "<", ">", "&#13;", "\0", f"&{'a' * 40}", f"&#{'0' * 40}65"]))
)
def test_text_is_rewritten_as_if_it_was_read_and_written(sources: list[str]) -> None:
    """Also if several texts are joined: no reference reaches from one into the next."""
    assert rewritten_text("\0".join(sources)) == "\0".join(write_text(read_text(source)) for source in sources)


def test_what_is_remembered_of_references_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def remembered(reference: str) -> str:
        lengths.append(len(reference))
        return reference

    monkeypatch.setattr(references, "_rewritten_reference", remembered)
    rewritten_text(f"&#{'1' * 5000};&#x{'1' * 5000};&{'a' * 5000};")
    assert len(lengths) == 3
    assert max(lengths) <= 40


@given(sources)
def test_a_value_is_that_of_a_browser(source: str) -> None:
    assert _CONTROLS.sub("", read_value(source.replace('"', "&quot;"))) == value_of(source)


@pytest.mark.parametrize(
    ("source", "text", "value"),
    [
        ("&copy", "©", "©"),
        ("&copy;", "©", "©"),
        ("&notit;", "¬it;", "&notit;"),
        ("&notin;", "∉", "∉"),
        ("?a=1&copy=2", "?a=1©=2", "?a=1&copy=2"),
        ("?a=1&copya", "?a=1©a", "?a=1&copya"),
        ("?a&copy1", "?a©1", "?a&copy1"),
        ("&NotEqualTilde;", "≂̸", "≂̸"),
        ("&unknown;", "&unknown;", "&unknown;"),
        ("&#65;&#x41;&#X41;&#65", "AAAA", "AAAA"),
        ("&#128;&#x9f;", "€Ÿ", "€Ÿ"),
        ("&#0;&#xD800;&#x110000;&#99999999999999999999;", "����", "����"),
        (f"&#{'0' * 5000}65;&#x{'0' * 5000}41;", "AA", "AA"),
        (f"&#{'9' * 5000};&#x{'9' * 5000};", "��", "��"),
        ("&#;&#x;&;& &", "&#;&#x;&;& &", "&#;&#x;&;& &"),
        ("&amp;lt;", "&lt;", "&lt;"),
    ],
)
def test_references_of_all_kinds(source: str, text: str, value: str) -> None:
    assert read_text(source) == text
    assert read_value(source) == value


@pytest.mark.parametrize("reference", ["&#1;", "&#x7f;", "&#x1f;", "&#xFFFE;", "&#x1FFFF;"])
def test_a_reference_to_no_character_is_nothing(reference: str) -> None:
    assert read_text(f"a{reference}b") == read_value(f"a{reference}b") == "ab"


def test_a_reference_to_a_carriage_return_is_a_line_end() -> None:
    assert read_text("c&#13;d") == read_value("c&#13;d") == "c\nd"


@given(st.text(st.sampled_from("&<>\xa0\"'ab;#")))
def test_what_is_written_is_read_as_it_was(text: str) -> None:
    assert read_text(write_text(text)) == text
    assert read_value(write_value(text)) == text
    assert not set("<>\xa0") & set(write_text(text))
    assert not set('<>\xa0"') & set(write_value(text))

"""White space beside images: a line end between tags, where an editor would keep a space that it should drop."""

import pytest

from service.content.html.images import with_loose_images
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES

A, B = '<img src="/i">', '<img src="/j">'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<p>{A} {B}</p>", f"<p>{A}\n{B}</p>"),
        (f"<p><a>{A}</a> <a>{B}</a></p>", f"<p><a>{A}</a>\n<a>{B}</a></p>"),
        (f"<h1>a {A}</h1>", f"<h1>a<wbr>\n{A}</h1>"),
        (f"<h1>a <sup><a>{A}</a></sup> {B}</h1>", f"<h1>a<wbr>\n<sup><a>{A}</a></sup>\n{B}</h1>"),
        (f"<p>{A} a</p>", f"<p>{A}\n<wbr>a</p>"),
        (f"<p><b>a</b> {A}</p>", f"<p><b>a</b>\n{A}</p>"),
        (f"<p>a {A} b</p>", f"<p>a {A} b</p>"),
        (f"<p>a {A} {B} b</p>", f"<p>a {A}\n{B} b</p>"),
        (f"{A} {B}<p>a b</p>", f"{A}\n{B}<p>a b</p>"),
        (f"<pre>{A} {B}</pre><p>{A} {B}</p>", f"<pre>{A} {B}</pre><p>{A}\n{B}</p>"),
        (f'<p style="white-space: pre">{A} {B}</p>', f'<p style="white-space: pre">{A} {B}</p>'),
        (
            f'<p>{A} {B}</p><div style="white-space: pre"><p>{A} {B}</p></div><p>{A} {B}</p>',
            f'<p>{A}\n{B}</p><div style="white-space: pre"><p>{A} {B}</p></div><p>{A}\n{B}</p>',
        ),
        ('<p><img alt="a  b"> c</p>', '<p><img alt="a  b">\n<wbr>c</p>'),
        ("<p>a <b>b</b></p>", "<p>a <b>b</b></p>"),
    ],
)
def test_white_space_at_an_edge_becomes_a_line_end(html: str, expected: str) -> None:
    assert with_loose_images(html) == expected
    assert with_loose_images(expected) == expected


def test_sanitising_again_changes_nothing() -> None:
    html = sanitise_html(f"<h1>a {A}</h1><p>{A}\n{B} b</p>", DEFAULT_RULES, 1000).html
    assert html == f"<h1>a<wbr>\n{A}</h1><p>{A}\n{B}\n<wbr>b</p>"
    assert sanitise_html(html, DEFAULT_RULES, 1000).html == html

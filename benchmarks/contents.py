"""Requests whose content work is measured, by name: what clients send, and what is meant to hurt."""

from collections.abc import Callable, Mapping

from benchmarks.documents import document, latin_text, styled_html
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, StreamRequest

TEXT, HTML, MARKDOWN = ContentType.TEXT, ContentType.HTML, ContentType.MARKDOWN

Asking = Callable[[int], StreamRequest]
"""From a size in UTF-8 bytes to the request; the content is hardly smaller."""


def _asking(
    write: Callable[[int], str],
    content_type: ContentType,
    chunk_by: ChunkBy = ChunkBy.WORD,
    html_mode: HtmlMode = HtmlMode.FRAGMENT,
) -> Asking:
    return lambda size_bytes: StreamRequest(
        content=write(size_bytes), content_type=content_type, chunk_by=chunk_by, html_mode=html_mode
    )


def _in_either_mode(name: str, write: Callable[[int], str]) -> dict[str, Asking]:
    return {f"{name}, {mode}": _asking(write, HTML, html_mode=mode) for mode in HtmlMode}


LATIN_BY_WORD, LATIN_BY_CHARACTER, SCRIPTS = "Latin text by word", "Latin text by character", "text in many scripts"
DOCUMENT, STYLED, MARKDOWN_DOCUMENT = "HTML", "styled HTML", "Markdown"

RICH: Mapping[str, Asking] = {
    LATIN_BY_WORD: _asking(latin_text, TEXT),
    LATIN_BY_CHARACTER: _asking(latin_text, TEXT, ChunkBy.CHARACTER),
    SCRIPTS: _asking(lambda size: document(TEXT, size), TEXT),
    **_in_either_mode(DOCUMENT, lambda size: document(HTML, size)),
    **_in_either_mode(STYLED, styled_html),
    MARKDOWN_DOCUMENT: _asking(lambda size: document(MARKDOWN, size), MARKDOWN),
}

HOSTILE: Mapping[str, Asking] = {
    **_in_either_mode("bare inline tags", lambda size: "<b>a</b> <i>b</i> " * (size // 18)),
    **_in_either_mode("nested div", lambda size: "<div>" * (size // 5 - 1) + "a"),
    **_in_either_mode("less than", lambda size: "<" * size),
    **_in_either_mode("one word", lambda size: "a" * size),
    **_in_either_mode("combining marks", lambda size: "a" + "\u0301" * (size // 2)),
    "one word of text": _asking(lambda size: "a" * size, TEXT),
    "combining marks of text": _asking(lambda size: "a" + "\u0301" * (size // 2), TEXT, ChunkBy.CHARACTER),
    "brackets in Markdown": _asking(lambda size: "[" * size, MARKDOWN),
}

"""The requests whose content work is measured, by name: rich contents as clients send them, and hostile ones."""

from collections.abc import Callable, Mapping

from benchmarks.documents import document, latin_text, styled_html
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, StreamRequest

TEXT, HTML, MARKDOWN = ContentType.TEXT, ContentType.HTML, ContentType.MARKDOWN

Make = Callable[[int], StreamRequest]
"""From a size in UTF-8 bytes to a request; the content has nearly that size."""


def _make(
    write: Callable[[int], str],
    content_type: ContentType,
    chunk_by: ChunkBy = ChunkBy.WORD,
    html_mode: HtmlMode = HtmlMode.FRAGMENT,
) -> Make:
    return lambda size_bytes: StreamRequest(
        content=write(size_bytes), content_type=content_type, chunk_by=chunk_by, html_mode=html_mode
    )


def _in_both_modes(name: str, write: Callable[[int], str]) -> dict[str, Make]:
    return {f"{name}, {mode}": _make(write, HTML, html_mode=mode) for mode in HtmlMode}


LATIN_BY_WORD, LATIN_BY_CHARACTER, SCRIPTS = "Latin text by word", "Latin text by character", "text in many scripts"
DOCUMENT, STYLED, MARKDOWN_DOCUMENT = "HTML", "styled HTML", "Markdown"

RICH: Mapping[str, Make] = {
    LATIN_BY_WORD: _make(latin_text, TEXT),
    LATIN_BY_CHARACTER: _make(latin_text, TEXT, ChunkBy.CHARACTER),
    SCRIPTS: _make(lambda size: document(TEXT, size), TEXT),
    **_in_both_modes(DOCUMENT, lambda size: document(HTML, size)),
    **_in_both_modes(STYLED, styled_html),
    MARKDOWN_DOCUMENT: _make(lambda size: document(MARKDOWN, size), MARKDOWN),
}

HOSTILE: Mapping[str, Make] = {
    **_in_both_modes("bare inline tags", lambda size: "<b>a</b> <i>b</i> " * (size // 18)),
    **_in_both_modes("nested div", lambda size: "<div>" * (size // 5 - 1) + "a"),
    **_in_both_modes("less than", lambda size: "<" * size),
    **_in_both_modes("one word", lambda size: "a" * size),
    **_in_both_modes("combining marks", lambda size: "a" + "\u0301" * (size // 2)),
    "one word of text": _make(lambda size: "a" * size, TEXT),
    "combining marks of text": _make(lambda size: "a" + "\u0301" * (size // 2), TEXT, ChunkBy.CHARACTER),
    "brackets in Markdown": _make(lambda size: "[" * size, MARKDOWN),
}

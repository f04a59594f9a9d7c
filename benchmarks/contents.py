"""The requests whose content work is measured, by name: rich contents as clients send them, and hostile ones."""

from collections.abc import Callable, Mapping

from benchmarks import hostile
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
    **{
        name: make
        for kind, write in hostile.HTML.items()
        for name, make in _in_both_modes(f"HTML: {kind}", write).items()
    },
    **{f"Markdown: {kind}": _make(write, MARKDOWN) for kind, write in hostile.MARKDOWN.items()},
    **{f"text: {kind}": _make(write, TEXT) for kind, write in hostile.TEXT.items()},
    "text by character: combining marks": _make(hostile.TEXT["combining marks"], TEXT, ChunkBy.CHARACTER),
}
"""Some of these are refused: they have nothing to show, or grow too large."""

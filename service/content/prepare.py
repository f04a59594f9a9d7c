"""Preparation: a request becomes a plan, stage by stage."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from service.content.analysis import analyse_html, analyse_text
from service.content.chunking.blocks import to_blocks
from service.content.chunking.chunk import split_text
from service.content.chunking.fragment import split_fragments
from service.content.chunking.incremental import split_increments
from service.content.chunks import Chunks, CloseTexts
from service.content.html.markup import has_visible_content
from service.content.html.removal import Removal
from service.content.html.sanitise import SanitisedHtml, check_prepared_size, sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.plan import Plan
from service.content.rules import DEFAULT_RULES, ContentRules
from service.content.stage import Stage, StageTimer
from service.protocol.errors import ChunkingFailed, EmptyContent, ProcessingFailed, StreamingError
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, HtmlMode, StreamRequest

_NATIVE_PANIC = "PanicException"
"""Raised by a bug in a Rust library: not an ``Exception``, and of a class that cannot be imported."""


def prepare(request: StreamRequest, limits: Limits, timer: StageTimer, rules: ContentRules = DEFAULT_RULES) -> Plan:
    """Return the plan of a request. Its joined chunks are the text as sent, or the sanitised HTML as blocks.

    Only the stages that the content type needs are run and timed. Raises ``EmptyContent``, ``PreparedTooLarge`` and
    ``ProcessingFailed``. If splitting fails, the plan has a ``failure`` and few chunks, but all content. HTML that was
    not sanitised is never returned.
    """
    content = request.content
    if not content or content.isspace():
        raise EmptyContent("The content is empty. Send some text.")
    is_text = request.content_type is ContentType.TEXT
    whole = content
    removed: Mapping[Removal, int] = {}
    if not is_text:
        safe = _safe_html(request, rules, limits.max_prepared_characters, timer)
        whole, removed = safe.html, safe.removed
    with _stage(Stage.ANALYSE, timer):
        analysis = analyse_text(whole) if is_text else analyse_html(whole)
        if not (analysis.word_count or has_visible_content(whole)):
            raise EmptyContent("The content has nothing to show after sanitising. Send some text.")
    failure = None
    try:
        with _stage(Stage.CHUNK, timer):
            chunks, closes = _split(whole, request, limits)
    except ChunkingFailed as error:
        failure = error
        chunks, closes = _split_fallback(whole, request, limits.max_chunk_characters)
    return Plan(
        chunks=chunks,
        complexity=analysis.complexity,
        word_count=analysis.word_count,
        has_html=analysis.tag_count > 0,
        speed=analysis.speed(request.speed),
        max_chunk_characters=limits.max_chunk_characters,
        removed=removed,
        closes=closes,
        failure=failure,
    )


def _split(whole: str, request: StreamRequest, limits: Limits) -> tuple[Chunks, CloseTexts | None]:
    """Return chunks, and in incremental mode the close text of each."""
    max_characters = limits.max_chunk_characters
    if request.content_type is ContentType.TEXT:
        return split_text(whole, request.chunk_by, max_characters), None
    blocks = to_blocks(whole)
    check_prepared_size(blocks, limits.max_prepared_characters)
    if request.html_mode is HtmlMode.INCREMENTAL:
        return split_increments(blocks, request.chunk_by, max_characters)
    return split_fragments(blocks, request.chunk_by, max_characters), None


def _split_fallback(whole: str, request: StreamRequest, max_characters: int) -> tuple[Chunks, CloseTexts | None]:
    """Split without reading the content: text at the limit, safe HTML as one chunk."""
    if request.content_type is ContentType.TEXT:
        return Chunks(whole, (*range(max_characters, len(whole), max_characters), len(whole))), None
    return Chunks(whole, [len(whole)]), CloseTexts.of([""]) if request.html_mode is HtmlMode.INCREMENTAL else None


def _safe_html(request: StreamRequest, rules: ContentRules, max_characters: int, timer: StageTimer) -> SanitisedHtml:
    sources = [request.content]
    if request.content_type is ContentType.MARKDOWN:
        with _stage(Stage.CONVERT, timer):
            sources = [markdown_to_html(request.content, frozenset(rules.reasoning_tags))]
            check_prepared_size(sources[0], max_characters)
    with _stage(Stage.SANITISE, timer):
        return sanitise_html(sources.pop(), rules, max_characters)  # which releases the source when it was read


@contextmanager
def _stage(stage: Stage, timer: StageTimer) -> Iterator[None]:
    """Time a stage, and convert an unexpected exception into an error of the protocol."""
    try:
        with timer(stage):
            yield
    except StreamingError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _NATIVE_PANIC:
            raise
        if stage is Stage.CHUNK:
            raise ChunkingFailed(
                "The content could not be split into chunks. Try again, or send it as text."
            ) from error
        raise ProcessingFailed("The content could not be processed. Try again, or send it as text.") from error

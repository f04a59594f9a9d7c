"""From a request to a plan, stage by stage."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.core.content.analyse import analysed_html, analysed_text
from service.core.content.chunk import text_chunks
from service.core.content.fragment import fragments
from service.core.content.markdown import html_from_markdown
from service.core.content.markup import shows_anything
from service.core.content.plan import Plan
from service.core.content.sanitise import check_size, sanitised
from service.core.content.stage import Stage, StageTimer
from service.core.errors import ChunkingFailed, EmptyContent, ProcessingFailed, StreamingError
from service.core.limits import Limits
from service.core.messages import ContentType, StreamRequest

_NATIVE_PANIC = "PanicException"
"""What a bug in a Rust library raises: not an ``Exception``, and of a class that cannot be imported."""


def prepare(request: StreamRequest, limits: Limits, timer: StageTimer) -> Plan:
    """The plan for a request: joined, its chunks are the text as sent, or the sanitised HTML.

    Only the stages that the content type needs are run and timed. Raises ``EmptyContent``, ``PreparedTooLarge``,
    ``ChunkingFailed``, ``ProcessingFailed``; whatever fails, no HTML comes out that was not sanitised.
    """
    content = request.content
    if not content or content.isspace():
        raise EmptyContent("The content is empty. Send something to stream.")
    if request.content_type is ContentType.TEXT:
        with _stage(Stage.ANALYSE, timer):
            analysis = analysed_text(content)
        with _stage(Stage.CHUNK, timer):
            chunks = text_chunks(content, request.chunk_by, limits.max_chunk_characters)
    else:
        html = _safe_html(request, limits.max_prepared_characters, timer)
        with _stage(Stage.ANALYSE, timer):
            analysis = analysed_html(html)
        with _stage(Stage.CHUNK, timer):
            chunks = fragments(html, request.chunk_by, limits.max_chunk_characters)
    return Plan(
        chunks=chunks,
        complexity=analysis.complexity,
        word_count=analysis.word_count,
        has_html=analysis.tag_count > 0,
        speed=analysis.speed(request.speed),
        max_chunk_characters=limits.max_chunk_characters,
    )


def _safe_html(request: StreamRequest, max_characters: int, timer: StageTimer) -> str:
    html = request.content
    if request.content_type is ContentType.MARKDOWN:
        with _stage(Stage.CONVERT, timer):
            html = html_from_markdown(html)
            check_size(html, max_characters)
    with _stage(Stage.SANITISE, timer):
        html = sanitised(html, max_characters)
        if not shows_anything(html):
            raise EmptyContent("Nothing is left to show of the content once it is made safe. Send some text.")
    return html


@contextmanager
def _stage(stage: Stage, timer: StageTimer) -> Iterator[None]:
    """Time a stage, and turn what it did not foresee into an error that a client may be told of."""
    try:
        with timer(stage):
            yield
    except StreamingError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _NATIVE_PANIC:
            raise
        if stage is Stage.CHUNK:
            raise ChunkingFailed("The content could not be cut into chunks. Try again, or send it as text.") from error
        raise ProcessingFailed("The content could not be processed. Try again, or send it as text.") from error
